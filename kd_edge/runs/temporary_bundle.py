"""A bundle without figures in a run's folder, to measure the figures with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kd_edge.bundling.bundle import Prepared, write
from kd_edge.runs.folder import BUNDLE
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.scorer import Scorer

# Hidden, and removed by the next run where this one is killed.
_FOLDER = ".measured.new"


@contextmanager
def temporary_bundle(prepared: Sequence[Prepared], out: Path) -> Iterator[Scorer]:
    """Write a bundle of students into a run's folder, and open it as a device would.

    Args:
        prepared: the students.
        out: the run's folder.

    Yields:
        A scorer of the bundle. All members but the model card are the same as in the final bundle.

    Raises:
        InputError: the bundle cannot be written.
    """
    folder = out / _FOLDER
    with plain_write_errors(out):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    try:
        path = folder / BUNDLE
        write(prepared, path, {})
        with Scorer.open(path) as scorer:
            yield scorer
    finally:
        shutil.rmtree(folder, ignore_errors=True)
