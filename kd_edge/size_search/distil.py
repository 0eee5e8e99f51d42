"""Distils the most accurate student, or two, whose bundle is within limits of bytes and time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kd_edge.console.progress import say, track
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.size_search.cuts import PlannedCut, plan_cuts
from kd_edge.size_search.search import SHAPES, Search, Sized
from kd_edge.size_search.trainer import Trainer
from kd_edge.size_search.tried import TooSmallError, check_kinds
from kd_edge.students.registry import BOTH, DEFAULT, SECOND
from kd_edge_runtime.errors import InputError, ParityError


def distil_to_size(
    data: LearningData,
    options: DistilOptions,
    work: Path,
    search: Search,
    kinds: Sequence[str] = (),
) -> tuple[Distilled, Sized]:
    """Distils students of several sizes, and keeps the most accurate that is within the limits.

    The held-out rows are those of the search. The options are those of the largest student; the
    smaller ones differ in their size alone.

    Args:
        data: what students learn from.
        options: those of the largest student, or of both.
        work: the folder for checkpoints.
        search: the limits, and where students are measured.
        kinds: some of `ALL`, to be searched for; by default that of the options.

    Returns:
        The most accurate student that fits with the same one without a teacher, and the search.

    Raises:
        InputError: students of this kind have one size, or see `distil`.
        TooSmallError: nothing fits.
        StoppedError: the user stopped it; the same call resumes.
    """
    trainer = Trainer(data, options, work)
    sized = search_students(trainer, search, kinds or (options.student,))
    distilled = trainer.distilled(sized)
    trainer.clear()
    return distilled, sized


def search_students(trainer: Trainer, search: Search, kinds: Sequence[str]) -> Sized:
    """Trains and measures what may be within the limits, and chooses; see `distil_to_size`.

    Where they exclude all transformers, none is trained.
    """
    check_kinds(kinds)
    planned = _plan(trainer, search, kinds)
    if DEFAULT in kinds:
        search.measure_bags(trainer.whole, trainer.data.texts, SHAPES, trainer.bag)
    elif not planned:
        raise TooSmallError(search.limits, (), search.untrained)
    _measure_cuts(trainer, search, planned)
    return search.best()


def _plan(trainer: Trainer, search: Search, kinds: Sequence[str]) -> list[PlannedCut]:
    """The transformers that are worth training; the search is told of the others."""
    cut_out = [kind for kind in kinds if kind != DEFAULT]
    if not cut_out:
        return []
    try:
        planned, untrained = plan_cuts(trainer.data, trainer.cut, search, cut_out)
    except InputError as error:
        if DEFAULT not in kinds or "layers" in trainer.cut.student_options:
            raise
        say(f"Only bags are tried: {error}")
        return []
    search.untrained = tuple(untrained)
    return planned


def _measure_cuts(trainer: Trainer, search: Search, planned: Sequence[PlannedCut]) -> None:
    """Trains transformers, and measures each alone and beside a bag."""
    if not planned:
        return
    # A layer takes as long to train as another.
    with track("training transformers, by their layers", _layers(planned)) as tracker:
        for at, one in enumerate(planned):
            tracker.note(f"{at + 1} of {len(planned)}: {one}")
            transformer = trainer.transformer(one)
            try:
                if SECOND in one.kinds:
                    search.measure(trainer.alone(transformer))
                if BOTH in one.kinds:
                    search.measure_both(trainer.first, transformer)
            except ParityError as error:
                say(f"The {one} is left out: {error}")
            tracker.advance(len(one.layers))


def _layers(planned: Sequence[PlannedCut]) -> int:
    return sum(len(one.layers) for one in planned)
