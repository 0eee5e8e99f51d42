"""How large a graph may be; FORMAT.md, section 17. All far above what is written."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import NamedTuple

# Nodes of a graph; constants of a graph; inputs, outputs and attributes of a node.
MAX_NODES = 20_000
MAX_CONSTANTS = 20_000
MAX_PARTS = 64
# Dimensions of a tensor; bytes of a name in UTF-8, also of the item that the graph is of.
MAX_RANK = 8
MAX_NAME = 1024

# The most numbers of a constant.
MAX_TENSOR = 1 << 26

# Beside its constants, the most numbers of one tensor for each response: so many for each of its
# tokens and each of these and a few more, as attention with many heads takes.
_EACH, _HEADS, _MORE = 1 << 16, 16, 256
# All tensors together, as those that are still needed are kept: so many times the constants, and
# as many as so many of the largest allowed. Multiplications of a response, beside two of each
# constant for each token.
_TIMES, _ALIVE, _PRODUCTS = 4, 8, 1 << 28


class Allowed(NamedTuple):
    """What a graph may take for some responses: numbers of a tensor and of all; multiplications."""

    tensor: int
    tensors: int
    products: int


def allowed(constants: int, responses: int, tokens: int) -> Allowed:
    """What a graph may take.

    Args:
        constants: the numbers of all its constants.
        responses: how many it reads at once.
        tokens: of the longest of them; 1 where responses are not read as tokens.
    """
    each = max(_EACH, _HEADS * tokens * (tokens + _MORE))
    return Allowed(
        constants + responses * each,
        _TIMES * constants + responses * _ALIVE * each,
        responses * (_PRODUCTS + 2 * constants * tokens),
    )


class Described(NamedTuple):
    """What a manifest says of the graph of a student.

    Attributes:
        student: its kind.
        classes: K.
        ngrams: rows of the table, of a bag and of pairs; 0 for others.
        dimensions: D, of these; 0 for others.
    """

    student: str
    classes: int
    ngrams: int = 0
    dimensions: int = 0

    @property
    def widths(self) -> dict[str, int]:
        """How many numbers of a response each input has; none of inputs that hold tokens."""
        if self.student == "pairs":
            from kd_edge_runtime.text.relation import NUMBERS

            return {"counts": self.ngrams, "numbers": len(NUMBERS)}
        return {"counts": self.ngrams} if self.student == "bag" else {}


class GraphError(ValueError):
    """What is wrong with a graph, in words that follow "the graph 'onnx-int8'"."""
