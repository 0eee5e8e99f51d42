"""Writes TFLite graphs tensor by tensor and operator by operator, with LiteRT's own schema.

Without a converter, a file holds exactly what was added, is written in milliseconds, and has the
same bytes each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from kd_edge_export.metadata import PRODUCER, VERSION

SIGNATURE = "serving_default"

_SCHEMA_VERSION = 3
_IDENTIFIER = b"TFL3"
_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
}

# Codes above it do not fit into the field that older interpreters read.
_OLD_CODES = 127

# Required by the schema, since kernels load 16 bytes; Python's flatbuffers does not ensure it.
_ALIGNMENT = 16


class TfliteGraph:
    """A graph to which tensors and operators are added. Tensors are identified by their index."""

    def __init__(self) -> None:
        self._tensors: list[schema.TensorT] = []
        # The first buffer is empty: all tensors that are fed or computed refer to it.
        self._buffers: list[schema.BufferT] = [schema.BufferT()]
        self._operators: list[schema.OperatorT] = []
        self._codes: dict[tuple[int, int], int] = {}

    def rows(self, name: str, width: int) -> int:
        """A tensor that is fed or computed, float32 [N, width], for any number N."""
        return self.variable(name, (-1, width), "float32")

    def variable(
        self, name: str, shape: Sequence[int], dtype: str, scale: Sequence[float] = ()
    ) -> int:
        """A tensor that is fed or computed.

        Args:
            name: its name.
            shape: -1 for a size that may be any.
            dtype: "float32", "int8" or "int32".
            scale: see `constant`.
        """
        tensor = self._tensor(name, [max(size, 1) for size in shape], dtype, scale)
        tensor.shapeSignature = list(shape)
        return len(self._tensors) - 1

    def fixed(self, name: str, shape: tuple[int, ...]) -> int:
        """A tensor that is computed from constants alone, float32."""
        self._tensor(name, shape, "float32")
        return len(self._tensors) - 1

    def constant(self, name: str, array: np.ndarray, scale: Sequence[float] = ()) -> int:
        """A tensor that the graph holds.

        Args:
            name: its name.
            array: float32, int8 or int32.
            scale: the factor of int8 numbers, for each slice along the first axis.
        """
        tensor = self._tensor(name, array.shape, array.dtype.name, scale)
        tensor.buffer = self._buffer(array.tobytes())
        return len(self._tensors) - 1

    def operator(
        self,
        code: int,
        version: int,
        inputs: Sequence[int],
        output: int,
        options_type: int,
        options: Any,
    ) -> None:
        """Adds an operator; operators run in the order in which they were added.

        Args:
            code: one of `schema.BuiltinOperator`.
            version: the lowest that supports this use.
            inputs: the tensors it reads.
            output: the tensor it computes.
            options_type: one of `schema.BuiltinOptions`.
            options: the options.
        """
        self._operators.append(
            _with_fields(
                schema.OperatorT,
                opcodeIndex=self._codes.setdefault((code, version), len(self._codes)),
                inputs=list(inputs),
                outputs=[output],
                builtinOptionsType=options_type,
                builtinOptions=options,
            )
        )

    def to_bytes(
        self, inputs: Sequence[int], outputs: Sequence[int], metadata: Mapping[str, str]
    ) -> bytes:
        """The finished file.

        Args:
            inputs: the tensors that are fed; the signature has their names.
            outputs: the tensors that are read, likewise.
            metadata: texts by name.
        """
        model = _with_fields(
            schema.ModelT,
            version=_SCHEMA_VERSION,
            description=f"{PRODUCER} {VERSION}",
            operatorCodes=[_code(*code) for code in self._codes],
            subgraphs=[
                _with_fields(
                    schema.SubGraphT,
                    name="student",
                    tensors=self._tensors,
                    inputs=list(inputs),
                    outputs=list(outputs),
                    operators=self._operators,
                )
            ],
            signatureDefs=[
                _with_fields(
                    schema.SignatureDefT,
                    signatureKey=SIGNATURE,
                    inputs=self._named(inputs),
                    outputs=self._named(outputs),
                )
            ],
            metadata=[
                _with_fields(schema.MetadataT, name=name, buffer=self._buffer(text.encode("utf-8")))
                for name, text in metadata.items()
            ],
            buffers=self._buffers,
        )
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), _IDENTIFIER)
        return bytes(builder.Output())

    def _tensor(
        self, name: str, shape: Sequence[int], dtype: str, scale: Sequence[float] = ()
    ) -> schema.TensorT:
        tensor = _with_fields(schema.TensorT, name=name, shape=list(shape), type=_TYPES[dtype])
        if scale:
            tensor.quantization = _with_fields(
                schema.QuantizationParametersT, scale=list(scale), zeroPoint=[0] * len(scale)
            )
        self._tensors.append(tensor)
        return tensor

    def _buffer(self, data: bytes) -> int:
        self._buffers.append(_with_fields(_Buffer, data=data))
        return len(self._buffers) - 1

    def _named(self, numbers: Sequence[int]) -> list[schema.TensorMapT]:
        return [
            _with_fields(schema.TensorMapT, name=self._tensors[number].name, tensorIndex=number)
            for number in numbers
        ]


def _code(code: int, version: int) -> schema.OperatorCodeT:
    return _with_fields(
        schema.OperatorCodeT,
        builtinCode=code,
        deprecatedBuiltinCode=min(code, _OLD_CODES),
        version=version,
    )


def _with_fields(kind: type, **fields: Any) -> Any:
    """An object of the schema with fields set one by one: constructors differ between versions."""
    filled = kind()
    for name, value in fields.items():
        setattr(filled, name, value)
    return filled


class _Buffer(schema.BufferT):  # type: ignore[misc]  # the schema has no types
    """A buffer that is aligned as the schema requires."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 - the schema's name
        builder.StartVector(1, len(self.data), _ALIGNMENT)
        builder.head -= len(self.data)
        builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        end: int = schema.BufferEnd(builder)
        return end
