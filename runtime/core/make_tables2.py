"""The part of `tables.h` with the tables of text rules 2, and how arrays are written.

What code points are read as comes from the rules' own tables in Python, in the order in which
these take precedence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from kd_edge_runtime.text._fold import LETTERS, PLAIN, SPELT_OUT
from kd_edge_runtime.text._rules2_tables import CLASSES, RUNS, SINGLE, SPELT
from kd_edge_runtime.text._symbols2 import _SUPERSCRIPT, _TYPED, CONTEXT

# The kinds of symbols, and after them what a code point may be but no symbol is.
KINDS = (
    *("LETTER", "DIGIT", "SPACE", "NARROW", "GAP", "CONTEXT", "SIGN", "BASE", "LEADER"),
    *("FOLLOWER", "STACKER", "OVERLAY", "NOTHING", "HANGUL", "SUPER"),
)
_OF_CLASS = dict(
    zip(
        "lsnwxbpmkodh",
        (
            *("LETTER", "SPACE", "NARROW", "SIGN", "GAP", "BASE", "LEADER", "FOLLOWER"),
            *("STACKER", "OVERLAY", "NOTHING", "HANGUL"),
        ),
    )
)
# From here on: a string, whose place in `kd2_strings` is what is left.
STRINGS = 0xE000
_LAST = 0x110000
_PAGE = 64

# In wide ranges: what a code point is read as is that much further on; or a string.
_OFF, _STRING = 1 << 31, 1 << 30

_starts = [int(entry[:-1], 16) for entry in CLASSES.split()]
_classes = [entry[-1] for entry in CLASSES.split()]


def kind(code: int) -> int:
    """The number of the kind of a code point that no table names."""
    name = _OF_CLASS[_classes[bisect_right(_starts, code) - 1]]
    if 0x30 <= code <= 0x39:
        name = "DIGIT"
    elif name == "GAP" and chr(code) in CONTEXT:
        name = "CONTEXT"
    return KINDS.index(name)


def mapped() -> dict[int, list[int]]:
    """The code points that others are read as."""
    found: dict[int, list[int]] = {}
    for entry in RUNS.split():
        ends, _, off = entry.partition(".")
        ends, _, step = ends.partition("/")
        first, last = (int(end, 16) for end in ends.split("-"))
        for code in range(first, last + 1, int(step)):
            found[code] = [(code + int(off, 16)) % _LAST]
    for entry in SINGLE.split():
        first, far = (int(number, 16) for number in entry.split("."))
        found[first] = [(first + far) % _LAST]
    for entry in SPELT.split(" ")[:-1]:
        char, _, spelt = entry.partition(":")
        found[int(char, 16)] = [int(number, 16) for number in spelt.split(",") if number]
    found.update((ord(letter), [ord(plain)]) for letter, plain in zip(LETTERS, PLAIN))
    found.update((ord(letter), [*map(ord, spelt)]) for letter, spelt in SPELT_OUT.items())
    nothing, hangul = KINDS.index("NOTHING"), KINDS.index("HANGUL")
    for code, codes in found.items():
        found[code] = [one for one in codes if kind(one) != nothing]
        assert hangul not in map(kind, codes)
    return found


class Pool:
    """Strings of symbols; the highest bit marks the last one of each."""

    def __init__(self) -> None:
        self.symbols: list[int] = []
        self._places: dict[tuple[int, ...], int] = {}

    def place(self, codes: list[int]) -> int:
        """Where the string of these code points is."""
        symbols = tuple(kind(code) << 24 | code for code in codes)
        if symbols not in self._places:
            self._places[symbols] = len(self.symbols)
            self.symbols += [*symbols[:-1], symbols[-1] | 1 << 31]
        return self._places[symbols]


def numbers(kind: str, name: str, values: Iterable[int], style: str = "{}") -> Iterator[str]:
    """A constant array, in lines of at most 100 characters."""
    texts = [style.format(value) for value in values]
    yield f"static const {kind} {name}[{len(texts)}] = {{"
    line = "   "
    for text in texts:
        if len(line) + len(text) > 98:
            yield line
            line = "   "
        line += f" {text},"
    yield line
    yield "};"
    yield ""


def read_as(code: int, maps: dict[int, list[int]], pool: Pool) -> int:
    """The number for what a code point is read as: its kind, a code point, or a string."""
    if _SUPERSCRIPT.match(chr(code)):
        return KINDS.index("SUPER")
    if code not in maps:
        return kind(code)
    codes = maps[code]
    if not codes:
        return KINDS.index("NOTHING")
    only = codes[0]
    letter = kind(only) == KINDS.index("LETTER") and only < STRINGS
    if len(codes) == 1 and (0x20 <= only < 0x80 or letter):
        return only
    return STRINGS + pool.place(codes)


def plain(read: int, code: int) -> int:
    """What a code point of ASCII is in a word of letters: a letter, a digit, or nothing."""
    code = read if read >= len(KINDS) else code
    return code if kind(code) in (KINDS.index("LETTER"), KINDS.index("DIGIT")) else 0


def wide_ranges(maps: dict[int, list[int]], pool: Pool) -> list[tuple[int, int]]:
    """Where ranges of code points of more than 16 bits begin, and what is done with them."""
    ranges: list[tuple[int, int]] = []
    for code in range(0x10000, _LAST):
        wide = read_as(code, maps, pool)
        if wide >= STRINGS:
            wide = _STRING | (wide - STRINGS)
        elif wide >= len(KINDS):
            wide = _OFF | (wide - code) & 0xFFFFFF
        if not ranges or ranges[-1][1] != wide:
            ranges.append((code, wide))
    return ranges


def lines() -> Iterator[str]:
    """The lines of the tables."""
    maps, pool = mapped(), Pool()
    yield "/* Text rules 2: kinds of symbols, then what is none; see text2.h. */"
    yield "enum {"
    yield from (f"    KD2_{name}," for name in KINDS)
    yield "    KD2_KINDS"
    yield "};"
    yield f"#define KD2_STRINGS 0x{STRINGS:X}"
    yield ""
    yield from numbers("uint8_t", "kd2_ascii", [kind(code) for code in range(128)])
    by_code = [read_as(code, maps, pool) for code in range(0x10000)]
    yield "/* Letters and digits of ASCII as words have them; zero for all other bytes. */"
    letters = [plain(by_code[code], code) for code in range(128)]
    yield from numbers("uint8_t", "kd2_plain", [*letters, *[0] * 128])
    pages: dict[tuple[int, ...], int] = {}
    page_of = [
        pages.setdefault(tuple(by_code[at : at + _PAGE]), len(pages))
        for at in range(0, 0x10000, _PAGE)
    ]
    assert len(pages) <= 256
    assert max(by_code) < 0x10000
    yield from numbers("uint8_t", "kd2_page_of", page_of)
    yield from numbers("uint16_t", "kd2_pages", [code for page in pages for code in page])
    ranges = wide_ranges(maps, pool)
    yield "/* Where ranges of wider code points begin, and what is done with them. */"
    yield from numbers("uint32_t", "kd2_range_from", [first for first, _ in ranges], "0x{:X}")
    yield from numbers("uint32_t", "kd2_range_read", [read for _, read in ranges], "0x{:X}")
    yield from numbers("uint32_t", "kd2_strings", pool.symbols, "0x{:X}")
    shown = [ord(chr(0x2070 + at).translate(_TYPED)) for at in range(16)]
    yield "/* What superscripts from U+2070 on show. */"
    yield from numbers("uint16_t", "kd2_shown", shown)
