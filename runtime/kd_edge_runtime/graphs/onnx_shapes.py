"""The shapes that the nodes of an ONNX graph give, for inputs of a given shape.

Each rule takes what a node reads and returns what it writes. Whole numbers that follow from
constants and shapes alone are computed, as they are the sizes that others get; sizes that depend
on a response are refused, so that no response can ask for more memory than another as long.
"""

from __future__ import annotations

from math import prod

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.limits import MAX_RANK, GraphError
from kd_edge_runtime.graphs.onnx_kinds import is_whole, kind_of
from kd_edge_runtime.graphs.onnx_moves import MOVES
from kd_edge_runtime.graphs.onnx_reading import FOLLOWED, Reading, Value, broadcast, spread

if TYPE_CHECKING:
    from typing import Callable

    Rule = Callable[[Reading], list[Value]]


def _same(reading: Reading) -> list[Value]:
    """The shape of the first input; its numbers too where they stay as they are."""
    first = reading.value(0)
    kept = first.ints if reading.node.operator in ("Cast", "Identity") else None
    return [Value(first.shape, kept)]


def _along(reading: Reading) -> list[Value]:
    reading.axis(reading.number("axis", -1), len(reading.shape()))
    return [Value(reading.shape())]


_SUMS: dict[str, Callable[[int, int], int]] = {
    "Add": lambda one, other: one + other,
    "Sub": lambda one, other: one - other,
    "Mul": lambda one, other: one * other,
    "Div": lambda one, other: int(one / other) if other and abs(one) < 1 << 50 else 0,
    "Max": max,
    "Min": min,
    "Equal": lambda one, other: int(one == other),
}


def _divides(values: list[Value]) -> bool:
    """Whether a division runs: processors stop at 0, and at the lowest whole number by -1."""
    return len(values) == 2 and (not is_whole(values[0].kind) or min(values[1].ints or (0,)) >= 1)


def _wide(reading: Reading) -> list[Value]:
    """An operator number by number."""
    if reading.node.operator == "Clip":
        return [Value(reading.shape())]
    values = [reading.value(at) for at in range(len(reading.inputs))]
    if reading.node.operator in ("Div", "Mod") and not _divides(values):
        raise reading.wrong()
    shape = broadcast(reading, *(value.shape for value in values))
    known = [value.ints for value in values]
    ints = None
    if reading.node.operator == "Where" and len(values) == 3 and None not in known:
        lists = [spread(one or (), prod(shape)) for one in known]
        if all(lists):
            ints = tuple(a if c else b for c, a, b in zip(*lists))
    elif reading.node.operator in _SUMS and len(values) == 2 and None not in known:
        one, other = (spread(numbers or (), prod(shape)) for numbers in known)
        if one and other:
            ints = tuple(map(_SUMS[reading.node.operator], one, other))
    return [Value(shape, ints)]


def _matmul(reading: Reading) -> list[Value]:
    left, right = reading.shape(0), reading.shape(1)
    if not left or not right:
        raise reading.wrong()
    one = left if len(left) > 1 else (1, *left)
    other = right if len(right) > 1 else (*right, 1)
    if one[-1] != other[-2]:
        raise reading.wrong()
    batch = broadcast(reading, one[:-2] or (1,), other[:-2] or (1,))
    batch = batch if max(len(one), len(other)) > 2 else ()
    rows, columns = one[-2:-1] if len(left) > 1 else (), other[-1:] if len(right) > 1 else ()
    reading.products = prod(batch) * prod(rows) * one[-1] * prod(columns)
    return [Value((*batch, *rows, *columns))]


def _gemm(reading: Reading) -> list[Value]:
    left, right = reading.shape(0), reading.shape(1)
    if len(left) != 2 or len(right) != 2:
        raise reading.wrong()
    rows, inner = left[::-1] if reading.number("transA", 0) else left
    others, columns = right[::-1] if reading.number("transB", 0) else right
    if inner != others:
        raise reading.wrong()
    if reading.has(2) and broadcast(reading, (rows, columns), reading.shape(2)) != (rows, columns):
        raise reading.wrong()
    reading.products = rows * inner * columns
    return [Value((rows, columns))]


def _whole_product(reading: Reading) -> list[Value]:
    """MatMulIntegerToFloat: rows of integers by a weight, its scales, its zeros and a bias."""
    (result,) = _matmul(reading)
    width = result.shape[-1:]
    for at, allowed in ((2, ((), (1,))), (3, ((), (1,), width)), (4, ((), (1,)))):
        if (at < 4 or reading.has(at)) and reading.shape(at) not in allowed:
            raise reading.wrong()
    if reading.has(5) or (reading.has(6) and reading.shape(6) != width):
        raise reading.wrong()
    return [result]


def _whole_sums(reading: Reading) -> list[Value]:
    """MatMulInteger: rows of integers by a weight, with one zero point for each at most."""
    if any(reading.has(at) and reading.shape(at) not in ((), (1,)) for at in (2, 3)):
        raise reading.wrong()
    return _matmul(reading)


def _attention(reading: Reading) -> list[Value]:
    """MultiHeadAttention of queries, keys and values [N, T, D], with a mask [N, T]."""
    shape, heads = reading.shape(0), reading.number("num_heads", 0)
    if len(shape) != 3 or heads < 1 or shape[2] % heads or len(reading.inputs) > 5:
        raise reading.wrong()
    if reading.shape(1) != shape or reading.shape(2) != shape or reading.has(3):
        raise reading.wrong()
    if reading.has(4) and reading.shape(4) != shape[:2]:
        raise reading.wrong()
    reading.products = 2 * shape[0] * shape[1] * shape[1] * shape[2]
    return [Value(shape)]


