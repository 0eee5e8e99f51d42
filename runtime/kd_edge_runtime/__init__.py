"""Scores students' written answers on a device, from one bundle file, without a network."""

from __future__ import annotations

from kd_edge_runtime._startup.dataclass import TYPE_CHECKING
from kd_edge_runtime._version import __version__

if TYPE_CHECKING:
    from kd_edge_runtime.scorer import Score, Scorer

__all__ = ["Score", "Scorer", "__version__"]


def __getattr__(name: str) -> object:
    # `kd-edge --help` imports this package: what scoring needs is loaded when it is asked for.
    if name in ("Score", "Scorer"):
        from kd_edge_runtime import scorer

        return getattr(scorer, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
