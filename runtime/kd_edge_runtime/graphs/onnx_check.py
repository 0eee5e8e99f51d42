"""Whether an ONNX graph is one of a student: its operators, its sizes, what a response costs."""

from __future__ import annotations

from math import log2, prod

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.limits import (
    MAX_PRODUCTS,
    MAX_TENSOR,
    MAX_TENSORS,
    TOKENS,
    Described,
    GraphError,
)
from kd_edge_runtime.graphs.onnx_model import FLOAT, INT64, Info, Model, read_model
from kd_edge_runtime.graphs.onnx_reading import Reading, Value
from kd_edge_runtime.graphs.onnx_shapes import RULES, run_node

if TYPE_CHECKING:
    from collections.abc import Mapping

# The operators of each kind of student. What reads token ids may be a kind of somebody's own that
# runs as one of these (`runs_as`), so that it has all that are known.
_OPERATORS = {
    "bag": frozenset(("Add", "Cast", "Gemm", "MatMul", "Mul", "Relu", "Softmax")),
    "rnn": frozenset(RULES),
    "transformer": frozenset(RULES),
}

# Numbers of responses and of tokens for which shapes are computed; what they come to for others
# follows, as sizes are at most quadratic in both together.
_ONE, _LONGER, _MORE = (1, 3), (1, 6), (2, 3)


def check_onnx(data: bytes, described: Described) -> None:
    """Refuses an ONNX file that is not a graph of a student as described.

    Args:
        data: the file.
        described: what the manifest says of it.

    Raises:
        GraphError: what is wrong.
    """
    model = read_model(data)
    _check_ends(model, described)
    allowed = _OPERATORS.get(described.student, frozenset())
    for node in model.nodes:
        if node.operator not in allowed:
            raise GraphError(
                f"has an operator that small models of kind '{described.student}' do not have: "
                f"{node.operator}"
            )
    one, longer, more = (_Sizes(model, described, *size) for size in (_ONE, _LONGER, _MORE))
    total = sum(map(prod, (constant.shape for constant in model.constants.values())))
    for first, second, third in zip(one.counts, longer.counts, more.counts):
        if first and (second > 4 * first or third > 2 * first):
            raise GraphError("takes memory that grows out of all proportion to a response")
        largest = first * (max(second, 1) / max(first, 1)) ** log2(TOKENS / _ONE[1])
        total += int(largest)
        if largest > MAX_TENSOR:
            raise GraphError("takes too much memory")
    times = max(longer.products, 1) / max(one.products, 1)
    products = one.products * times ** log2(TOKENS / _ONE[1])
    if total > MAX_TENSORS or times > 4 or products > MAX_PRODUCTS:
        raise GraphError("takes too much memory or time")


def _check_ends(model: Model, described: Described) -> None:
    """Refuses inputs and outputs that are not those of the student's kind."""
    if described.student == "bag":
        wanted: Mapping[str, Info] = {"counts": Info(FLOAT, (0, described.ngrams))}
    else:
        wanted = {name: Info(INT64, (0, 0)) for name in ("ids", "mask")}
    if model.inputs != wanted:
        raise GraphError("does not match the manifest: it has other inputs")
    if model.outputs != {"probabilities": Info(FLOAT, (0, described.classes))}:
        raise GraphError("does not match the manifest: it has other outputs")


class _Sizes:
    """The sizes of all values for a number of responses and of tokens.

    Attributes:
        counts: how many numbers each output of each node has.
        products: multiplications, of all nodes.
    """

    def __init__(self, model: Model, described: Described, responses: int, tokens: int) -> None:
        width = described.ngrams if described.student == "bag" else tokens
        values = {name: Value((responses, width)) for name in model.inputs}
        for name, constant in model.constants.items():
            _add(values, name, Value(constant.shape, constant.ints))
        self.counts: list[int] = []
        self.products = 0
        for node in model.nodes:
            if any(name and name not in values for name in node.inputs):
                raise GraphError("reads a value that is not there")
            reading = Reading(node, [values[name] if name else None for name in node.inputs])
            for name, result in zip(node.outputs, run_node(reading)):
                count = prod(result.shape)
                if count > MAX_TENSOR:
                    raise GraphError("takes too much memory")
                self.counts.append(count)
                if name:
                    _add(values, name, result)
            self.products += reading.products
        if values.get("probabilities", Value(())).shape != (responses, described.classes):
            raise GraphError("does not match the manifest: it gives other classes")


def _add(values: dict[str, Value], name: str, value: Value) -> None:
    if name in values or not name:
        raise GraphError("has two values of one name")
    values[name] = value
