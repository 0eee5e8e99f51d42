"""How well fine-tuned teachers agree with people, without any student: minutes an item.

    python -m benchmarks.teacher_agreement asap-sas-1 asap-sas-9 --data DATA --work WORK
    python -m benchmarks.teacher_agreement sample-wool-ice --work WORK

Each item's teacher is fine-tuned with the default options and measured once on the test rows. It
stays in the work folder, where `benchmarks.agreement` goes on with it. Writes
`results/teacher_agreement.json`, which keeps the items that are not named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.items import REAL, SAMPLES
from benchmarks.items import agreement as agreement_of
from benchmarks.items import figures as figures_of
from benchmarks.work_folder import SAMPLE
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Responses
from kd_edge.data.splits import split_item
from kd_edge.evaluation.agreement import BASELINE, TEACHER, human_scores
from kd_edge.evaluation.metrics import agreement
from kd_edge.runs.item_task import ItemTask
from kd_edge.runs.options import RunOptions
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.stages.record import read_record
from kd_edge.students.kept_out import NOTHING

_NAME = "teacher_agreement"


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice([*REAL, *SAMPLES]))
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="For ASAP-SAS.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(names: tuple[str, ...], data: Path | None, work: Path) -> None:
    """Fine-tune and measure the teachers of some items."""
    if data is None and any(name in REAL for name in names):
        raise click.UsageError("ASAP-SAS needs '--data'.")
    measured: dict[str, Any] = {}
    if (record.RESULTS / f"{_NAME}.json").is_file():
        measured = record.read(_NAME)["figures"]
    for name in names:
        measured[name] = _measured(*_responses(name, data), work / name)
        path = record.write(_NAME, measured, RunOptions().teacher.seed)
    click.echo(f"{table(REAL)}\n\n{table(SAMPLES)}")
    click.echo(str(path))


def _responses(name: str, data: Path | None) -> tuple[Responses, Responses | None]:
    """The responses of an item to learn from, and those of a file to measure on."""
    kind, _, item = name.rpartition("-") if name in REAL else name.partition("-")
    if data is None or kind == "sample":
        return read_responses(SAMPLE / item / "responses.csv"), None
    train, test = (data / kind / file for file in ("train.tsv", "test.tsv"))
    return (
        read_responses(train, only_items=(item,)),
        read_responses(test, only_items=(item,), scored=False),
    )


def _measured(responses: Responses, test: Responses | None, out: Path) -> dict[str, Any]:
    """The agreement of an item's teacher, and how long its fine-tuning took."""
    options, item = RunOptions(variants=0), responses.items[0]
    other, source = (test.items[0], test.source) if test else (None, "")
    task = ItemTask(item, other, out, options, source, (), None, NOTHING)
    task.teach()
    split = split_item(item, other, options.teacher.validation, options.teacher.seed, source)
    labels = labels_by_id(task.folder / "test_labels.csv", item.scale.classes, split.test)
    found = np.array([labels[row.response_id].argmax() for row in split.test])
    of_test = agreement(human_scores(split.test), found, split.item.scale)
    stage = read_record(task.folder / "teacher.stage.json")
    return {**asdict(of_test), "rows": split.counts, "seconds": stage and stage.seconds}


def table(items: Mapping[str, str]) -> str:
    """QWK and accuracy of today's teachers, of version 0.2's, and of a bag without a teacher."""
    today = record.read(_NAME)["figures"]
    cells, rows = [], []
    for name in [one for one in items if one in today]:
        before = figures_of(name)
        each = (today[name], agreement_of(before, TEACHER), agreement_of(before, BASELINE))
        rows.append([one[figure] for figure in ("qwk", "accuracy") for one in each])
        cells.append([items[name], *_three(rows[-1])])
    if rows:
        means = [fmean(column) for column in zip(*rows, strict=True)]
        cells.append(["mean", *_three(means)])
    who = ("teacher", "teacher of version 0.2", "bag without teacher")
    header = ["item", *(f"{one}, {of}" for of in ("QWK", "accuracy") for one in who)]
    return markdown(header, cells)


def _three(figures: list[float]) -> list[str]:
    return [f"{figure:.3f}" for figure in figures]


TABLES: dict[str, Callable[[], str]] = {
    "teacher-agreement": partial(table, REAL),
    "teacher-agreement-samples": partial(table, SAMPLES),
}


if __name__ == "__main__":
    main()
