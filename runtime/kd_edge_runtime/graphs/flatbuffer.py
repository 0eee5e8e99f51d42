"""Reads FlatBuffers within bounds: tables whose fields are known, and not more than is needed."""

from __future__ import annotations

import struct

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.limits import MAX_NAME, GraphError

if TYPE_CHECKING:
    from collections.abc import Sequence

    # Where each field of a table lies, by its name; those left out are missing.
    Places = dict[str, int]

# Tables that are read of one file: many times what a student's has. Tables may be shared, and a
# few bytes could stand for as many as one likes.
_MOST_TABLES = 1000
# The type of numbers by `struct`'s letter, and their bytes.
_BYTES = {"b": 1, "B": 1, "i": 4, "I": 4, "f": 4, "q": 8}

_DAMAGED = "is cut or damaged"


class FlatBuffer:
    """A file.

    Args:
        data: the file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._tables = 0

    def _unpack(self, code: str, at: int) -> tuple[int, ...]:
        if at < 0:
            raise GraphError(_DAMAGED)
        try:
            return struct.unpack_from(f"<{code}", self._data, at)
        except struct.error:
            raise GraphError(_DAMAGED) from None

    def number(self, places: Places, name: str, code: str, default: int = 0) -> int:
        """A number of a table, by `struct`'s letter for its type."""
        return self._unpack(code, places[name])[0] if name in places else default

    def root(self, fields: Sequence[str]) -> Places:
        """The table that the file begins with."""
        return self.table(0, fields)

    def table(self, at: int, fields: Sequence[str]) -> Places:
        """The fields of the table to which an offset points.

        Args:
            at: where the offset lies.
            fields: their names in the schema's order; "" for one that no student's graph has.

        Raises:
            GraphError: the table is damaged or has other fields, or there are too many tables.
        """
        self._tables += 1
        if self._tables > _MOST_TABLES:
            raise GraphError("has more parts than any student's graph")
        at += self._unpack("I", at)[0]
        layout = at - self._unpack("i", at)[0]
        size, table_size = self._unpack("HH", layout)
        if at % 4 or layout % 2 or size < 4 or size % 2 or at + table_size > len(self._data):
            raise GraphError(_DAMAGED)
        places: Places = {}
        for number, place in enumerate(self._unpack(f"{size // 2 - 2}H", layout + 4)):
            if not place:
                continue
            if not 4 <= place < table_size:
                raise GraphError(_DAMAGED)
            if number >= len(fields) or not fields[number]:
                raise GraphError(f"has a part (field {number}) that no student's graph has")
            places[fields[number]] = at + place
        return places

    def tables(self, places: Places, name: str, fields: Sequence[str], most: int) -> list[Places]:
        """The tables of a list; none if it is left out."""
        start, count = self._list(places, name, 4, most)
        return [self.table(start + 4 * one, fields) for one in range(count)]

    def numbers(self, places: Places, name: str, code: str, most: int) -> tuple[int, ...]:
        """The numbers of a list; none if it is left out."""
        start, count = self._list(places, name, _BYTES[code], most)
        return self._unpack(f"{count}{code}", start)

    def block(self, places: Places, name: str) -> tuple[int, int]:
        """Where a list of bytes begins, and how many there are."""
        return self._list(places, name, 1, len(self._data))

    def text(self, places: Places, name: str) -> str:
        """A text, which ends with a zero; "" if it is left out."""
        if name not in places:
            return ""
        start, size = self._list(places, name, 1, MAX_NAME)
        if self._unpack("B", start + size)[0]:
            raise GraphError(_DAMAGED)
        return self.utf8(start, size)

    def utf8(self, start: int, size: int) -> str:
        """Bytes as text."""
        try:
            return bytes(self._data[start : start + size]).decode("utf-8")
        except UnicodeDecodeError:
            raise GraphError("has a name that is no UTF-8") from None

    def _list(self, places: Places, name: str, width: int, most: int) -> tuple[int, int]:
        if name not in places:
            return 0, 0
        at = places[name]
        at += self._unpack("I", at)[0]
        count = self._unpack("I", at)[0]
        if at % 4 or (width == 8 and (at + 4) % 8):
            raise GraphError(_DAMAGED)
        if count > most or at + 4 + count * width > len(self._data):
            raise GraphError("has a list that is longer than any student's, or is cut")
        return at + 4, count
