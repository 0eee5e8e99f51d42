"""A bundle without figures in a temporary folder, to measure the figures with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kd_edge.bundling.bundle import Prepared, write
from kd_edge.runs.folder import BUNDLE
from kd_edge_runtime.scorer import Scorer


@contextmanager
def temporary_bundle(prepared: Sequence[Prepared]) -> Iterator[Scorer]:
    """Write a bundle of students into a temporary folder, and open it as a device would.

    Yields:
        A scorer of the bundle. All members but the model card are the same as in the final bundle.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / BUNDLE
        write(prepared, path, {})
        with Scorer.open(path) as scorer:
            yield scorer
