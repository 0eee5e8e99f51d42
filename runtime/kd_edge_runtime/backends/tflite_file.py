"""Reads the frame of a TFLite file: its metadata, which no interpreter shows.

tflite-runtime follows every offset and number in a file blindly, and ends the process where one
leads nowhere; so they are looked at here first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

# Reads what the field at a place of the file holds.
_Kind = Callable[[bytes, int], Any]


def metadata(data: bytes) -> dict[str, str]:
    """The metadata of a TFLite file, by name.

    Raises:
        ValueError: it is no TFLite file, or damaged.
    """
    if data[4:8] != b"TFL3":
        raise ValueError("it is no TFLite file")
    try:
        model = _MODEL(data, 0)
        buffers = model["buffers"]
        for graph in model["graphs"]:
            _check(graph, len(model["codes"]), len(buffers))
        return {
            one["name"]: buffers[one.get("buffer", 0)].get("data", b"").decode("utf-8", "replace")
            for one in model.get("metadata", ())
        }
    except (struct.error, LookupError, UnicodeDecodeError):
        raise ValueError("it is damaged") from None


def _check(graph: dict[str, Any], codes: int, buffers: int) -> None:
    """Refuses numbers of operators, buffers and tensors that are not there."""
    tensors, operators = graph["tensors"], graph["operators"]
    used = [*graph["inputs"], *graph["outputs"]]
    for one in operators:
        # An input that is left out is -1.
        used += [number for number in one["inputs"] if number != -1]
        used += one["outputs"]
    scales = [one.get("scales", {}) for one in tensors]
    if not (
        all(0 <= number < len(tensors) for number in used)
        and all(one.get("code", 0) < codes for one in operators)
        and all(one.get("buffer", 0) < buffers for one in tensors)
        and all(len(one.get("scale", ())) == len(one.get("zero", ())) for one in scales)
    ):
        raise LookupError


def _unpack(code: str, data: bytes, at: int) -> tuple[Any, ...]:
    if at < 0:  # from the end, to struct
        raise LookupError
    return struct.unpack_from("<" + code, data, at)


def _number(data: bytes, at: int) -> int:
    return int(_unpack("I", data, at)[0])


def _vector(code: str) -> _Kind:
    def read(data: bytes, at: int) -> tuple[Any, ...]:
        at += _number(data, at)
        return _unpack(f"{_number(data, at)}{code}", data, at + 4)

    return read


_INTS, _LONGS = _vector("i"), _vector("q")


def _bytes(data: bytes, at: int) -> bytes:
    return bytes(_vector("s")(data, at)[0])


def _text(data: bytes, at: int) -> str:
    text, end = _vector("sB")(data, at)  # readers look for the zero at its end
    if end:
        raise LookupError
    return str(text.decode())


def _all(kind: _Kind) -> _Kind:
    def read(data: bytes, at: int) -> list[Any]:
        at += _number(data, at)
        return [kind(data, at + 4 * one) for one in range(1, _number(data, at) + 1)]

    return read


def _table(**fields: tuple[int, _Kind]) -> _Kind:
    """Fields by name, each with its number in the schema; those that a file omits are left out."""

    def read(data: bytes, at: int) -> dict[str, Any]:
        at += _number(data, at)
        layout = at - _unpack("i", data, at)[0]
        size, whole = _unpack("HH", data, layout)
        _unpack(f"{whole}x", data, at)
        places = _unpack(f"{size // 2}H", data, layout)[2:]
        return {
            name: kind(data, at + places[number])
            for name, (number, kind) in fields.items()
            if number < len(places) and places[number]
        }

    return read


_SCALES = _table(least=(0, _INTS), most=(1, _INTS), scale=(2, _INTS), zero=(3, _LONGS))
_TENSOR = _table(
    shape=(0, _INTS),
    buffer=(2, _number),
    name=(3, _text),
    scales=(4, _SCALES),
    signature=(7, _INTS),
)
_OPERATOR = _table(code=(0, _number), inputs=(1, _INTS), outputs=(2, _INTS), options=(4, _table()))
_GRAPH = _table(
    tensors=(0, _all(_TENSOR)),
    inputs=(1, _INTS),
    outputs=(2, _INTS),
    operators=(3, _all(_OPERATOR)),
    name=(4, _text),
)
_NAMED = _all(_table(name=(0, _text), buffer=(1, _number)))
_MODEL = _table(
    codes=(1, _all(_table(custom=(1, _text)))),
    graphs=(2, _all(_GRAPH)),
    made_by=(3, _text),
    buffers=(4, _all(_table(data=(0, _bytes)))),
    metadata=(6, _NAMED),
    signatures=(7, _all(_table(inputs=(0, _NAMED), outputs=(1, _NAMED), key=(2, _text)))),
)
