"""From a response to its words: the text rules, frozen as number 2.

They read mathematics and scripts that rules 1 do not, and nothing of Python's Unicode tables.
FORMAT.md states them in full: each code point is read as symbols (`_symbols`), and what signs,
numbers and marks mean is decided by their neighbours (`_context2`).
"""

from __future__ import annotations

from functools import cache

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Callable

# Most English is read byte by byte. An apostrophe stands for a character that is deleted, zero for
# what takes a second look: digits, signs, brackets, and whatever is not a single ASCII letter.
_LATIN = (
    b"                                     \0 '\0\0\0\0 \1 \0"
    b"\0\0\0\0\0\0\0\0\0\0  \0\0\0  abcdefghijklmnopqrstuvwxyz   \0 "
    b"'abcdefghijklmnopqrstuvwxyz   \0 "
    b"                                "
    b"\0         a \0'   \0\0\0'\0 \0 \0o \0\0\0 "
    b"aaaaaa\0ceeeeiiiidnooooo\0ouuuuy\0\0"
    b"aaaaaa\0ceeeeiiiidnooooo\0ouuuuy\0y"
)

# What word processors put in place of typed marks, with a mark of Latin-1 that is read alike.
_TYPOGRAPHIC = {"’": "'", "‘": "'", "“": '"', "”": '"', "—": ";", "…": ";"}


def words(text: str) -> list[str]:
    """The words of a response, by text rules 2.

    Args:
        text: a response of any length, as it was written.

    Returns:
        Its words in order: runs of letters and digits, small and without accents; numbers; the
        clusters of scripts without spaces; and signs, each by itself. Empty if the text has none.

    >>> words("x = -5, so 2x² ≠ 1,000.5: it isn't well-known.")
    ['x', '=', '-', '5', 'so', '2', 'x', '^', '2', '≠', '1000.5', 'it', 'isnt', 'well', 'known']
    """
    try:
        plain = text.encode("latin-1")
    except UnicodeEncodeError:
        typed = text
        for mark, latin in _TYPOGRAPHIC.items():
            typed = typed.replace(mark, latin)
        try:
            plain = typed.encode("latin-1")
        except UnicodeEncodeError:
            return _second_look()(text)
    plain = plain.translate(_LATIN)
    if b"\0" in plain:
        return _second_look()(text)
    simple = plain.decode()
    if "'" in simple:
        simple = simple.replace("'", "")
    if "\1" in simple:
        if not _joins()(simple):
            return _second_look()(text)
        simple = simple.replace("\1", " ")
    return simple.split()


@cache
def _second_look() -> Callable[[str], list[str]]:
    # Imported for the first text that needs it, not at every start.
    from kd_edge_runtime.text import _context2

    return _context2.words


@cache
def _joins() -> Callable[[str], object]:
    """Whether all hyphens of a text of letters stand within words."""
    import re

    # No hyphen fits both ways: with n that do, a text that fails at its end is tried 2^n times.
    hyphen = "(?:(?<=[a-z][a-z])\1(?=[a-z])|(?<![a-z][a-z])(?<=[a-z])\1(?=[a-z][a-z]))"
    return re.compile(f"[^\1]*(?:{hyphen}[^\1]*)*").fullmatch
