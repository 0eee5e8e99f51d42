"""From a response to its words: the text rules, frozen as number 1.

A bundle names the rules it was trained with, so these may never change; new rules
get a new number. They use no Unicode table of Python's, so that every Python, and a
port to C or JavaScript, reads the same words. FORMAT.md states them in full.
"""

from __future__ import annotations

from functools import cache

TEXT_RULES = 1

# The markup rules (`text.markup`, imported where an item has rich text), and what is added to the
# number of its text rules then, so that a reader without markup rules refuses the item.
MARKUP_RULES = 1
AFTER_MARKUP = 100

# Marks that writers leave out as often as not: "don't" and "dont" are one word.
_DELETED = "'`´ʼ‘’‛′\u00ad\ufeff"

# Symbols that carry meaning in science and mathematics: each is a word of its own.
_SYMBOLS = "+*/=<>%"

# What is written with other signs, read as if it were typed on a plain keyboard.
_TYPED = {
    "×": " * ",
    "÷": " / ",
    "⁄": " / ",
    "∕": " / ",
    "→": " > ",
    "←": " < ",
    "≤": " < = ",
    "≥": " > = ",
    "½": " 1 / 2 ",
    "¼": " 1 / 4 ",
    "¾": " 3 / 4 ",
    "⅓": " 1 / 3 ",
    "⅔": " 2 / 3 ",
    "⅛": " 1 / 8 ",
    # Full-width symbols.
    "＋": " + ",
    "＊": " * ",
    "／": " / ",
    "＝": " = ",
    "＜": " < ",
    "＞": " > ",
    "％": " % ",
    # Signs for units that are letters by another number, whichever a keyboard gives.
    "\u00b5": "μ",  # micro
    "\u2126": "ω",  # ohm
    "\u212a": "k",  # kelvin
    "\u212b": "a",  # ångström
}

_DIGITS = (
    "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉",
    "23104567890123456789",
)

# First and last code point of what separates words, beyond ASCII.
_SEPARATORS = (
    (0x80, 0xBF),  # Latin-1 controls and punctuation
    (0x1680, 0x1680),  # the one space that no range below holds
    (0x2000, 0x206F),  # general punctuation and spaces
    (0x2070, 0x2BFF),  # super- and subscripts, currency, arrows, mathematics, symbols
    (0x2E00, 0x2E7F),  # more punctuation
    (0x3000, 0x303F),  # Chinese and Japanese punctuation
    (0xD800, 0xF8FF),  # surrogates and private use
    (0xFE00, 0xFE6F),  # variation selectors, small forms
    (0xFF00, 0xFF0F),  # full-width punctuation (digits and letters are read as plain)
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFF0, 0xFFFF),
    (0x1F000, 0x1FAFF),  # emoji and pictographs
    (0xE0000, 0x10FFFF),  # tags, private use
)

# Scripts written without spaces: each sign is a word.
_SIGNS = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFF))

_COMBINING = (0x300, 0x36F)

_ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyz"


class _Table(dict[int, "int | str | None"]):
    """A `str.translate` table: what each code point is read as, filled in as text asks.

    ASCII, the folded letters and the special signs are there from the start; whatever else
    a text holds is decided once by its range. At most `_KEPT` decisions are kept, so
    that no text can fill a small device's memory.
    """

    _KEPT = 10_000

    def __missing__(self, code: int) -> str:
        read_as = _by_range(code)
        if len(self) < self._KEPT:
            self[code] = read_as
        return read_as


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _by_range(code: int) -> str:
    """What a code point that no table names is read as: itself, unless its range says otherwise."""
    if _COMBINING[0] <= code <= _COMBINING[1]:
        return ""
    if 0xFF10 <= code <= 0xFF5A and not _within(code, _SEPARATORS):
        return chr(code - 0xFEE0).lower()  # full-width letters and digits, now ASCII
    if _within(code, _SEPARATORS):
        return " "
    if _within(code, _SIGNS):
        return f" {chr(code)} "
    return chr(code)


@cache
def _table() -> _Table:
    # Imported and built for the first text beyond `_latin`, not at every start.
    from kd_edge_runtime.text._fold import LETTERS, PLAIN, SPELT_OUT

    table = _Table(dict.fromkeys(range(0xC0), " "))
    table.update(str.maketrans(_ALPHANUMERIC.upper() + _ALPHANUMERIC, 2 * _ALPHANUMERIC))
    table.update((ord(char), f" {char} ") for char in _SYMBOLS)
    table.update(str.maketrans("", "", _DELETED))
    table.update(str.maketrans(LETTERS, PLAIN))
    table.update((ord(char), read_as) for char, read_as in {**SPELT_OUT, **_TYPED}.items())
    table.update(str.maketrans(*_DIGITS))
    return table


# The table's Latin-1 part, byte by byte and so several times quicker: an apostrophe for a
# character that is deleted, and zero for one that is not read as a single ASCII character.
_LATIN = (
    b"                                     \0 '  \0\0   \0"
    b"0123456789  \0\0\0  abcdefghijklmnopqrstuvwxyz     "
    b"'abcdefghijklmnopqrstuvwxyz     "
    b"                                "
    b"             '    23'\0   1  \0\0\0 "
    b"aaaaaa\0ceeeeiiiidnooooo\0ouuuuy\0\0"
    b"aaaaaa\0ceeeeiiiidnooooo\0ouuuuy\0y"
)

# What word processors put in place of typed marks, with a mark of Latin-1 that is read alike.
_TYPOGRAPHIC = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "."}


def _latin(text: str) -> str | None:
    """A text by `_LATIN`; None where it holds what that table does not know."""
    try:
        plain = text.encode("latin-1")
    except UnicodeEncodeError:
        for mark, typed in _TYPOGRAPHIC.items():
            text = text.replace(mark, typed)
        try:
            plain = text.encode("latin-1")
        except UnicodeEncodeError:
            return None
    plain = plain.translate(_LATIN)
    return None if b"\0" in plain else plain.decode()


def words(text: str) -> list[str]:
    """The words of a response, by text rules 1.

    Args:
        text: a response of any length, as it was written.

    Returns:
        Its words in order: runs of letters and digits, small and without accents; and the
        symbols ``+ * / = < > %``, each by itself. Empty if the text has none.

    >>> words("Don't rinse twice: CO₂ rose by 5%!")
    ['dont', 'rinse', 'twice', 'co2', 'rose', 'by', '5', '%']
    """
    # Loops in C in either case. Every space that `split` knows is U+0020 by now.
    plain = _latin(text)
    if plain is None:
        return text.translate(_table()).split()
    if "'" in plain:
        plain = plain.replace("'", "")
    return plain.split()
