"""Replaces groups of nodes that PyTorch's exporter writes by single operators of ONNX Runtime.

At one response a time a transformer's graph spends as long between its matrix products as in
them. ONNX Runtime fuses some of it when it loads a graph, but does not know the exporter's
attention and GELU. The operators are those of `OPERATORS`: all are in ONNX Runtime 1.19, and
compute in floats what the group computes, but for the last bits. A group of another shape stays
as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

DOMAIN = "com.microsoft"
OPERATORS = ("Gelu", "MultiHeadAttention")


def fused(data: bytes) -> bytes:
    """The graph with attention, GELU and the sums before layer norms as one operator each."""
    model = onnx.load_from_string(data)
    graph = Graph(model)
    fusions = (_attention, _gelu, _sum_before_norm)
    changed = [fuse(graph, node) for fuse in fusions for node in list(model.graph.node)]
    if not any(changed):
        return data
    graph.tidy()
    use_domain(model)
    return bytes(model.SerializeToString())


def use_domain(model: onnx.ModelProto) -> None:
    """Names ONNX Runtime's own operators among those that a graph may use."""
    if all(one.domain != DOMAIN for one in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))


class Graph:
    """A graph whose nodes are found by what they write and read."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = model.graph
        self._constants = {one.name: one for one in self._graph.initializer}
        self._outputs = {one.name for one in self._graph.output}
        self._index()

    def _index(self) -> None:
        self.maker = {name: node for node in self._graph.node for name in node.output}
        self._readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self._graph.node:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)

    def sole_reader(self, name: str) -> onnx.NodeProto | None:
        """The node that reads a value, if it is the only one."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._outputs else None

    def up(self, name: str, *path: str | tuple[str, int]) -> onnx.NodeProto | None:
        """Follows a value to the nodes that made it.

        Args:
            name: the value.
            path: the operators, the last first; with the number of the input to follow, if it is
                not the first.

        Returns:
            The first of these nodes; None if others made the value.
        """
        node = None
        for step in path:
            operator, at = (step, 0) if isinstance(step, str) else step
            node = self.maker.get(name)
            if node is None or node.op_type != operator or len(node.input) <= at:
                return None
            name = node.input[at]
        return node

    def array(self, name: str) -> npt.NDArray[Any] | None:
        """A constant."""
        return numpy_helper.to_array(self._constants[name]) if name in self._constants else None

    def number(self, name: str) -> float | None:
        """A constant of one number."""
        array = self.array(name)
        return float(array.reshape(())) if array is not None and array.size == 1 else None

    def replace(self, old: onnx.NodeProto, *new: onnx.NodeProto) -> None:
        """Puts nodes in the place of one."""
        at = list(self._graph.node).index(old)
        del self._graph.node[at]
        for place, node in enumerate(new, at):
            self._graph.node.insert(place, node)
        self._index()

    def remove(self, node: onnx.NodeProto) -> None:
        """Removes a node."""
        self.replace(node)

    def change_inputs(self, node: onnx.NodeProto, names: Sequence[str]) -> None:
        """Lets a node read other values."""
        del node.input[:]
        node.input.extend(names)
        self._index()

    def add_constant(self, name: str, array: npt.NDArray[Any]) -> str:
        """Adds a constant, unless there is one of that name; returns its name."""
        if name not in self._constants:
            self._graph.initializer.append(numpy_helper.from_array(array, name))
            self._constants[name] = self._graph.initializer[-1]
        return name

    def tidy(self) -> None:
        """Removes nodes and constants that nothing reads."""
        used = set(self._outputs)
        kept = []
        for node in reversed(self._graph.node):
            if used.intersection(node.output):
                kept.append(node)
                used.update(node.input)
        constants = [one for one in self._graph.initializer if one.name in used]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(reversed(kept))
        self._graph.initializer.extend(constants)
        self._index()


