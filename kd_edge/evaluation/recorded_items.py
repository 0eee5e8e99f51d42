"""A bundle's items as `kd-edge watch` needs them: their records, and what they do not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kd_edge.evaluation.record_drift import RecordedScores
from kd_edge_runtime.backends.unknown_ngrams import unknown_ngrams
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.held_out import HeldOut, held_out_of
from kd_edge_runtime.errors import BackendError, InputError
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.word_cache import WordCaches


@dataclass(frozen=True)
class RecordedItem:
    """An item of a bundle.

    Attributes:
        classes: its scores.
        record: how held-out responses were scored; None where the bundle does not say.
        unknown: counts what its student does not know of a response, and all of it; None where
            the record does not have that.
    """

    classes: tuple[str, ...]
    record: HeldOut | None
    unknown: Callable[[str], tuple[int, int]] | None = None


class RecordedItems:
    """The items of a bundle that tables of scores name, each read when it is first met.

    Args:
        path: the bundle; a context manager closes it.
        both: whether its second students were in use.

    Attributes:
        path: see above.
        not_counted: why unknown words are not counted, where they cannot be here.

    Raises:
        BundleError, InputError: it cannot be opened.
    """

    def __init__(self, path: Path, both: bool) -> None:
        self.path = path
        self._both = both
        self._bundle = Bundle(path)
        self._names = frozenset(self._bundle.manifest.item_ids)
        self._caches = WordCaches(len(self._names))
        self._items: dict[str, RecordedItem] = {}
        self.not_counted: list[str] = []

    def __enter__(self) -> RecordedItems:
        return self

    def __exit__(self, *_: object) -> None:
        self._bundle.close()

    def only_item(self, item_column: str | None) -> str | None:
        """The bundle's item, if it has one and the user names no column of items."""
        names = self._bundle.manifest.item_ids
        return names[0] if len(names) == 1 and item_column is None else None

    def item(self, name: str) -> RecordedItem | None:
        """An item; None where the bundle does not have it."""
        if name not in self._names:
            return None
        if name not in self._items:
            self._items[name] = self._read(name)
        return self._items[name]

    def references(self) -> Iterator[tuple[str, RecordedScores]]:
        """The items that were met and have a record."""
        for name, item in self._items.items():
            if item.record is not None:
                yield name, RecordedScores(item.record, item.classes)

    @property
    def count_unknown(self) -> bool:
        """Whether unknown words of a response to an item that was met can be counted."""
        return any(item.unknown for item in self._items.values())

    def refuse_unrecorded(self) -> None:
        """Refuses a bundle that has no record of any item that was met.

        Raises:
            InputError: with what to do.
        """
        if self._items and not any(item.record for item in self._items.values()):
            raise InputError(
                f"{self.path} has no record of how held-out responses were scored: it is of an "
                "earlier version, was exported without --responses, or too few were held out. "
                "Write it anew ('kd-edge run', 'kd-edge export … --responses'), or compare with a "
                "table of scores: --reference test-scores.csv"
            )

    def _read(self, name: str) -> RecordedItem:
        entry = self._bundle.manifest.item(name)
        record = held_out_of(entry, self._both)
        count = None
        if record is not None and record.unknown:
            try:
                count = unknown_ngrams(LoadedItem(self._bundle, entry, self._caches))
            except BackendError as error:
                self.not_counted.append(str(error))
        return RecordedItem(entry.classes, record, count)
