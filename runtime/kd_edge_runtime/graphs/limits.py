"""How large a graph may be; FORMAT.md, section 17. All far above what is written."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import NamedTuple

# Nodes of a graph; constants of a graph; inputs, outputs and attributes of a node.
MAX_NODES = 20_000
MAX_CONSTANTS = 20_000
MAX_PARTS = 64
# Dimensions of a tensor, and characters of a name.
MAX_RANK = 8
MAX_NAME = 1024

# Tokens of one response for which a graph's memory and time are estimated, and the most numbers of
# one tensor, of all tensors, and the most multiplications that it may take then.
TOKENS = 512
MAX_TENSOR = 1 << 26
MAX_TENSORS = 1 << 31
MAX_PRODUCTS = 1 << 41


class Described(NamedTuple):
    """What a manifest says of the graph of a student.

    Attributes:
        student: its kind.
        classes: K.
        ngrams: V, of a bag; 0 for others.
        dimensions: D, of a bag; 0 for others.
    """

    student: str
    classes: int
    ngrams: int = 0
    dimensions: int = 0


class GraphError(ValueError):
    """What is wrong with a graph, in words that follow "the graph 'onnx-int8'"."""
