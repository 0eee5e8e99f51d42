"""Scores students' written answers on a device, from one bundle file, without a network."""

from __future__ import annotations

import os

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

# ONNX Runtime's wheels since 1.29 report to their maker, and leave a number for the device in the
# home folder, unless this is set before their first import. Every process of kd-edge imports this
# package before any of its backends, and children inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from kd_edge_runtime._version import __version__
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.frames import BatchScorer, score_batch

__all__ = ["BatchScorer", "Score", "Scorer", "__version__", "score_batch"]


def __getattr__(name: str) -> object:
    # Every start of `kd-edge` imports this package, so each name is imported on first use.
    if name in ("Score", "Scorer"):
        from kd_edge_runtime import scorer

        return getattr(scorer, name)
    if name in ("BatchScorer", "score_batch"):
        from kd_edge_runtime.tables import frames

        return getattr(frames, name)
    if name == "__version__":
        from kd_edge_runtime._version import __version__

        return __version__
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
