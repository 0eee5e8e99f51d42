"""The types of the numbers that the nodes of an ONNX graph give; see `onnx_shapes`."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.onnx_model import BOOL, FLOAT, FLOAT16, INT32, INT64, UINT8, Constant

if TYPE_CHECKING:
    from kd_edge_runtime.graphs.onnx_reading import Reading

_ALWAYS = {
    **dict.fromkeys(("Shape",), INT64),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "IsNaN", "Less", "LessOrEqual"), BOOL),
    "MatMulInteger": INT32,
    "com.microsoft.MatMulIntegerToFloat": FLOAT,
}


def is_whole(kind: int) -> bool:
    """Whether numbers of a type are whole; one that is not known may be."""
    return kind not in (FLOAT, FLOAT16)


def kind_of(reading: Reading) -> int:
    """The type for one that is not known."""
    operator = reading.node.operator
    if operator in _ALWAYS:
        return _ALWAYS[operator]
    if operator == "Cast":
        return reading.number("to", 0)
    if operator in ("Constant", "ConstantOfShape"):
        value = reading.node.attributes.get("value")
        return value.kind if isinstance(value, Constant) else FLOAT
    if operator == "QuantizeLinear":
        return reading.value(2).kind if reading.has(2) else UINT8
    # The first that is there; the condition of Where comes before what is chosen.
    place = 1 if operator == "Where" else 0
    return reading.value(place).kind if reading.has(place) else 0
