"""Whether an ONNX graph is one of a student: its operators, its sizes, what a response costs."""

from __future__ import annotations

from math import prod

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.limits import Described, GraphError, allowed
from kd_edge_runtime.graphs.onnx_model import FLOAT, INT64, Info, Model, read_model
from kd_edge_runtime.graphs.onnx_reading import Reading, Value
from kd_edge_runtime.graphs.onnx_shapes import RULES, run_node

if TYPE_CHECKING:
    from collections.abc import Mapping

# The operators of each kind of student. What reads token ids may be a kind of somebody's own that
# runs as one of these (`runs_as`), so that it has all that are known.
_NGRAMS = frozenset(("Add", "Cast", "Gemm", "MatMul", "Mul", "Relu", "Softmax"))
_OPERATORS = {
    "bag": _NGRAMS,
    "pairs": _NGRAMS,
    "rnn": frozenset(RULES),
    "transformer": frozenset(RULES),
    "cross": frozenset(RULES),
}

# Numbers of responses and of tokens for which shapes are computed before a graph is loaded.
# Teachers compare neighbouring tokens, so that of one token nothing is left; a response has the two
# that mark its ends. Whatever comes is looked at again before the graph runs.
_LEAST = (1, 2)
_ONE, _LONGER, _MORE = (1, 3), (1, 6), (2, 3)

# Of sizes that were looked at, so many are kept.
_KEPT = 10_000


class CheckedGraph:
    """An ONNX graph that is one of a student.

    Args:
        model: the graph.
        described: what the manifest says of it.
    """

    def __init__(self, model: Model, described: Described) -> None:
        self._model, self._described = model, described
        self._constants = sum(prod(constant.shape) for constant in model.constants.values())
        self._together: dict[tuple[int, int], int | GraphError] = {}

    @property
    def tokens(self) -> int | None:
        """How many token ids the graph has rows for; None if it does not pick rows by ids alone."""
        tables = [
            self._model.constants[node.inputs[0]]
            for node in self._model.nodes
            if node.operator == "Gather"
            and node.inputs[1:] == ("ids",)
            and node.inputs[0] in self._model.constants
            and not node.attributes.get("axis", 0)
        ]
        return min((table.shape[0] for table in tables), default=None)

    def numbers(self, responses: int, tokens: int = 1) -> int:
        """How many numbers all tensors but constants have together.

        A graph that takes little for most sizes may take much for one: so each is looked at before
        the graph runs.

        Args:
            responses: how many are read at once.
            tokens: of the longest of them; 1 for a bag.

        Raises:
            GraphError: the graph takes too much memory or time for so many, or does not fit them.
        """
        size = responses, tokens
        if size not in self._together:
            if len(self._together) >= _KEPT:
                self._together.clear()
            try:
                self._together[size] = sum(self.sizes(responses, tokens).counts)
            except GraphError as error:
                self._together[size] = error
        found = self._together[size]
        if isinstance(found, GraphError):
            raise found
        return found

    def sizes(self, responses: int, tokens: int) -> Sizes:
        """The sizes of all values; see `numbers`."""
        most = allowed(self._constants, responses, tokens)
        found = Sizes(self._model, self._described, responses, tokens, most.tensor)
        if sum(found.counts) > most.tensors or found.products > most.products:
            raise GraphError("takes too much memory or time")
        return found


def check_onnx(data: bytes, described: Described) -> CheckedGraph:
    """Refuses an ONNX file that is not a graph of a student as described.

    Args:
        data: the file.
        described: what the manifest says of it.

    Raises:
        GraphError: what is wrong.
    """
    model = read_model(data)
    _check_ends(model, described)
    operators = _OPERATORS.get(described.student, frozenset())
    for node in model.nodes:
        if node.operator not in operators:
            raise GraphError(
                f"has an operator that small models of kind '{described.student}' do not have: "
                f"{node.operator}"
            )
    graph = CheckedGraph(model, described)
    graph.sizes(*_LEAST)
    one, longer, more = (graph.sizes(*size) for size in (_ONE, _LONGER, _MORE))
    for first, second, third in zip(one.counts, longer.counts, more.counts):
        if first and (second > 4 * first or third > 2 * first):
            raise GraphError("takes memory that grows out of all proportion to a response")
    if longer.products > 4 * one.products:
        raise GraphError("takes time that grows out of all proportion to a response")
    return graph


def _check_ends(model: Model, described: Described) -> None:
    """Refuses inputs and outputs that are not those of the student's kind."""
    if described.widths:
        wanted: Mapping[str, Info] = {
            name: Info(FLOAT, (0, width)) for name, width in described.widths.items()
        }
    else:
        wanted = {name: Info(INT64, (0, 0)) for name in ("ids", "mask")}
    if model.inputs != wanted:
        raise GraphError("does not match the manifest: it has other inputs")
    if model.outputs != {"probabilities": Info(FLOAT, (0, described.classes))}:
        raise GraphError("does not match the manifest: it has other outputs")


class Sizes:
    """The sizes of all values.

    Args:
        model: the graph.
        described: what the manifest says of it.
        responses: how many are read at once.
        tokens: of the longest of them.
        most: numbers that a value may have.

    Attributes:
        counts: how many numbers each output of each node has.
        products: multiplications, of all nodes.
    """

    def __init__(
        self, model: Model, described: Described, responses: int, tokens: int, most: int
    ) -> None:
        widths = described.widths
        values = {
            name: Value((responses, widths.get(name, tokens)), None, info.kind)
            for name, info in model.inputs.items()
        }
        for name, constant in model.constants.items():
            _add(values, name, Value(constant.shape, constant.ints, constant.kind))
        self.counts: list[int] = []
        self.products = 0
        for node in model.nodes:
            if any(name and name not in values for name in node.inputs):
                raise GraphError("reads a value that is not there")
            reading = Reading(node, [values[name] if name else None for name in node.inputs])
            for name, result in zip(node.outputs, run_node(reading)):
                count = prod(result.shape)
                if count > most:
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
