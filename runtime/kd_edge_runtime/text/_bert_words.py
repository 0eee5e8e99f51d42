"""From a text to its words as BERT's tokenizers cut them, with the tables of the format.

Equal to `BertNormalizer` and `BertPreTokenizer` of the `tokenizers` package, whose Unicode tables
are not Python's: `_wordpiece_tables` has them, so that a device reads what the workshop read.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from kd_edge_runtime.text._wordpiece_tables import CLASSES, COMBINING, RUNS, SPELT

# Where a mark was that parts others; no text has it, as it is half a surrogate pair.
_PARTED = "\ud800"

_LAST = 0x110000


class _Classes:
    """The class of a code point, a letter; see FORMAT.md."""

    def __init__(self) -> None:
        entries = CLASSES.split()
        self._starts = [int(entry[:-1], 16) for entry in entries]
        self._letters = "".join(entry[-1] for entry in entries)

    def __getitem__(self, code: int) -> str:
        return self._letters[bisect_right(self._starts, code) - 1]


class _Table(dict[int, str]):
    """A `str.translate` table, filled in as text asks; at most `_KEPT` code points are kept."""

    _KEPT = 10_000

    def __init__(self, classes: _Classes, fold: dict[int, str] | None, parted: str = "") -> None:
        super().__init__()
        self._classes = classes
        self._fold = fold
        self._parted = parted

    def __missing__(self, code: int) -> str:
        read_as = self._read(code)
        if len(self) < self._KEPT:
            self[code] = read_as
        return read_as

    def _read(self, code: int) -> str:
        own = self._classes[code]
        if own in "ds":
            return " " if own == "s" else ""
        if self._fold is None:
            return f" {chr(code)} " if own in "hp" else chr(code)
        if own in "bm":
            return self._parted if own == "b" else ""
        read = self._fold.get(code) or _syllable(code)
        if own == "h":
            return f" {read} "
        return "".join(f" {one} " if self._classes[ord(one)] == "p" else one for one in read)


def _syllable(code: int) -> str:
    """A Hangul syllable as its two or three parts; any other code point as itself."""
    at = code - 0xAC00
    if not 0 <= at < 11172:
        return chr(code)
    parts = (0x1100 + at // 588, 0x1161 + at // 28 % 21, *([0x11A7 + at % 28] if at % 28 else ()))
    return "".join(map(chr, parts))


def _folded() -> dict[int, str]:
    fold = {}
    for entry in RUNS.split():
        ends, _, off = entry.partition(".")
        ends, _, step = ends.partition("/")
        first, _, last = ends.partition("-")
        for code in range(int(first, 16), int(last or first, 16) + 1, int(step or "1")):
            fold[code] = chr((code + int(off, 16)) % _LAST)
    for entry in SPELT.split():
        spelt, _, read = entry.partition(":")
        fold[int(spelt, 16)] = "".join(chr(int(one, 16)) for one in read.split(","))
    return fold


class BertWords:
    """Cuts texts into words.

    Args:
        uncased: whether marks are removed and letters made small.
    """

    def __init__(self, uncased: bool) -> None:
        classes = _Classes()
        fold = _folded() if uncased else None
        self._uncased = uncased
        self._read = _Table(classes, fold)
        self._parting = _Table(classes, fold, _PARTED)
        entries = (entry.split(":") for entry in COMBINING.split())
        self._order = {chr(int(code, 16)): int(order, 16) for code, order in entries}
        self._marks = re.compile(f"[{''.join(self._order)}]{{2,}}")

    def __call__(self, text: str) -> list[str]:
        """The words of a text without halves of surrogate pairs, in order; none is empty."""
        read = text.translate(self._read)
        if self._uncased and not text.isascii() and self._marks.search(read):
            parted = text.translate(self._parting)
            read = self._marks.sub(self._sorted, parted).replace(_PARTED, "")
        return [word for word in read.split(" ") if word]

    def _sorted(self, marks: re.Match[str]) -> str:
        return "".join(sorted(marks[0], key=self._order.__getitem__))
