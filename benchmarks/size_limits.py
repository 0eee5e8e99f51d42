"""The most accurate student for each size: bags, transformers cut from the teacher, and both.

    python -m benchmarks.size_limits 1 --data DATA --work WORK
    python -m benchmarks.size_limits 1 --data DATA --work WORK --limit 16KB --limit 8MB

Uses the teacher, soft labels and variants that `benchmarks.agreement` left in its work folder, and
the second student, where `--student both` left one. Sizes are searched on validation rows; the one
chosen for each limit is measured once on the test rows. What is trained stays in the work folder,
in `sizes`, so that a stopped or a second search goes on with it. Writes
`results/smaller-asap-sas-<prompt>.json`, of which `benchmarks.tables` makes a table and a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import torch

from benchmarks import record
from benchmarks.work_folder import Left, asap_sas
from kd_edge.bundling.bundle import ExportItem, ExportOptions, prepare
from kd_edge.cli.sizes import parse_bytes
from kd_edge.console.progress import say
from kd_edge.console.tables import markdown
from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.distillation.distil import Distilled
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.runs.two_students import together_in_pytorch
from kd_edge.size_search.cuts import PlannedCut
from kd_edge.size_search.distil import search_students
from kd_edge.size_search.frontier import student_cell
from kd_edge.size_search.plot import frontier_picture
from kd_edge.size_search.reasons import reasons
from kd_edge.size_search.search import Search, Sized
from kd_edge.size_search.trainer import Trainer
from kd_edge.size_search.tried import ALL, Limits, Tried
from kd_edge.students import store
from kd_edge.students.registry import BOTH
from kd_edge.students.student import Student

LIMITS = ("8KB", "16KB", "32KB", "64KB", "2MB", "8MB")
_SHOWN = "smaller-asap-sas-1"


@click.command()
@click.argument("prompt")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--limit", "limits", type=parse_bytes, multiple=True, default=LIMITS)
def main(prompt: str, data: Path, work: Path, limits: tuple[int, ...]) -> None:
    """Search sizes for an ASAP-SAS PROMPT."""
    torch.set_num_threads(1)
    left = asap_sas(prompt, data, work, test=True)
    learning = LearningData(
        left.item, left.rows, left.held_out, left.labels, left.variants, left.folder / "teacher"
    )
    trainer = OfRun(learning, DistilOptions(student=BOTH), left.folder)
    figures = {}
    for limit in sorted(limits):
        search = Search(Limits(limit), left.held_out, left.sources)
        sized = search_students(trainer, search, ALL)
        say(f"{Limits(limit)}: {reasons(sized, Limits(limit))}")
        figures[str(limit)] = {
            "chosen": asdict(sized.chosen),
            "tried": [asdict(one) for one in sized.tried],
            "not_trained": [asdict(one) for one in sized.untrained],
            "test": _tested(trainer.distilled(sized), sized, left),
        }
    click.echo(str(record.write(f"smaller-asap-sas-{prompt}", figures, 0)))


class OfRun(Trainer):
    """Takes the second student of the run where it is the one to be trained; keeps checkpoints."""

    def __init__(self, data: LearningData, options: DistilOptions, run: Path) -> None:
        super().__init__(data, options, run / "sizes")
        self._trained: dict[tuple[int, ...], Student] = {}
        self._second = run / "second"

    def transformer(self, planned: PlannedCut) -> Student:
        """See `Trainer`; the limits share what was trained."""
        layers = planned.layers
        if layers not in self._trained and (self._second / store.DESCRIPTION).is_file():
            second = store.load(self._second)
            usual = "min_responses" not in planned.options.student_options
            if usual and tuple(second.options.layers) == layers:
                self._trained[layers] = second
        if layers not in self._trained:
            self._trained[layers] = super().transformer(planned)
        return self._trained[layers]


def _tested(made: Distilled, sized: Sized, left: Left) -> dict[str, Any]:
    """The agreement on the test rows, with and without a teacher."""
    texts, human = [row.text for row in left.test], human_scores(left.test)
    scale = made.student.scale
    predicted = {
        name: decided(student.probabilities(texts), scale, student.decision)
        for name, student in (("student", made.student), ("without teacher", made.baseline))
    }
    if made.second:
        share = CascadeOptions(sized.chosen.share)
        item = ExportItem(
            made.student, left.sources, left.held_out, left.sources, second=made.second
        )
        (ready,) = prepare([item], ExportOptions(cascade=share))
        assert ready.cascade is not None, "there are two students"
        both = together_in_pytorch(made.student, made.second, ready.cascade, texts)
        predicted["student"] = both.predicted
    return {name: asdict(agreement(human, given, scale)) for name, given in predicted.items()}


def _tried() -> list[Tried]:
    """Every size that was tried for some limit, once, with its least time."""
    every: dict[tuple[Any, ...], Tried] = {}
    for found in record.read(_SHOWN)["figures"].values():
        for size in map(_size, found["tried"]):
            known = (size.name, size.dimensions, size.bits, size.share)
            if known not in every or size.ms < every[known].ms:
                every[known] = size
    return [*every.values()]


def _size(raw: dict[str, Any]) -> Tried:
    return Tried(**{**raw, "fits": True, "layers": tuple(raw.get("layers", ()))})


def smaller() -> str:
    """The most accurate student for a size."""
    rows = []
    for limit, found in record.read(_SHOWN)["figures"].items():
        chosen, test = _size(found["chosen"]), found["test"]
        at_most = int(limit)
        rows.append(
            [
                f"{at_most / 1e6:g} MB" if at_most >= 1e6 else f"{at_most // 1000} KB",
                student_cell(chosen),
                f"{chosen.bytes:,}",
                f"{chosen.ms:.3f}" if chosen.ms else "",
                f"{chosen.ngrams:,}" if chosen.ngrams else "",
                str(chosen.dimensions or ""),
                str(chosen.bits or ""),
                f"{chosen.parameters:,}",
                f"{chosen.qwk:.3f}",
                f"{test['student']['qwk']:.3f}",
                f"{test['without teacher']['qwk']:.3f}",
            ]
        )
    header = [
        "at most",
        "student",
        "bundle, bytes",
        "ms a response",
        "n-grams",
        "dimensions",
        "bits",
        "parameters",
        "QWK, held out",
        "QWK, test",
        "without teacher, test",
    ]
    return markdown(header, rows)


def frontier() -> str:
    """The sizes that were tried, as a picture."""
    return frontier_picture(_tried(), None, Limits())


TABLES: dict[str, Callable[[], str]] = {"smaller": smaller}
PICTURES: dict[str, Callable[[], str]] = {"frontier.svg": frontier}

if __name__ == "__main__":
    main()
