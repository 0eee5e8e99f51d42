"""Writes `tables.h` from the runtime's own text rules, so that the core cannot read otherwise.

Run after a change of the rules (released rules never change), and commit what it writes:

    python runtime/core/make_tables.py

`tests/runtime/core/test_tables.py` compares the file with what this script would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import make_tables2
from make_tables2 import numbers

from kd_edge_runtime.text import relation
from kd_edge_runtime.text.rules import _table

HERE = Path(__file__).resolve().parent

# What a code point is read as. ASCII and the pages of `text.h` use the same numbers.
SEPARATES, DELETED, ALONE, ITSELF = range(4)
# From here on: a string, whose place is what is left. These are code points for private use, as
# which no rule reads another.
STRINGS = 0xE000

PAGE = 64
_POLYNOMIAL = 0xEDB88320
# Code points beyond 16 bits are decided by ranges.
_WIDE = range(0x10000, 0x110000)


class Strings:
    """The strings that single code points are read as, each ended by a zero byte."""

    def __init__(self) -> None:
        self.bytes = b""

    def number(self, string: str) -> int:
        """The number that stands for a string."""
        encoded = string.encode() + b"\0"
        at = self.bytes.find(encoded)
        if at < 0:
            at = len(self.bytes)
            self.bytes += encoded
        return STRINGS + at


def read_as(code: int, read: str, strings: Strings) -> int:
    """The number for what a code point is read as."""
    char = chr(code)
    if read == " ":
        return SEPARATES
    if not read:
        return DELETED
    if read == f" {char} ":
        return ALONE
    if read == char:
        return ITSELF
    return ord(read) if len(read) == 1 else strings.number(read)


def crc_tables() -> list[list[int]]:
    """For `crc`: what a byte does to a CRC-32, alone and with one to three zeros after it."""
    first = []
    for code in range(256):
        for _ in range(8):
            code = _POLYNOMIAL ^ code >> 1 if code & 1 else code >> 1
        first.append(code)
    tables = [first]
    for _ in range(3):
        tables.append([first[code & 255] ^ code >> 8 for code in tables[-1]])
    return tables


def lines() -> Iterator[str]:
    """The lines of `tables.h`."""
    table, strings = _table(), Strings()
    by_code = [read_as(code, chr(code).translate(table), strings) for code in range(0x10000)]

    yield "/* Written by make_tables.py from the text rules in Python: do not edit. */"
    yield "#ifndef KD_TABLES_H"
    yield "#define KD_TABLES_H"
    yield "#include <stdint.h>"
    yield ""
    yield "/* What code points are read as: see `read_as` in text.h. */"
    for name, value in zip(("SEPARATES", "DELETED", "ALONE", "ITSELF"), range(4)):
        yield f"#define KD_{name} {value}"
    yield f"#define KD_STRINGS 0x{STRINGS:X}"
    yield ""
    ascii_codes = [code if by_code[code] == ITSELF else by_code[code] for code in range(128)]
    yield "/* The same for bytes; those of other code points are KD_ITSELF, which no other is. */"
    yield from numbers("uint8_t", "kd_bytes", [*ascii_codes, *[ITSELF] * 128])
    pages: dict[tuple[int, ...], int] = {}
    page_of = [
        pages.setdefault(tuple(by_code[at : at + PAGE]), len(pages))
        for at in range(0, 0x10000, PAGE)
    ]
    yield from numbers("uint8_t", "kd_page_of", page_of)
    yield from numbers("uint16_t", "kd_pages", [code for page in pages for code in page])
    ranges: list[list[int]] = []
    for code in _WIDE:
        kind = read_as(code, chr(code).translate(table), strings)
        if not ranges or ranges[-1][1] != kind:
            ranges.append([code, kind])
    yield "/* Where ranges begin, and what their code points are read as. */"
    yield from numbers("uint32_t", "kd_range_from", [first for first, _ in ranges], "0x{:X}")
    yield from numbers("uint8_t", "kd_range_read", [kind for _, kind in ranges])
    yield from numbers("uint8_t", "kd_strings", strings.bytes)
    yield "#ifndef KD_RULES_1"
    yield from make_tables2.lines()
    yield "#endif"
    yield ""
    negations = sorted(relation._NEGATIONS)
    yield "/* The hashes of negations, rising: relation rules 1. */"
    yield from numbers("uint32_t", "kd_negations", negations, "0x{:08X}")
    tables = crc_tables()
    yield "/* CRC-32: what a byte does, and, where four are taken at once, what it does with one to"
    yield "   three bytes after it. */"
    yield from numbers("uint32_t", "kd_crc", tables[0], "0x{:08X}")
    yield "#ifndef KD_SMALL"
    for step in (1, 2, 3):
        yield from numbers("uint32_t", f"kd_crc{step}", tables[step], "0x{:08X}")
    yield "/* The place in kd_crc of the entry with this highest byte: each occurs once. */"
    inverse = [0] * 256
    for place, value in enumerate(tables[0]):
        inverse[value >> 24] = place
    yield from numbers("uint8_t", "kd_crc_place", inverse)
    yield "#endif"
    yield "#endif"


def main() -> None:
    """Writes `tables.h` beside this script."""
    path = HERE / "tables.h"
    path.write_text("\n".join(lines()) + "\n", encoding="ascii", newline="\n")
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
