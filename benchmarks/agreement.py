"""How well teacher, student and baseline agree with people, the whole way for one item.

    python -m benchmarks.agreement asap-sas 1 --data DATA
    python -m benchmarks.agreement asap-sas 1 --data DATA --teachers 2
    python -m benchmarks.agreement sample wool-ice

Learns from the training rows and measures once on the test rows. Writes
`results/agreement-<item>.json`, and beside it the teacher's soft labels (ids and
probabilities, no text), so that a student can be distilled again without the teacher.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Responses
from kd_edge.runs.options import RunOptions
from kd_edge.runs.pipeline import item_folder
from kd_edge.runs.run import RunReport, run
from kd_edge.stages.record import read_record

_STAGES = ("teacher", "labels", "variants", "student", "test-labels")
_SAMPLE = Path(__file__).parent.parent / "kd_edge" / "sample"


@click.group()
def main() -> None:
    """Measure the whole way on one item."""


@main.command("asap-sas")
@click.argument("prompt")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--teachers", type=click.IntRange(min=1), default=1, help="As of 'kd-edge run'.")
def asap_sas(prompt: str, data: Path, work: Path, teachers: int) -> None:
    """A PROMPT of ASAP-SAS: fit on train.tsv, measured once on test.tsv."""
    folder = data / "asap-sas"
    train = read_responses(folder / "train.tsv", only_items=(prompt,))
    test = read_responses(folder / "test.tsv", only_items=(prompt,), scored=False)
    sources = [(folder / "prompts" / f"{prompt}.txt").read_text(encoding="utf-8")]
    name = f"asap-sas-{prompt}" if teachers == 1 else f"teachers-{teachers}-asap-sas-{prompt}"
    _measure(name, train, test, sources, work, RunOptions(teachers=teachers))


@main.command()
@click.argument("item")
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def sample(item: str, work: Path) -> None:
    """A sample ITEM: wool-ice, pond-web or percent-back."""
    folder = _SAMPLE / item
    responses = read_responses(folder / "responses.csv")
    sources = [(folder / name).read_text(encoding="utf-8") for name in ("prompt.txt", "rubric.txt")]
    _measure(f"sample-{item}", responses, None, sources, work, RunOptions())


def _measure(
    name: str,
    responses: Responses,
    test: Responses | None,
    sources: list[str],
    work: Path,
    options: RunOptions,
) -> None:
    started = time.monotonic()
    given = {responses.items[0].item_id: sources}
    report = run(responses, work / name, options, test, given)
    seconds = time.monotonic() - started
    folder = item_folder(work / name, report.items[0].item_id)
    path = record.write(
        f"agreement-{name}", _figures(report, folder, seconds), options.teacher.seed
    )
    for labels in ("labels", "test_labels"):
        if options.teachers == 1:
            shutil.copy(folder / f"{labels}.csv", path.with_name(f"{labels}-{name}.csv"))
    click.echo(str(path))


def _figures(report: RunReport, folder: Path, seconds: float) -> dict[str, Any]:
    stages = {}
    for stage in _STAGES:
        made = read_record(folder / f"{stage}.stage.json")
        if made is not None:
            stages[stage] = made.seconds
    return {
        "item": asdict(report.items[0]),
        "options": report.options,
        "seconds": {**stages, "all": round(seconds, 1)},
    }


if __name__ == "__main__":
    main()
