"""Text rules 2: what numbers, signs and brackets mean beside their neighbours.

Each sign that stands for more than a gap is replaced by a mark of its own; what is left of them
are gaps. All look at the symbols as `symbols` gives them, whatever was replaced before.
"""

from __future__ import annotations

import re

from kd_edge_runtime.text._symbols2 import BOUNDARY, symbols

# Signs that a number or a bracket may follow; signs that are words; what letters are not.
_OPERATORS = r"+*/=<>^√≠≈±"
_SIGNS = r"+*/=<>^%±¬↑↓\u2200-\u22ff"
_NO_LETTERS = rf" \xa0;.,()\1\2\3\5\-–!~{_SIGNS}0-9"
_LETTER = rf"[^{_NO_LETTERS}]"
_ALONE = rf"[a-z](?!{_LETTER})"
_SPACE = r"[ \xa0]"
_APART = r";.,!~–\-"

# Each pattern begins with the sign itself, which is what `re` is quick to look for.

# Brackets that a number or a sign touches, or that stand between spaces.
_OPEN = "\1"
_open = re.compile(
    rf"\((?:(?<=[0-9)%−{_OPERATORS}]\()"
    rf"|(?=[0-9%−{_OPERATORS}]|\.[0-9]|-(?:[0-9.(√]|{_ALONE}))"
    rf"|(?<=[^{_APART}]-\()"
    rf"|(?<={_SPACE}\()(?={_SPACE}))"
).sub
_CLOSE = "\2"
_close = re.compile(
    rf"\)(?:(?<=[0-9%{_OPERATORS}]\))"
    rf"|(?=[0-9%(\1−{_OPERATORS}]|-(?:[0-9.(\1√]|{_ALONE}))"
    rf"|(?<={_SPACE}\))(?={_SPACE}))"
).sub

# Minus: before a number, a root or a bracket; after a sign; between spaces or single letters.
_minus = re.compile(
    rf"-(?:(?=\.?[0-9]|√)"
    rf"|(?=[(\1])(?<![{_APART}]-)"
    rf"|(?<=[{_OPERATORS}]-)(?!>)"
    rf"|(?<={_SPACE}-)(?={_SPACE})"
    rf"|(?={_ALONE})(?:(?<=[ \xa00-9()\1\2]-)|(?<=[a-z]-)(?<!{_LETTER}[a-z]-)))"
).sub
# A dash that stands for one.
_dash = re.compile(rf"–(?:(?<={_SPACE}–)(?={_SPACE})|(?<=[ \xa0(\1{_OPERATORS}]–)(?=\.?[0-9]))").sub
_about = re.compile(r"~(?=\.?[0-9])").sub

# Numbers that are not just digits, or that letters follow.
_BEGIN = rf"(?<=[{_NO_LETTERS}][0-9])(?<![0-9][0-9])"
_marked = re.compile(
    rf"[.0-9](?:(?<=[ \xa0(\1{_OPERATORS}\-−–~]\.)[0-9]|{_BEGIN})(?:[.,\xa0]?[0-9])*"
).sub
_has_mark = re.compile(r"[.,\xa0](?=[0-9])").search
_is_long = re.compile("[0-9](?=[0-9]{40})").search
_cut = re.compile(rf"[0-9]{_BEGIN}[0-9]*(?={_LETTER})").sub
_has_digit = re.compile("[0-9]").search
_pieces = re.compile(r"\.?[0-9](?:[.,\xa0]?[0-9]){0,39}").findall
_parts = re.compile(r"([.,\xa0])").split
_POINT = "\3"

_sign = re.compile(f"[{_SIGNS}]").sub
_ASCII_SIGNS = tuple((sign, f" {sign} ") for sign in "+*/=<>^%")
_GAPS = f";.,!~()-–\u00a0{BOUNDARY}"
_MEANT = ((_OPEN, " ( "), (_CLOSE, " ) "), (_POINT, "."))


def words(text: str) -> list[str]:
    """The words of any text; see `rules2.words`."""
    read = _signs(f" {symbols(text)} ")
    if _has_digit(read):
        read = _numbers(read)
    return _apart(read).split()


def _signs(read: str) -> str:
    """Signs and brackets that are words, as marks that are nothing else."""
    if "!=" in read:
        read = read.replace("!=", "≠")
    if "(" in read:
        read = _open(_OPEN, read)
    if ")" in read:
        read = _close(_CLOSE, read)
    if "-" in read:
        read = _minus("−", read)
    return _dash("−", read) if "–" in read else read


def _numbers(read: str) -> str:
    """Numbers as words of their own."""
    if _has_mark(read) or _is_long(read):
        read = _marked(_number, read)
    read = _cut(r"\g<0> ", read)
    return _about("≈", read) if "~" in read else read


def _apart(read: str) -> str:
    """Words with spaces between them."""
    for gap in _GAPS:
        if gap in read:
            read = read.replace(gap, " ")
    if read.isascii():
        for sign, apart in _ASCII_SIGNS:
            if sign in read:
                read = read.replace(sign, apart)
    else:
        read = _sign(r" \g<0> ", read).replace("−", "-")
    for mark, meant in _MEANT:
        if mark in read:
            read = read.replace(mark, meant)
    return read


def _number(match: re.Match[str]) -> str:
    return " ".join(word for piece in _pieces(match[0]) for word in _plain(piece)).replace(
        ".", _POINT
    )


def _plain(piece: str) -> list[str]:
    """A number as it is written plainly, or its parts where its marks are none of a number."""
    if piece[0] == ".":
        piece = f"0{piece}"
    parts = _parts(piece)
    groups, marks = parts[::2], parts[1::2]
    if not marks:
        return groups
    if len(marks) == 1:
        if marks[0] != "." and _thousands(groups):
            return ["".join(groups)]
        return groups if marks[0] == "\u00a0" else [".".join(groups)]
    if len({*marks}) == 1 and _thousands(groups):
        return ["".join(groups)]
    *whole, last = groups
    if len({*marks[:-1]}) == 1 and marks[-1] not in (marks[0], "\u00a0") and _thousands(whole):
        return [f"{''.join(whole)}.{last}"]
    return groups


def _thousands(groups: list[str]) -> bool:
    first, *rest = groups
    return first[0] != "0" and len(first) <= 3 and all(len(group) == 3 for group in rest)
