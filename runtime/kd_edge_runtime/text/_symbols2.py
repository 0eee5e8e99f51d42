"""Text rules 2: what each code point of a text is read as, by the tables of the format."""

from __future__ import annotations

import re
from bisect import bisect_right

from kd_edge_runtime.text._fold import LETTERS, PLAIN, SPELT_OUT
from kd_edge_runtime.text._rules2_tables import CLASSES, RUNS, SINGLE, SPELT

# Separators that mean something beside a number or a sign; all others are a semicolon.
CONTEXT = ".,()-–!~"

# Marks for the classes of a cluster; `_join` takes them out again. No symbol is one of them.
# Where a cluster begins unless something joins it; after what joins the next base; where a
# cluster ends; and before a mark that joins whatever it follows.
_BEGIN, _LEAD, _END, _FOLLOW = "\1\2\3\4"
_CLUSTERS = (_BEGIN, _LEAD, _FOLLOW)

# Between words that stand beside each other without a gap.
BOUNDARY = "\5"

# A Burmese consonant that asat closes ends the syllable before it; a dot may stand between.
_CLOSING = re.compile(f"{_END}{_BEGIN}(?=.{_END}(?:{_FOLLOW}\u1037{_END})?{_FOLLOW}\u103a)", re.S)

_SUPERSCRIPT = re.compile("[²³¹⁰ⁱ⁴-ⁿ]+")
_TYPED = str.maketrans("⁰ⁱ¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", "0i123456789+−=()n")

_OVERLAY = "\u0338"
_UNEQUAL = re.compile(f"={_OVERLAY}+")
_OVERLAID = re.compile(f"([+*/=<>^%±¬↑↓\u2200-\u22ff]){_OVERLAY}+")

_LAST = 0x110000


class _Table(dict[int, str]):
    """A `str.translate` table, filled in as text asks; at most `_KEPT` code points are kept."""

    _KEPT = 10_000

    def __init__(self) -> None:
        super().__init__()
        classes = CLASSES.split()
        self._starts = [int(entry[:-1], 16) for entry in classes]
        self._classes = "".join(entry[-1] for entry in classes)
        for entry in RUNS.split():
            ends, _, off = entry.partition(".")
            ends, _, step = ends.partition("/")
            first, last = (int(end, 16) for end in ends.split("-"))
            for code in range(first, last + 1, int(step)):
                self[code] = self.by_class((code + int(off, 16)) % _LAST)
        for entry in SINGLE.split():
            first, far = (int(number, 16) for number in entry.split("."))
            self[first] = self.by_class((first + far) % _LAST)
        for entry in SPELT.split(" ")[:-1]:
            char, _, spelt = entry.partition(":")
            numbers = [int(number, 16) for number in spelt.split(",") if number]
            self[int(char, 16)] = "".join(map(self.by_class, numbers))
        self.update(zip(map(ord, LETTERS), PLAIN))
        self.update((ord(char), spelt) for char, spelt in SPELT_OUT.items())
        self._full = len(self) + self._KEPT

    def __missing__(self, code: int) -> str:
        read_as = self.by_class(code)
        if len(self) < self._full:
            self[code] = read_as
        return read_as

    def by_class(self, code: int) -> str:
        """What a code point is read as that no other table names."""
        char = chr(code)
        of_class = self._classes[bisect_right(self._starts, code) - 1]
        if of_class in "lwo" or char in CONTEXT:
            return char
        if of_class == "h":  # a Hangul syllable, as its two or three parts
            final = (code - 0xAC00) % 28
            begin, vowel = divmod((code - 0xAC00) // 28, 21)
            parts = (0x1100 + begin, 0x1161 + vowel, *([0x11A7 + final] if final else ()))
            return "".join(map(chr, parts))
        if of_class == "b":
            return _BEGIN + char + _END
        if of_class == "p":
            return BOUNDARY + char + _LEAD
        if of_class in "mk":
            return _FOLLOW + char + (_END if of_class == "m" else _LEAD)
        return {"d": "", "s": " ", "n": "\u00a0"}.get(of_class, ";")


_table = _Table()

# The same for Latin-1, byte by byte: an apostrophe for what is deleted, zero for what is not read
# as one character of Latin-1.
_LATIN = bytes(
    39 if not read else ord(read) if len(read) == 1 and read < "\u0100" else 0
    for read in ("\0\0" if chr(code) in "²³¹" else _table[code] for code in range(0x100))
)


def symbols(text: str) -> str:
    """A text as symbols: letters, digits, spaces, signs, `CONTEXT`, semicolons and `BOUNDARY`."""
    try:
        plain = text.encode("latin-1").translate(_LATIN)
    except UnicodeEncodeError:
        plain = b"\0"
    if b"\0" not in plain:
        return plain.decode("latin-1").replace("'", "")
    text = _SUPERSCRIPT.sub(lambda run: "^" + run[0].translate(_TYPED), text)
    found = text.translate(_table)
    if _OVERLAY in found:
        found = _UNEQUAL.sub("≠", found)
        found = _OVERLAID.sub(r"\1¬", found).replace(_OVERLAY, "")
    return _join(found) if any(mark in found for mark in _CLUSTERS) else found


def _join(found: str) -> str:
    """Clusters with `BOUNDARY` around them."""
    if "\u103a" in found:
        found = _CLOSING.sub("", found)
    for joint in (_LEAD + _BEGIN, _LEAD + _FOLLOW, _END + _FOLLOW, _FOLLOW):
        found = found.replace(joint, "")
    for mark in (_BEGIN, _LEAD, _END):
        found = found.replace(mark, BOUNDARY)
    return found
