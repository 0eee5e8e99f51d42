"""What enough students share: by what a vocabulary keeps out what one of them alone wrote."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kd_edge.data.responses import Row
from kd_edge.stages.record import hash_json
from kd_edge.students.kept_out import NOTHING, KeptOut

LEAST = 3
"""Students, or responses where nobody knows who wrote them, that must share what a bundle keeps."""

_T = TypeVar("_T", bound=Hashable)


@dataclass(frozen=True)
class Sharing:
    """How it is counted who shares a word.

    Attributes:
        writers: who wrote each text; empty where that is not known: then each text counts.
        kept_out: words that never count.
    """

    writers: Sequence[str] = ()
    kept_out: KeptOut = NOTHING

    def __bool__(self) -> bool:
        return bool(self.writers or self.kept_out)

    @property
    def unit(self) -> str:
        """What is counted: "students" or "responses"."""
        return "students" if self.writers else "responses"

    @property
    def sha256(self) -> str:
        """Hash (hex) of what a vocabulary depends on; "" where each text counts and each word."""
        return hash_json([list(self.writers), self.kept_out.sha256]) if self else ""

    def tally(self, found: Iterable[Collection[_T]]) -> Tally[_T]:
        """By how many students, or in how many texts, each thing is.

        Args:
            found: what each text has, without doubles; in the order of `writers`.
        """
        counts: Tally[_T] = Tally()
        if not self.writers:
            for one in found:
                counts.update(one)
            return counts
        by_writer: dict[str, set[_T]] = {}
        for writer, one in zip(self.writers, found, strict=True):
            by_writer.setdefault(writer, set()).update(one)
        for all_of_one in by_writer.values():
            counts.update(all_of_one)
        return counts


def writers_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Who wrote each row; empty where no row says so.

    Names that differ in case or white space alone are one student's, and rows without a name all
    count as one's: it is not known that they are not.
    """
    names = tuple(" ".join((row.student or "").split()).casefold() for row in rows)
    return names if any(names) else ()
