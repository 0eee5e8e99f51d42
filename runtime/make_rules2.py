"""Writes `kd_edge_runtime/text/_rules2_tables.py`, the tables of text rules 2.

    python runtime/make_rules2.py

They come from Unicode 14.0, that of Python 3.11, and are frozen since (FORMAT.md, section 3): run
this to see where they come from; `tests/runtime/text/test_rules2.py` compares.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from kd_edge_runtime.text._fold import LETTERS, PLAIN, SPELT_OUT

TABLES = Path(__file__).parent / "kd_edge_runtime/text/_rules2_tables.py"
UNICODE = "14.0.0"
LAST = 0x10FFFF

# Optional marks that join no words and part none: apostrophes, soft hyphens, and the marks that
# Armenian writes within a word.
DELETED = {
    *map(ord, "'`´ʼʻ‘’‛′\u00ad\ufeff＇"),
    *(0x55A, 0x55B, 0x55C, 0x55E),  # Armenian
    *(0x5F3, 0x5F4, 0x640),  # geresh, gershayim, tatweel
    *(0x17B4, 0x17B5),  # Khmer vowels that nobody sees
}
# Ranges in which a combining mark (Mn, Me) is a matter of taste.
OPTIONAL_MARKS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),  # Cyrillic
    (0x0591, 0x05C7),  # Hebrew
    (0x0610, 0x06ED),  # Arabic
    (0x0711, 0x074A),  # Syriac
    (0x0898, 0x08FF),  # Arabic
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0x2DE0, 0x2DFF),
    (0x302A, 0x302F),
    (0xA66F, 0xA67D),
    (0xFB1E, 0xFB1E),
    (0xFE00, 0xFE2F),
    (0xE0100, 0xE01EF),
)

# Scripts without spaces: a cluster of a base and its marks is a word.
CLUSTERS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FD5),  # radicals
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303C),
    (0x3040, 0x312F),  # kana, bopomofo
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Burmese
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),
)
LEADING = {*range(0xE40, 0xE45), *range(0xEC0, 0xEC5)}  # vowels written before their consonant
FOLLOWING = {0xE30, 0xE32, 0xE33, 0xE45, 0xEB0, 0xEB2, 0xEB3, 0xEBD}  # vowels that are letters
STACKING = {0x1039, 0x17D2}  # virama and coeng: the next consonant stands below

OVERLAY = 0x338  # what makes a sign its opposite
SPACES = {0xA0, 0x2007, 0x2009, 0x202F}  # that stand between thousands
OWN = {*map(ord, "+*/=<>^%±¬↑↓"), *range(0x2200, 0x2300)}  # signs that are words
TYPED = {
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "÷": "/", "⁄": "/", "∕": "/",
    "→": ">", "⟶": ">", "⇒": ">", "⟹": ">", "←": "<", "⟵": "<", "⇐": "<",
    "≤": "<=", "≥": ">=", "≦": "<=", "≧": ">=", "⩽": "<=", "⩾": ">=",
    "∼": "≈", "≃": "≈", "≅": "≈", "≒": "≈", "∓": "±", "∛": "√", "∜": "√", "∆": "δ",
    "∶": ":", "∖": ":", "∘": ":", "⋯": ":", "⋮": ":", "⋰": ":", "⋱": ":",
    "℃": " c ", "℉": " f ", "µ": "μ", "Ω": "ω", "K": "k", "Å": "a", "ª": "a", "º": "o",
    "﹣": "-", "٫": ".", "٬": "\u00a0", "\u066a": "%",
    "₊": "+", "₋": "−", "₌": "=", "₍": "(", "₎": ")", "ﬀ": "ff",
    "‐": "–", "‑": "–", "‒": "–", "–": "–",
}  # fmt: skip
# Code points whose compatibility decomposition is what a writer means.
COMPATIBLE = (
    (0x00BC, 0x00BE),
    (0x2080, 0x2089),
    (0x2090, 0x209C),
    (0x2100, 0x214F),
    (0x2150, 0x217F),
    (0x2460, 0x2473),
    (0x3371, 0x33DF),
    (0xFB00, 0xFB17),
    (0xFF01, 0xFFDC),
    (0x1D400, 0x1D7FF),
)
ARABIC = ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC))
ARABIC_FORMS = {
    "\u0671": "\u0627",  # alef wasla
    "\u0649": "\u064a", "\u06cc": "\u064a",  # alef maksura and Farsi yeh: yeh
    "\u0629": "\u0647", "\u06c1": "\u0647", "\u06c3": "\u0647",  # teh marbuta, heh goal: heh
    "\u06a9": "\u0643",  # keheh: kaf
}  # fmt: skip
HEBREW_FINALS = dict(zip("ךםןףץ", "כמנפצ", strict=True))
FOLD = {**dict(zip(LETTERS, PLAIN, strict=True)), **SPELT_OUT}


def within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    """Whether a code point is in one of the ranges."""
    return any(first <= code <= last for first, last in ranges)


def kind(code: int) -> str:  # noqa: C901 - a list of cases
    """The class of a code point that stands for itself; "" if it is unassigned."""
    category = unicodedata.category(chr(code))
    optional = category in ("Mn", "Me") and within(code, OPTIONAL_MARKS)
    if code in DELETED or (optional and code != OVERLAY):
        return "d"
    if 0xE0000 <= code <= 0xE007F or (category == "Cf" and code != 0x200B):
        return "d"
    if code in SPACES:
        return "n"
    if code == OVERLAY:
        return "o"
    if code in OWN:
        return "w"
    if category in ("Zs", "Zl", "Zp", "Cc") or code == 0x200B:
        return "s"
    if 0xAC00 <= code <= 0xD7A3:
        return "h"
    if 0x20000 <= code <= 0x3FFFF:
        return "b"
    if code >= 0xE0000:
        return "x"
    if category == "Cn":
        return ""
    if (within(code, CLUSTERS) and category[0] in "LMN") or 0x104C <= code <= 0x104F:
        if code in LEADING:
            return "p"
        if code in STACKING:
            return "k"
        return "m" if category[0] == "M" or code in FOLLOWING else "b"
    circled = category == "No" and 0x2070 <= code < 0x2E80
    return "x" if category[0] in "PSC" or circled else "l"


def typed(char: str) -> str:  # noqa: C901 - a list of cases
    """What a code point is read as, in code points that stand for themselves."""
    code = ord(char)
    category = unicodedata.category(char)
    if char in TYPED:
        return TYPED[char]
    if kind(code) in ("d", "h"):
        return char
    if char in FOLD:
        return FOLD[char]
    if category == "Nd":
        return str(unicodedata.digit(char))
    if within(code, ARABIC) and category[0] == "L":
        apart = [one for one in unicodedata.normalize("NFKD", char) if kind(ord(one)) != "d"]
        return "".join(ARABIC_FORMS.get(one, one) for one in apart).strip(" ") or "'"
    if char in HEBREW_FINALS:
        return HEBREW_FINALS[char]
    if 0x10A0 <= code <= 0x10C5:
        return chr(code + 0x30)  # Georgian capitals
    if 0x2D00 <= code <= 0x2D25:
        return chr(code - 0x2D00 + 0x10D0)
    apart = unicodedata.normalize("NFKD" if within(code, COMPATIBLE) else "NFD", char)
    squared = 0x3371 <= code <= 0x33DF and all(one.isalnum() or one in "⁄∕μ" for one in apart)
    if 0xF900 <= code <= 0xFAFF or code >= 0x20000 or (category in ("So", "Sk") and not squared):
        return char
    if kind(code) in ("s", "n") or (kind(code) == "x" and not within(code, COMPATIBLE)):
        return char
    if category == "No" and within(code, COMPATIBLE):
        return f" {apart.replace('⁄', '/')} " if code not in range(0x2080, 0x208A) else apart
    if apart != char:
        read = "".join(map(typed, apart)).replace("'", "")
        return f" {read} " if squared else read or "'"
    small = char.lower()
    if small != char and len(small) == 1 and category[0] == "L":
        return typed(small)
    if char == "\u0587":
        return "\u0565\u0582"
    return char


def classes() -> list[tuple[int, str]]:
    """Where each class begins. An unassigned code point is like the letter or sign before it."""
    found: list[tuple[int, str]] = []
    before = "s"
    for code in range(LAST + 1):
        own = kind(code) or before
        before = own if own in "lxb" else "l" if own in "dwnso" else before
        if not found or found[-1][1] != own:
            found.append((code, own))
    return found


Runs = list[tuple[int, int, int, int]]


def read_otherwise() -> tuple[Runs, dict[int, str]]:
    """Code points read as one other, in runs of (first, last, step, how far off); and the rest."""
    single: dict[int, int] = {}
    spelt: dict[int, str] = {}
    for code in range(LAST + 1):
        char = chr(code)
        read = typed(char)
        if char in FOLD or code in (0xB2, 0xB3, 0xB9) or read == char:
            continue
        if len(read) == 1 and read != "'":
            single[code] = ord(read) - code
        else:
            spelt[code] = read.replace("'", "")
    runs: Runs = []
    codes = sorted(single)
    at = 0
    while at < len(codes):
        first, off = codes[at], single[codes[at]]
        best = (first, first, 1, off)
        for step in (1, 2):
            last = first
            while single.get(last + step) == off and (step == 1 or last + 1 not in single):
                last += step
            if last - first >= best[1] - best[0] + step:
                best = (first, last, step, off)
        runs.append(best)
        covered = set(range(best[0], best[1] + 1, best[2]))
        at += 1
        while at < len(codes) and codes[at] in covered:
            at += 1
    return runs, spelt


def quoted(entries: list[str]) -> str:
    """Entries, with a space after each, as the lines of a string in brackets."""
    lines = [""]
    for entry in entries:
        if len(lines[-1]) + len(entry) > 130:
            lines.append("")
        lines[-1] += entry + " "
    return "\n".join(f'    "{line}"' for line in lines)


def tables() -> str:
    """The module's text."""
    if unicodedata.unidata_version != UNICODE:
        raise SystemExit(f"this Python has Unicode {unicodedata.unidata_version}, not {UNICODE}")
    runs, spelt = read_otherwise()
    singles = [f"{f:x}.{off % 0x110000:x}" for f, last, _, off in runs if f == last]
    longer = [
        f"{f:x}-{last:x}/{step}.{off % 0x110000:x}" for f, last, step, off in runs if f < last
    ]
    return f'''"""The tables of text rules 2, from Unicode {UNICODE}.

`make_rules2.py` writes them, FORMAT.md says what they mean.

Frozen with the rules. All numbers are hexadecimal.
"""

# Where each class of code points begins: the first code point and the class, a letter.
CLASSES = (
{quoted([f"{code:x}{own}" for code, own in classes()])}
)

# Code points that are read as one other: first, last, step and what to add, modulo 0x110000.
RUNS = (
{quoted(longer)}
)

# The same for single ones: the code point, and what to add.
SINGLE = (
{quoted(singles)}
)

# Code points that are read as none or several: the code point, and what each is read as.
SPELT = (
{quoted([f"{code:x}:" + ",".join(f"{ord(one):x}" for one in read) for code, read in spelt.items()])}
)
'''


if __name__ == "__main__":
    TABLES.write_text(tables(), encoding="ascii")
