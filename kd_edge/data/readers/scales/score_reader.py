"""Reads a score cell as a class of an item's scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from kd_edge.data.readers.scales.dates import is_date
from kd_edge.data.scale import Scale, plain_number
from kd_edge_runtime.tables.score_cells import ScoreCell, read_score

_SHOWN = 20


def quoted(cell: str) -> str:
    """Show a bad score's cell, unless it is so long that it may be a response."""
    return repr(cell) if len(cell) <= _SHOWN else f"a value of {len(cell)} characters"


@dataclass(frozen=True)
class ScoreReader:
    """Reads the score cells of one item.

    Attributes:
        scale: the item's scale.
        guessed: whether the scale was taken from the data.
        out_of: the maximum that every score has to be written with, or None.
    """

    scale: Scale
    guessed: bool
    out_of: float | None = None

    def read(self, cell: str) -> int:
        """Find a score's index in `scale.classes`.

        Args:
            cell: a score as the file has it, not blank.

        Raises:
            ValueError: it is none of them; its text is meant for the user.
        """
        known = self._known.get(cell)
        if known is None:
            known = self._known[cell] = self._number(cell) if self._places else self._word(cell)
        return known

    @cached_property
    def _known(self) -> dict[str, int]:
        """Cells read so far: most are the same few."""
        return {}

    @cached_property
    def _places(self) -> dict[float, int]:
        """Points → class, of a numeric scale."""
        if not self.scale.numeric:
            return {}
        return {value: at for at, value in enumerate(self.scale.values)} or {float("nan"): 0}

    def _word(self, cell: str) -> int:
        names = [same_class(name) for name in self.scale.classes]
        if same_class(cell) in names:
            return names.index(same_class(cell))
        other = " (--classes names others)" if self.guessed else ""
        raise ValueError(f"{quoted(cell)} is not one of the classes: {self.scale}{other}")

    def _number(self, cell: str) -> int:
        score = read_score(cell)
        if score is None:
            raise ValueError(f"{quoted(cell)} {_no_number(cell)}")
        self._check_maximum(cell, score)
        at = self._places.get(score.points)
        if at is not None:
            return at
        values = self.scale.values
        if values and min(values) < score.points < max(values):
            raise ValueError(f"{quoted(cell)} is not one of the scores {self.scale}")
        if not self.guessed:
            raise ValueError(f"{quoted(cell)} is outside the score range {self.scale}")
        raise ValueError(
            f"{quoted(cell)} is outside {self.scale}, the range of the item's scores "
            "(--score-range LOW-HIGH says otherwise)"
        )

    def _check_maximum(self, cell: str, score: ScoreCell) -> None:
        if self.guessed:
            if score.out_of != self.out_of:
                other = "out of " + plain_number(self.out_of) if self.out_of else "just a number"
                raise ValueError(
                    f"{quoted(cell)} is not written as the other scores, which are {other}"
                )
        elif score.out_of is not None and score.out_of != max(self.scale.values):
            raise ValueError(
                f"{quoted(cell)} is out of {plain_number(score.out_of)}, and the scale ends at "
                f"{plain_number(max(self.scale.values))}"
            )


def _no_number(cell: str) -> str:
    if is_date(cell):
        return (
            "is a date that a spreadsheet made of a score like 1-2 or 1/2: write the score again, "
            "in a column formatted as text"
        )
    if cell.count(",") == 1 and cell.replace(",", "").isdigit():
        return "is a thousand to some and one to others: write it without the comma"
    if cell.lstrip("+-").isdigit():
        return "is too large for a score"
    return "is not a number (--missing TEXT leaves out rows with such a text for a score)"


def same_class(cell: str) -> str:
    """What makes two cells the same class: "2" is "2.0", "Correct" is "correct"."""
    score = read_score(cell)
    return cell.casefold() if score is None else repr(score)
