"""Reads the structure of a TFLite file: its metadata, which interpreters do not expose.

tflite-runtime follows every offset and index in a file without a check, and crashes the process if
one is invalid; so they are checked here first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

# Reads the value of a field at an offset in the file.
_Kind = Callable[[bytes, int], Any]


def metadata(data: bytes) -> dict[str, str]:
    """The metadata of a TFLite file, by name.

    Raises:
        ValueError: the file is not a TFLite file, or is damaged.
    """
    if data[4:8] != b"TFL3":
        raise ValueError("not a TFLite file")
    try:
        model = _MODEL(data, 0)
        buffers = model["buffers"]
        for graph in model["graphs"]:
            _check(graph, len(model["codes"]), len(buffers))
        return {
            entry["name"]: buffers[entry.get("buffer", 0)]
            .get("data", b"")
            .decode("utf-8", "replace")
            for entry in model.get("metadata", ())
        }
    except (struct.error, LookupError, UnicodeDecodeError):
        raise ValueError("the file is damaged") from None


def _check(graph: dict[str, Any], codes: int, buffers: int) -> None:
    """Refuses indices of operators, buffers and tensors that do not exist."""
    tensors, operators = graph["tensors"], graph["operators"]
    used = [*graph["inputs"], *graph["outputs"]]
    for operator in operators:
        # An omitted input is -1.
        used += [index for index in operator["inputs"] if index != -1]
        used += operator["outputs"]
    scales = [tensor.get("scales", {}) for tensor in tensors]
    if not (
        all(0 <= index < len(tensors) for index in used)
        and all(operator.get("code", 0) < codes for operator in operators)
        and all(tensor.get("buffer", 0) < buffers for tensor in tensors)
        and all(len(scale.get("scale", ())) == len(scale.get("zero", ())) for scale in scales)
    ):
        raise LookupError


def _unpack(code: str, data: bytes, at: int) -> tuple[Any, ...]:
    if at < 0:  # struct would count from the end
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
    text, end = _vector("sB")(data, at)  # readers rely on the zero at the end
    if end:
        raise LookupError
    return str(text.decode())


def _all(kind: _Kind) -> _Kind:
    def read(data: bytes, at: int) -> list[Any]:
        at += _number(data, at)
        return [kind(data, at + 4 * one) for one in range(1, _number(data, at) + 1)]

    return read


def _table(**fields: tuple[int, _Kind]) -> _Kind:
    """Reads fields by name, given their number in the schema; omitted fields are left out."""

    def read(data: bytes, at: int) -> dict[str, Any]:
        at += _number(data, at)
        layout = at - _unpack("i", data, at)[0]
        size, table_size = _unpack("HH", data, layout)
        _unpack(f"{table_size}x", data, at)
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
