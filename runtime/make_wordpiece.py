"""Writes `kd_edge_runtime/text/_wordpiece_tables.py`, the tables of BERT's own text rules.

    python runtime/make_wordpiece.py

They are those of the `tokenizers` package, asked code point by code point: its Unicode tables are
of several ages, and none are Python's. FORMAT.md, section 6, says what they mean;
`tests/runtime/text/test_wordpiece.py` compares.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import normalizers, pre_tokenizers

from make_rules2 import quoted

TABLES = Path(__file__).parent / "kd_edge_runtime/text/_wordpiece_tables.py"
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)

# Marks that the package keeps although they combine: one of a low class, one of a high class.
_LOW, _HIGH = "\u1b44", "\u08d4"


def _normalizer(**switches: bool) -> normalizers.Normalizer:
    names = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    return normalizers.BertNormalizer(**{**dict.fromkeys(names, False), **switches})


_CLEAN = _normalizer(clean_text=True).normalize_str
_HAN = _normalizer(handle_chinese_chars=True).normalize_str
_STRIP = _normalizer(strip_accents=True).normalize_str
_FOLD = _normalizer(strip_accents=True, lowercase=True).normalize_str
_WORDS = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def kind(code: int) -> str:
    """The class of a code point."""
    char = chr(code)
    clean = _CLEAN(char)
    if not clean:
        return "d"
    if clean == " ":
        return "s"
    if len(_HAN(char)) > 1:
        return "h"
    if not _STRIP(char):
        # A mark of class 0 parts the marks that are put in order around it.
        return "b" if _STRIP("a" + _HIGH + char + _LOW) == "a" + _HIGH + _LOW else "m"
    return "p" if len(_WORDS(f"a{char}a")) > 1 else "l"


def folded() -> dict[int, str]:
    """What is read in place of a code point: without marks, in small letters."""
    kept = [code for code in CODES if code not in HANGUL and kind(code) not in "dsbm"]
    return {code: read for code in kept if (read := _FOLD(chr(code))) != chr(code)}


def combining() -> dict[int, int]:
    """Marks that are kept, and yet put in order: their classes."""
    marks = {}
    for code in CODES:
        char = chr(code)
        moved = _STRIP(f"a{char}{_LOW}")[1:2] != char or _STRIP(f"a{_HIGH}{char}")[1:2] == char
        if char != _HIGH and moved and _STRIP(char) == char:
            marks[code] = unicodedata.combining(char)
    marks[ord(_HIGH)] = unicodedata.combining(_HIGH)
    assert all(marks.values())
    return dict(sorted(marks.items()))


def runs(single: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """Code points read as one other: first, last, step, how far off."""
    found = []
    codes = sorted(single)
    at = 0
    while at < len(codes):
        first, off = codes[at], single[codes[at]]
        best = (first, 1)
        for step in (1, 2):
            last = first
            while single.get(last + step) == off and (step == 1 or last + 1 not in single):
                last += step
            if last - first >= best[0] - first + step:
                best = (last, step)
        found.append((first, best[0], best[1], off))
        covered = range(first, best[0] + 1, best[1])
        at += 1
        while at < len(codes) and codes[at] in covered:
            at += 1
    return found


def tables() -> str:
    """The module's text."""
    classes: list[tuple[int, str]] = []
    for code in CODES:
        own = kind(code)
        if not classes or classes[-1][1] != own:
            classes.append((code, own))
    read = folded()
    single = {code: ord(text) - code for code, text in read.items() if len(text) == 1}
    spelt = {code: text for code, text in read.items() if len(text) > 1}
    ranges = [
        f"{first:x}{f'-{last:x}/{step}' if first < last else ''}.{off % 0x110000:x}"
        for first, last, step, off in runs(single)
    ]
    package = f"tokenizers {tokenizers.__version__}"
    return f'''"""The tables of BERT's text rules, as the package {package} has them.

`make_wordpiece.py` writes them, FORMAT.md says what they mean. All numbers are hexadecimal.
"""

# Where each class of code points begins: the first code point and the class, a letter.
CLASSES = (
{quoted([f"{code:x}{own}" for code, own in classes])}
)

# Code points that are read as one other: first, last, step (of a run), and what to add, modulo
# 0x110000.
RUNS = (
{quoted(ranges)}
)

# Code points that are read as several: the code point, and what it is read as.
SPELT = (
{quoted([f"{code:x}:" + ",".join(f"{ord(one):x}" for one in text) for code, text in spelt.items()])}
)

# Marks that are kept: the code point, and its canonical combining class.
COMBINING = (
{quoted([f"{code:x}:{order:x}" for code, order in combining().items()])}
)
'''


if __name__ == "__main__":
    TABLES.write_text(tables(), encoding="ascii")