def _gru(reading: Reading) -> list[Value]:
    values, w, r = reading.shape(0), reading.shape(1), reading.shape(2)
    ways = 2 if reading.node.attributes.get("direction") == "bidirectional" else 1
    hidden = reading.number("hidden_size", 0)
    if len(values) != 3 or len(reading.inputs) > 5 or hidden < 1:
        raise reading.wrong()
    time, batch, width = values
    if w != (ways, 3 * hidden, width) or r != (ways, 3 * hidden, hidden):
        raise reading.wrong()
    if reading.has(3) and reading.shape(3) != (ways, 6 * hidden):
        raise reading.wrong()
    if reading.has(4) and reading.shape(4) != (batch,):
        raise reading.wrong()
    reading.products = time * batch * ways * 3 * hidden * (width + hidden)
    return [Value((time, ways, batch, hidden)), Value((ways, batch, hidden))]


def _norm(reading: Reading) -> list[Value]:
    shape = reading.shape()
    tail = shape[reading.axis(reading.number("axis", -1), len(shape)) :]
    if reading.shape(1) != tail or (reading.has(2) and reading.shape(2) != tail):
        raise reading.wrong()
    return [Value(shape)]


def _quantize(reading: Reading) -> list[Value]:
    scale = reading.shape(1)
    if prod(scale) != 1 or (reading.has(2) and reading.shape(2) != scale):
        raise reading.wrong()
    return [Value(reading.shape())]


def _reduce(reading: Reading) -> list[Value]:
    shape, axes = reading.shape(), reading.numbers("axes", 1)
    if axes is None or not axes:
        if reading.number("noop_with_empty_axes", 0):
            return [Value(shape)]
        axes = tuple(range(len(shape)))
    gone = {reading.axis(axis, len(shape)) for axis in axes}
    if reading.number("keepdims", 1):
        return [Value(tuple(1 if at in gone else size for at, size in enumerate(shape)))]
    return [Value(tuple(size for at, size in enumerate(shape) if at not in gone))]


def _triangle(reading: Reading) -> list[Value]:
    if len(reading.shape()) < 2:
        raise reading.wrong()
    return [Value(reading.shape())]


RULES: dict[str, Rule] = {
    **dict.fromkeys(
        (
            *("Abs", "Cast", "Ceil", "Cos", "Erf", "Exp", "Floor", "Gelu", "Identity", "IsNaN"),
            *("Log", "Neg", "Not", "Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin"),
            *("Softplus", "Sqrt", "Tanh", "com.microsoft.Gelu"),
        ),
        _same,
    ),
    **dict.fromkeys(
        (
            *("Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
            *("Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "Sub", "Sum", "Where", "Xor"),
            "Clip",
        ),
        _wide,
    ),
    **MOVES,
    **dict.fromkeys(("Softmax", "LogSoftmax"), _along),
    "CumSum": lambda reading: [Value(reading.shape())],
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"), _reduce),
    "GRU": _gru,
    "Gemm": _gemm,
    "LayerNormalization": _norm,
    "MatMul": _matmul,
    "MatMulInteger": _whole_sums,
    "QuantizeLinear": _quantize,
    "Trilu": _triangle,
    "com.microsoft.MatMulIntegerToFloat": _whole_product,
    "com.microsoft.MultiHeadAttention": _attention,
}
"""A rule for each operator that students' graphs may have."""


# A mask of one token without its first is nothing, and is put behind another in students' graphs.
_TAKES_NOTHING = frozenset(("Cast", "Concat", "Identity", "Shape", "Slice"))
_GIVES_NOTHING = frozenset(("Cast", "Identity", "Slice"))


def run_node(reading: Reading) -> list[Value]:
    """What a node writes.

    Raises:
        GraphError: it cannot run, or its sizes depend on more than lengths.
    """
    rule = RULES.get(reading.node.operator)
    if rule is None:
        raise GraphError(f"has an operator that no student has: {reading.node.operator}")
    if reading.node.operator not in _TAKES_NOTHING and any(map(_is_nothing, reading.inputs)):
        raise reading.wrong()
    try:
        results = rule(reading)
    except (IndexError, TypeError, OverflowError, MemoryError):
        raise reading.wrong() from None
    if len(reading.node.outputs) > len(results) and reading.node.operator != "Split":
        raise reading.wrong()
    return [_checked(reading, result) for result in results]


def _is_nothing(value: Value | None) -> bool:
    """Whether a tensor that is no list has no numbers: most interpreters' operators stop at it."""
    return value is not None and len(value.shape) > 1 and 0 in value.shape


def _checked(reading: Reading, result: Value) -> Value:
    """A result with the type of its numbers; without them where they are many or large."""
    shape, ints = result.shape, result.ints
    if len(shape) > MAX_RANK or min(shape, default=1) < 0:
        raise reading.wrong()
    if _is_nothing(result) and reading.node.operator not in _GIVES_NOTHING:
        raise reading.wrong()
    if ints is not None and (len(ints) > FOLLOWED or any(abs(one) >> 62 for one in ints)):
        ints = None
    return Value(shape, ints, kind_of(reading))
