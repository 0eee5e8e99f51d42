"""Writes `wasm/packed.h`: the tables of `tables.h` in the few bytes that a page can load.

Run after a change of the rules (released rules never change), and commit what it writes:

    python runtime/core/make_packed.py

`wasm/unpack.h` makes the tables of it again. Code points come in runs that are read alike; what
is said of runs is kept in streams of its own kind, which pack better than one after the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

import make_tables
import make_tables2
from make_tables2 import numbers

from kd_edge_runtime.text.rules import _table

HERE = Path(__file__).resolve().parent

# A kind, the code points that one is read as, or a string of rules 1 by its place.
Read = Union[int, "tuple[int, ...]"]

# Tokens of a run: below RUN a kind, and from there on the same of a run of one code point. The
# others have no length but for MAPPED.
RUN = 64
ONE = 17
MAPPED = 18
STRING = 19  # and its length is added
# Those of rules 1 are its four kinds, and these.
AS_RULES_2 = 4
PLACE = 5

# What stays as it is in tables.h: all else unpack.h makes.
_KEPT = (
    *("kd_bytes", "kd_range_from", "kd_range_read", "kd_strings", "kd2_ascii", "kd2_plain"),
    *("kd2_shown", "kd_negations"),
)


@dataclass
class Streams:
    """What is known of runs: their tokens, lengths, mapped code points and strings."""

    tokens: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    mapped: list[int] = field(default_factory=list)
    strings: list[int] = field(default_factory=list)
    last: int = 0

    def kind(self, kind: int, length: int) -> None:
        """A run of code points of one kind."""
        self.tokens.append(kind + (RUN if length == 1 else 0))
        if length > 1:
            self.lengths += varint(length - 1)

    def map(self, to: int, length: int) -> None:
        """A run of code points, of which the first is read as `to`, the next as the next."""
        far = to - self.last
        self.last = to
        self.mapped += varint(2 * far if far >= 0 else -2 * far - 1)
        self.tokens.append(ONE if length == 1 else MAPPED)
        if length > 1:
            self.lengths += varint(length - 1)

    def string(self, codes: Sequence[int]) -> None:
        """A code point that is read as several."""
        self.tokens.append(STRING + len(codes))
        for code in codes:
            self.strings += varint(code)


def varint(number: int) -> list[int]:
    """A number in sevens of bits, the lowest first; the highest bit says that more come."""
    found = []
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return [*found, number]


def runs(reads: Sequence[Read]) -> Iterator[tuple[int, Read, int]]:
    """Where each run begins, what its first code point is read as, and how long it is."""
    start = 0
    for code in range(1, len(reads) + 1):
        first = reads[start]
        if code < len(reads):
            read = reads[code]
            if isinstance(first, int) and read == first:
                continue
            if isinstance(first, tuple) and len(first) == 1 and read == (first[0] + code - start,):
                continue
        yield start, first, code - start
        start = code


def _rules2() -> list[Read]:
    maps = make_tables2.mapped()
    pool = make_tables2.Pool()
    reads: list[Read] = []
    for code in range(make_tables2._LAST):
        codes = maps.get(code)
        assert not codes or not set(codes) & maps.keys()
        number = make_tables2.read_as(code, {} if codes is None else {code: codes}, pool)
        mapped = codes if number >= len(make_tables2.KINDS) else None
        reads.append(tuple(mapped) if mapped else number)
    return reads


def _rules1(rules2: Sequence[Read]) -> list[Read]:
    table, strings = _table(), make_tables.Strings()
    reads: list[Read] = []
    for code in range(0x10000):
        number = make_tables.read_as(code, chr(code).translate(table), strings)
        if number >= make_tables.STRINGS:
            reads.append(PLACE << 16 | number - make_tables.STRINGS)
        elif number > make_tables.ITSELF:
            reads.append(AS_RULES_2 if rules2[code] == (number,) else (number,))
        else:
            reads.append(number)
    return reads


def _made(rules2: Sequence[Read]) -> tuple[int, int]:
    """How many symbols of strings, and how many ranges of wide code points, unpacking makes."""
    symbols = ranges = 0
    last: object = None
    for code, read in enumerate(rules2):
        now: object = read
        if isinstance(read, tuple):
            letter = make_tables2.kind(read[0]) == 0 and read[0] < make_tables2.STRINGS
            if len(read) == 1 and (letter or 0x20 <= read[0] < 0x80):
                now = ("off", read[0] - code)
            else:
                symbols += len(read)
                now = ("string", symbols)
        if code > 0xFFFF:
            ranges += now != last
            last = now
    return symbols, ranges


def streams_of(reads: Sequence[Read]) -> Streams:
    """The streams of one set of rules."""
    streams = Streams()
    for _, read, length in runs(reads):
        if isinstance(read, tuple):
            if len(read) == 1:
                streams.map(read[0], length)
            else:
                streams.string(read)
        elif read >> 16:
            for _ in range(length):
                streams.tokens.append(read >> 16)
                streams.strings += varint(read & 0xFFFF)
        else:
            streams.kind(read, length)
    return streams


def _kept() -> Iterator[str]:
    """The definitions and arrays of tables.h that stay as they are."""
    inside = False
    for line in make_tables.lines():
        starts = line.startswith("static const") and line.split()[3].partition("[")[0] in _KEPT
        inside = inside or starts or line == "enum {"
        if inside or (line.startswith("#define KD") and line.count(" ") == 2):
            yield line
        inside = inside and line != "};"


def lines() -> Iterator[str]:
    """The lines of `packed.h`."""
    rules2 = _rules2()
    symbols, ranges = _made(rules2)
    yield "/* Written by make_packed.py from the text rules in Python: do not edit. */"
    yield "#ifndef KD_PACKED_H"
    yield "#define KD_PACKED_H"
    yield "#include <stdint.h>"
    yield from _kept()
    kinds = sum(isinstance(read, int) for _, read, _ in runs(rules2))
    yield f"#define KD2_KIND_RUNS {kinds}"
    yield f"#define KD2_SYMBOLS {symbols}"
    yield f"#define KD2_RANGES {ranges}"
    for name in ("RUN", "ONE", "MAPPED", "STRING", "AS_RULES_2", "PLACE"):
        yield f"#define PACKED_{name} {globals()[name]}"
    for number, reads in (("2", rules2), ("1", _rules1(rules2))):
        streams = streams_of(reads)
        for name in ("tokens", "lengths", "mapped", "strings"):
            yield from numbers("uint8_t", f"packed{number}_{name}", getattr(streams, name))
    yield "#endif"


def main() -> None:
    """Writes `packed.h`."""
    path = HERE / "wasm" / "packed.h"
    path.write_text("\n".join(lines()) + "\n", encoding="ascii", newline="\n")
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
