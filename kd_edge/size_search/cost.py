"""What a bundle costs a device: bytes, and milliseconds a response."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter

from kd_edge.bundling.bundle import ExportItem, ExportOptions, prepare, write
from kd_edge_runtime.bench.timing import once
from kd_edge_runtime.scorer import Scorer

# A bundle holds its time, see `tried.SLACK`.
_SOME_TIME = "2026-01-01T00:00:00+00:00"

# A bag's time is stable after this; slower students are timed on some responses, once or twice.
_SECONDS = 0.1
_MOST_RESPONSES = 100


@dataclass(frozen=True)
class Cost:
    """What a bundle takes: bytes of its file, mean milliseconds of a response on this machine."""

    bytes: int
    ms: float


def cost_of(item: ExportItem, forms: Sequence[str], texts: Sequence[str]) -> Cost:
    """Writes a bundle of one item, and scores with it as a device does, on one thread.

    Args:
        item: the item, with one student or two.
        forms: what the bundle is to hold.
        texts: responses to time; at least one.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "item.kdz"
        write(prepare([item], ExportOptions(tuple(forms))), path, {}, created=_SOME_TIME)
        return Cost(path.stat().st_size, _milliseconds(path, texts[:_MOST_RESPONSES]))


def _milliseconds(path: Path, texts: Sequence[str]) -> float:
    """The least mean of several rounds: what else runs on the machine only adds time."""
    with Scorer.open(path) as scorer:
        scorer.score(texts[0])  # loads the student
        began = perf_counter()
        least = fmean(once(scorer.score, texts))
        while perf_counter() - began < _SECONDS:
            least = min(least, fmean(once(scorer.score, texts)))
    return 1000 * least