def _gelu(graph: Graph, node: onnx.NodeProto) -> bool:
    """GELU as the exporter writes it: x * (0.5 * (1 + erf(x / sqrt(2))))."""
    erf = graph.up(node.output[0], ("Mul", 1), ("Mul", 1), "Add", "Erf")
    if erf is None:
        return False
    half, one = (graph.maker[name] for name in (node.input[1], graph.maker[node.input[1]].input[1]))
    scaled = graph.up(erf.input[0], "Div")
    if scaled is None or scaled.input[0] != node.input[0]:
        return False
    numbers = [graph.number(name) for name in (half.input[0], one.input[1], scaled.input[1])]
    if None in numbers or not np.allclose(np.array(numbers, dtype=float), [0.5, 1, 2**0.5]):
        return False
    graph.replace(node, helper.make_node("Gelu", [node.input[0]], node.output, domain=DOMAIN))
    return True


def _sum_before_norm(graph: Graph, node: onnx.NodeProto) -> bool:
    """A product, plus a bias, plus rows, that only a layer norm reads: one sum of three.

    ONNX Runtime would make the sum and the layer norm one operator, whose processor code takes
    four times as long as both.
    """
    if node.op_type != "LayerNormalization":
        return False
    total = graph.up(node.input[0], "Add")
    product = graph.up(node.input[0], "Add", "Add", "MatMul")
    if total is None or product is None:
        return False
    biased = graph.maker[total.input[0]]
    if None in map(graph.sole_reader, (total.output[0], biased.output[0])):
        return False
    parts = [*biased.input, total.input[1]]
    graph.replace(total, helper.make_node("Sum", parts, total.output))
    return True


def _attention(graph: Graph, node: onnx.NodeProto) -> bool:
    """From queries, keys and values [N, T, D] to what each token takes of them [N, T, D]."""
    mixed = graph.up(node.output[0], "Reshape", "Transpose", "MatMul")
    softmax = mixed and graph.up(mixed.input[0], ("Where", 2), "Softmax")
    scores = softmax and graph.up(softmax.input[0], "Add", "MatMul")
    allowed = softmax and graph.up(softmax.input[0], ("Add", 1), "Where")
    queries = scores and graph.up(scores.input[0], "Mul")
    keys = scores and graph.up(scores.input[1], "Mul")
    turned = keys and graph.up(keys.input[0], "Reshape", "Transpose", "Reshape")
    if mixed is None or allowed is None or queries is None or keys is None or turned is None:
        return False
    mask = _padding(graph, allowed)
    names = (queries.input[0], turned.input[0], mixed.input[1])
    heads = [_heads(graph, name) for name in names]
    roots = [graph.number(one.input[1]) for one in (queries, keys)]
    number = heads[0][1]
    if mask is None or not number or {count for _, count in heads} != {number} or None in roots:
        return False
    whole = f"{node.output[0]}.mask"
    attention = helper.make_node(
        "MultiHeadAttention",
        [*(source for source, _ in heads), "", whole],
        node.output,
        domain=DOMAIN,
        num_heads=number,
        scale=float(np.prod(np.array(roots, dtype=float))),
    )
    graph.replace(node, helper.make_node("Cast", [mask], [whole], to=TensorProto.INT32), attention)
    return True


def _padding(graph: Graph, allowed: onnx.NodeProto) -> str | None:
    """The mask [N, T], if it alone says which tokens may be looked at.

    A window around each token, say, would be one more condition.
    """
    numbers = [graph.number(name) for name in allowed.input[1:]]
    cast = graph.up(allowed.input[0], ("And", 1), "GatherND", "Cast")
    always = graph.up(allowed.input[0], "And", ("And", 1), "GreaterOrEqual", "Unsqueeze")
    if cast is None or always is None or numbers[0] != 0 or (numbers[1] or 0) > -1e4:
        return None
    mask: str = cast.input[0]
    return mask


def _heads(graph: Graph, name: str) -> tuple[str, int]:
    """What is parted into heads [N, H, T, D / H], a value [N, T, D], and H; 0 if none is."""
    parted = graph.up(name, "Transpose", "Reshape")
    if parted is None:
        return "", 0
    biased = graph.up(parted.input[0], "Add")
    sizes = graph.up(parted.input[1], "Concat")
    size = graph.number(sizes.input[-1]) if sizes else None
    vectors = [graph.array(one) for one in biased.input] if biased else []
    width = next((one.size for one in vectors if one is not None and one.ndim == 1), 0)
    if not size or not width or width % size:
        return "", 0
    return parted.input[0], int(width // size)
