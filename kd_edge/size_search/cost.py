"""What a bundle costs a device: bytes, and milliseconds a response."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

from kd_edge.bundling.bundle import ExportItem, ExportOptions, prepare, write
from kd_edge.bundling.model_card import CardFigures
from kd_edge.distillation.cascade import Figures
from kd_edge_runtime.bench.timing import once
from kd_edge_runtime.scorer import Scorer

# A bundle holds its time, see `tried.SLACK`.
_SOME_TIME = "2026-01-01T00:00:00+00:00"

# A bag's time is stable after this; slower students are timed on some responses, a few times.
_SECONDS = 0.1
_ROUNDS = 5
_MOST_RESPONSES = 300


@dataclass(frozen=True)
class Cost:
    """What a bundle takes.

    Attributes:
        bytes: of its file.
        ms: mean milliseconds of a response on this machine.
        both: what two students do together on held-out responses; None of one student.
    """

    bytes: int
    ms: float
    both: Figures | None = None


@dataclass(frozen=True)
class Contents:
    """What a bundle holds beside its students, and what takes bytes too.

    Attributes:
        provenance: how the students were trained, JSON types.
        card: the figures of the item for the model card; None for none.
        spare: bytes for figures that turn out longer than these.
    """

    provenance: Mapping[str, Any] = field(default_factory=dict)
    card: CardFigures | None = None
    spare: int = 0


def cost_of(
    item: ExportItem,
    options: ExportOptions,
    texts: Sequence[str],
    contents: Contents | None = None,
) -> Cost:
    """Writes a bundle of one item, and scores with it as a device does, on one thread.

    Args:
        item: the item, with one student or two.
        options: what the bundle is to hold.
        texts: responses to time; at least one.
        contents: what else it will hold; by default what `kd-edge export` writes.

    Raises:
        ParityError: the scores of a form differ too much from PyTorch.
    """
    beside = contents or Contents()
    cards = {} if beside.card is None else {item.student.item_id: beside.card}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "item.kdz"
        (ready,) = prepare([item], options)
        write([ready], path, beside.provenance, cards, created=_SOME_TIME)
        both = ready.cascade.figures if ready.cascade else None
        size = path.stat().st_size + beside.spare
        return Cost(size, _milliseconds(path, texts[:_MOST_RESPONSES]), both)


def _milliseconds(path: Path, texts: Sequence[str]) -> float:
    """The mean of each response's least time: what else runs on the machine only adds time."""
    with Scorer.open(path) as scorer:
        least = once(scorer.score, texts)  # loads the student too
        began, rounds = perf_counter(), 1
        while rounds < _ROUNDS or perf_counter() - began < _SECONDS:
            least = [*map(min, least, once(scorer.score, texts))]
            rounds += 1
    return 1000 * fmean(least)
