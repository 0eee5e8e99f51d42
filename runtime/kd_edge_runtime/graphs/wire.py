"""Reads protobuf's wire format: numbered fields, without a schema."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.limits import MAX_NAME, GraphError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Union

    # A number, or the bytes of a text, a message, or packed numbers.
    Value = Union[int, memoryview]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_DAMAGED = "is cut or damaged"


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise GraphError(_DAMAGED)


def fields(data: memoryview) -> Iterator[tuple[int, int, Value]]:
    """The fields of a message in their order: number, kind on the wire, value.

    Raises:
        GraphError: the message is damaged, or has groups, which no graph has.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        value: Value
        if wire == VARINT:
            value, at = varint(data, at)
        elif wire in (FIXED64, FIXED32, BYTES):
            if wire == BYTES:
                size, at = varint(data, at)
            else:
                size = 8 if wire == FIXED64 else 4
            if size > end - at:
                raise GraphError(_DAMAGED)
            value, at = data[at : at + size], at + size
        else:
            raise GraphError(_DAMAGED)
        yield number, wire, value


class Message:
    """The fields of a message by number.

    Args:
        data: the message.
        what: what it is, for errors.
        single: the fields that may occur once, with their kind on the wire.
        repeated: those that may occur any number of times.
        most: how often each of these may occur.

    Raises:
        GraphError: it is damaged, or has another field.
    """

    def __init__(
        self,
        data: memoryview,
        what: str,
        single: dict[int, int],
        repeated: Collection[int] = (),
        most: int = 64,
    ) -> None:
        self._single: dict[int, Value] = {}
        self._repeated: dict[int, list[Value]] = {number: [] for number in repeated}
        for number, wire, value in fields(data):
            if number in self._repeated:
                values = self._repeated[number]
                values.append(value)
                if len(values) > most:
                    raise GraphError(f"has {what} with more than {most} parts of a kind")
            elif single.get(number) == wire and number not in self._single:
                self._single[number] = value
            else:
                raise GraphError(
                    f"has {what} with a part (field {number}) that no student's graph has"
                )

    def number(self, number: int) -> int:
        """A whole number with a sign; 0 if it is left out."""
        value = self._single.get(number, 0)
        assert isinstance(value, int)
        return signed(value)

    def text(self, number: int) -> str:
        """A text; "" if it is left out."""
        value = self._single.get(number)
        return "" if value is None else as_text(value)

    def has(self, number: int) -> bool:
        """Whether a field that may occur once does."""
        return number in self._single

    def part(self, number: int) -> memoryview:
        """The bytes of a field; none if it is left out."""
        value = self._single.get(number, memoryview(b""))
        assert isinstance(value, memoryview)
        return value

    def parts(self, number: int) -> list[memoryview]:
        """The bytes of a field that may occur often.

        Raises:
            GraphError: one is a number.
        """
        values = self._repeated[number]
        return [value if isinstance(value, memoryview) else _no_bytes() for value in values]

    def texts(self, number: int) -> list[str]:
        """The texts of a field that may occur often."""
        return [as_text(value) for value in self._repeated[number]]

    def numbers(self, number: int, most: int) -> list[int]:
        """The whole numbers of a field that may occur often, packed or not."""
        found: list[int] = []
        for value in self._repeated[number]:
            if isinstance(value, int):
                found.append(signed(value))
                continue
            at = 0
            while at < len(value):
                one, at = varint(value, at)
                found.append(signed(one))
                if len(found) > most:
                    raise GraphError(f"has a list of more than {most} numbers")
        if len(found) > most:
            raise GraphError(f"has a list of more than {most} numbers")
        return found


def _no_bytes() -> memoryview:
    raise GraphError(_DAMAGED)


def signed(value: int) -> int:
    """A 64-bit number with its sign."""
    return value - (1 << 64) if value >> 63 else value


def as_text(value: Value) -> str:
    """A text.

    Raises:
        GraphError: it is no UTF-8, or longer than any name.
    """
    if isinstance(value, int) or len(value) > MAX_NAME:
        raise GraphError("has a name that is none")
    try:
        return bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise GraphError("has a name that is no UTF-8") from None
