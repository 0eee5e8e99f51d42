"""Scores students' written answers on a device, from one bundle file, without a network."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from kd_edge_runtime._version import __version__
    from kd_edge_runtime.scorer import Score, Scorer

__all__ = ["Score", "Scorer", "__version__"]


def __getattr__(name: str) -> object:
    # Every start of `kd-edge` imports this package, so each name is imported when it is used.
    if name in ("Score", "Scorer"):
        from kd_edge_runtime import scorer

        return getattr(scorer, name)
    if name == "__version__":
        from kd_edge_runtime._version import __version__

        return __version__
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
