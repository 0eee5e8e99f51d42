"""A node of an ONNX graph with the shapes of what it reads, for the rules of `onnx_shapes`."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.graphs.limits import GraphError
from kd_edge_runtime.graphs.onnx_model import Constant, Node

if TYPE_CHECKING:
    from typing import Optional

# Whole numbers are followed as long as there are at most so many.
FOLLOWED = 64


class Value(NamedTuple):
    """A tensor: its sizes, its numbers if they are few and known, and their type."""

    shape: tuple[int, ...]
    ints: tuple[int, ...] | None = None
    kind: int = 0


if TYPE_CHECKING:
    Inputs = list[Optional[Value]]


class Reading:
    """A node with what it reads.

    Attributes:
        node: the node.
        inputs: what it reads; None for an input that is left out.
        products: multiplications that the node takes, set by its rule.
    """

    def __init__(self, node: Node, inputs: Inputs) -> None:
        self.node = node
        self.inputs = inputs
        self.products = 0

    def wrong(self) -> GraphError:
        """The error for what the operator cannot take."""
        return GraphError(f"has a node {self.node.operator} that cannot run")

    def value(self, at: int) -> Value:
        """An input that has to be there."""
        value = self.inputs[at] if at < len(self.inputs) else None
        if value is None:
            raise self.wrong()
        return value

    def shape(self, at: int = 0) -> tuple[int, ...]:
        """The sizes of an input."""
        return self.value(at).shape

    def has(self, at: int) -> bool:
        """Whether an input is there."""
        return at < len(self.inputs) and self.inputs[at] is not None

    def sizes(self, at: int) -> tuple[int, ...]:
        """Whole numbers of an input, which may not depend on a response."""
        ints = self.value(at).ints
        if ints is None:
            raise GraphError(
                f"has a node {self.node.operator} whose sizes depend on more than lengths"
            )
        return ints

    def number(self, name: str, default: int) -> int:
        """A whole number among the attributes."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, int):
            raise self.wrong()
        return value

    def numbers(self, name: str, at: int) -> tuple[int, ...] | None:
        """Whole numbers: an attribute, or an input in newer operator sets; None for neither."""
        value = self.node.attributes.get(name)
        if value is None:
            return self.sizes(at) if self.has(at) else None
        if isinstance(value, (int, float, str, Constant)):
            raise self.wrong()
        return value

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front."""
        if not -rank <= axis < rank:
            raise self.wrong()
        return axis % rank


def broadcast(reading: Reading, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of several."""
    rank = max(map(len, shapes))
    common = []
    for sizes in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes)):
        larger = {size for size in sizes if size != 1}
        if len(larger) > 1:
            raise reading.wrong()
        common.append(larger.pop() if larger else 1)
    return tuple(common)


def spread(numbers: tuple[int, ...], count: int) -> tuple[int, ...] | None:
    """Numbers as often as they are read; None if that is not one number or each once."""
    if not 0 < count <= FOLLOWED:
        return None
    return numbers if len(numbers) == count else numbers * count if len(numbers) == 1 else None
