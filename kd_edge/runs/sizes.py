"""The students of a run with limits: those of several sizes are tried, what fits best is taken."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.bundling.model_card import CardFigures
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import (
    BASELINE,
    FIRST,
    HUMANS,
    MAJORITY,
    SECOND,
    STUDENT,
    TEACHER,
    Line,
)
from kd_edge.evaluation.metrics import Agreement
from kd_edge.runs.options import RunOptions
from kd_edge.size_search.cost import Contents
from kd_edge.size_search.distil import search_students
from kd_edge.size_search.search import Search, Sized
from kd_edge.size_search.shown import SizeChoice, read_size_choice, shown
from kd_edge.size_search.trainer import Trainer
from kd_edge.stages.record import hash_json, plain_options
from kd_edge.stages.runner import Stages
from kd_edge.students import store
from kd_edge.students.student import Student

# A card's figures are known when everything is trained: these are as long as any, and like them
# hard to compress. Some bytes are left for a compression that comes out worse.
_SCORERS = (HUMANS, TEACHER, STUDENT, FIRST, SECOND, BASELINE, MAJORITY)
_SPARE = 64
_LONG = (
    "Chosen: a bag with a transformer of layers 0, 3, 5, 4,956,332 bytes and 0.123 ms a response. "
    "Its QWK on held-out responses, 0.847, is the highest of the 17 tried that are within "
    "8,192,000 bytes and 0.25 ms a response (a transformer of layers 0, 2: 0.836). With 5,071,692 "
    "bytes and 1.98 ms a response, a bag with a transformer of layers 0, 5 would have 0.859. A "
    "transformer of layer 0 takes at least 2,391,478 bytes, and was not trained."
)


@dataclass(frozen=True)
class InBundle:
    """What an item's bundle holds beside its students.

    Attributes:
        sources: the item's prompt, rubric and reference answers.
        provenance: the bundle's.
        measured_on: the test responses, in words, as the card has them.
    """

    sources: tuple[str, ...] = ()
    provenance: Mapping[str, Any] | None = None
    measured_on: str = ""

    @property
    def contents(self) -> Contents:
        """As a search measures it."""
        figures = tuple(
            Line(name, Agreement(100, *(_digits(name, at) for at in range(4))), 22_713_216, 91_642)
            for name in _SCORERS
        )
        card = CardFigures(self.measured_on, figures, _LONG)
        return Contents(self.provenance or {}, card, _SPARE)


def _digits(name: str, at: int) -> float:
    """A figure between 0 and 1 whose digits are like no other's."""
    return int(hash_json([name, at])[:6], 16) / 16**6


class SizeStage:
    """The stage of a run that trains students of several sizes.

    Args:
        stages: the item's; each student that is trained is a stage of its own in the folder
            `sizes`, so that a search with other limits has it at once.
        options: of the run; it has limits.
        bundle: what else the bundle holds.
    """

    def __init__(self, stages: Stages, options: RunOptions, bundle: InBundle) -> None:
        assert options.limits is not None, "else there is one size"
        self._stages, self._options, self._bundle = stages, options, bundle
        self._limits = options.limits
        self._plot = stages.folder / "frontier.svg"

    def run(
        self,
        inputs: Mapping[str, str],
        learning: Callable[[], LearningData],
        folders: Mapping[str, Path],
    ) -> SizeChoice:
        """Searches, unless it was done with the same inputs, options and limits.

        Args:
            inputs: the hash of each input by name.
            learning: gives what students learn from.
            folders: where `student`, `baseline` and `second` are saved, the last where the choice
                has two.

        Raises:
            TooSmallError: nothing is within the limits.
            StoppedError: the user stopped it; the same call resumes.
        """
        options, figures = self._options, self._plot.with_suffix(".json")
        chosen = {
            **asdict(options.distil),
            "limits": asdict(self._limits),
            "kinds": list(options.searched),
            "cascade": asdict(options.cascade),
        }
        more = {"bundle": hash_json(plain_options(self._bundle))}

        def search() -> None:
            distilled, _ = shown(lambda: self._search(learning(), inputs), self._plot, self._limits)
            for name, folder in folders.items():
                student: Student | None = getattr(distilled, name)
                if student is not None:
                    store.save(student, folder)
                    outputs.append(folder)

        outputs = [self._plot, figures]
        self._stages.run("student", chosen, {**inputs, **more}, outputs, search)
        return read_size_choice(figures)

    def _search(self, data: LearningData, inputs: Mapping[str, str]) -> tuple[Distilled, Sized]:
        options = self._options
        search = Search(
            self._limits,
            data.held_out,
            self._bundle.sources,
            cascade=options.cascade,
            contents=self._bundle.contents,
        )
        whose = f"{self._stages.whose}, sizes"
        sizes = Stages(self._stages.folder / "sizes", whose)
        trainer = _KeptTrainer(data, options.distil, sizes, inputs)
        sized = search_students(trainer, search, options.searched)
        return trainer.distilled(sized), sized


class _KeptTrainer(Trainer):
    """Keeps what it trained, each student in a folder of its own with a record."""

    def __init__(
        self, data: LearningData, options: DistilOptions, stages: Stages, inputs: Mapping[str, str]
    ) -> None:
        super().__init__(data, options, stages.folder)
        self._stages = stages
        # Which n-grams a smaller bag has, and what all learn from, depends on the largest.
        self._inputs = {**inputs, "largest": hash_json(plain_options(self.largest))}

    def trained(
        self, name: str, options: DistilOptions, train: Callable[[Path], Student]
    ) -> Student:
        """See `Trainer`."""
        folder, work = self.work / name, self.work / f"{name}.work"

        def run() -> None:
            store.save(train(work), folder)
            shutil.rmtree(work)

        self.work.mkdir(exist_ok=True)
        self._stages.run(name, asdict(options), self._inputs, [folder], run)
        return store.load(folder)
