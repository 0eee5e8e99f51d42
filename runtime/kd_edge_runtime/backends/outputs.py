"""Checks what a graph gave: probabilities of each response, and nothing else becomes a score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kd_edge_runtime.errors import BackendError, KdEdgeError, ParityError

# By how much rounding may take a probability out of 0 to 1, and their sum away from 1.
_ROUNDING = 1e-3


def probabilities(batch: Any, rows: int, classes: int) -> list[tuple[float, ...]]:
    """A graph's output as a probability of each class for each response.

    Args:
        batch: the output, [N, K].
        rows: N.
        classes: K.

    Raises:
        ParityError: it has another shape, or numbers that are no probabilities.
    """
    if batch.shape != (rows, classes):
        raise ParityError(
            f"the graph gave {_shape(batch)} numbers for {rows} responses and {classes} classes"
        )
    low, high, sums = batch.min(initial=0.0), batch.max(initial=0.0), batch.sum(1)
    # NaN fails every comparison.
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING and np.all(abs(sums - 1) <= _ROUNDING)):
        raise ParityError("the graph gave numbers that are no probabilities")
    return [*map(tuple, batch.tolist())]


def _shape(batch: Any) -> str:
    return " x ".join(map(str, batch.shape)) or "0"


@contextmanager
def running(form: str) -> Iterator[None]:
    """Turns what an interpreter raises while it runs a graph; its words may quote a response."""
    try:
        yield
    except KdEdgeError:
        raise
    except Exception as error:
        raise BackendError(
            f"the graph '{form}' stopped with an error ({type(error).__name__})"
        ) from error
