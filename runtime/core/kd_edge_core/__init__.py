"""kd-edge's core in C, for Python: what the runtime's backend `core` calls."""

from kd_edge_core._core import Core, row, words

__all__ = ["Core", "row", "words"]
