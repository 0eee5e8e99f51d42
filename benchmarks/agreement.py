"""How well teacher, student and baseline agree with people, the whole way for one item.

    python -m benchmarks.agreement asap-sas 1 --data DATA
    python -m benchmarks.agreement asap-sas 1 --data DATA --teachers 2
    python -m benchmarks.agreement asap-sas 1 --data DATA --student both
    python -m benchmarks.agreement asap-sas 1 --data DATA --student both --model all-mpnet-base-v2
    python -m benchmarks.agreement sample wool-ice

Learns from the training rows and measures once on the test rows. Writes
`results/agreement-<item>.json`, and beside it the teacher's soft labels (ids and
probabilities, no text), so that a student can be distilled again without the teacher.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import click

from benchmarks import record
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Responses
from kd_edge.distillation.options import DistilOptions
from kd_edge.runs.folder import BUNDLE, item_folder
from kd_edge.runs.options import RunOptions
from kd_edge.runs.run import RunReport, run
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge.stages.record import read_record
from kd_edge.students.registry import BOTH, DEFAULT
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.scorer import Scorer

_STAGES = ("teacher", "labels", "variants", "student", "second", "test-labels")
_SAMPLE = Path(__file__).parent.parent / "kd_edge" / "sample"
_STUDENT = click.option(
    "--student",
    type=click.Choice([DEFAULT, BOTH]),
    default=DEFAULT,
    help="As of 'kd-edge run'; with both, results/two-students-<item>.json is written.",
)


@click.group()
def main() -> None:
    """Measure the whole way on one item."""


@main.command("asap-sas")
@click.argument("prompt")
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--teachers", type=click.IntRange(min=1), default=1, help="As of 'kd-edge run'.")
@_STUDENT
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True),
    help="Another language model's folder; its name comes into those of the results.",
)
@click.option("--variants", type=click.IntRange(min=0), help="As of 'kd-edge run'.")
def asap_sas(
    prompt: str,
    data: Path,
    work: Path,
    teachers: int,
    student: str,
    model: Path | None,
    variants: int | None,
) -> None:
    """A PROMPT of ASAP-SAS: fit on train.tsv, measured once on test.tsv."""
    folder = data / "asap-sas"
    train = read_responses(folder / "train.tsv", only_items=(prompt,))
    test = read_responses(folder / "test.tsv", only_items=(prompt,), scored=False)
    sources = [(folder / "prompts" / f"{prompt}.txt").read_text(encoding="utf-8")]
    name = f"asap-sas-{prompt}" if teachers == 1 else f"teachers-{teachers}-asap-sas-{prompt}"
    if model is not None:
        name = f"{model.name}-{name}"
    options = RunOptions(
        teacher=TeacherOptions() if model is None else TeacherOptions(model=str(model)),
        teachers=teachers,
        variants=variants,
        distil=DistilOptions(student=student),
    )
    _measure(name, train, test, sources, work, options)


@main.command()
@click.argument("item")
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@_STUDENT
def sample(item: str, work: Path, student: str) -> None:
    """A sample ITEM: wool-ice, pond-web or percent-back."""
    folder = _SAMPLE / item
    responses = read_responses(folder / "responses.csv")
    sources = [(folder / name).read_text(encoding="utf-8") for name in ("prompt.txt", "rubric.txt")]
    options = RunOptions(distil=DistilOptions(student=student))
    _measure(f"sample-{item}", responses, None, sources, work, options)


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
    figures = _figures(report, folder, seconds)
    both = options.distil.second is not None
    if both:
        texts = read_scored(folder / FILE, responses.items[0].scale.classes).texts
        figures["asked"] = _asked(work / name, texts)
    result = f"two-students-{name}" if both else f"agreement-{name}"
    path = record.write(result, figures, options.teacher.seed)
    for labels in ("labels", "test_labels"):
        if options.teachers == 1 and not both:
            shutil.copy(folder / f"{labels}.csv", path.with_name(f"{labels}-{name}.csv"))
    click.echo(str(path))


def _figures(report: RunReport, folder: Path, seconds: float) -> dict[str, Any]:
    stages = {}
    for stage in _STAGES:
        made = read_record(folder / f"{stage}.stage.json")
        if made is not None:
            stages[stage] = made.seconds
    return {
        "item": report.items[0].as_json(),
        "options": report.options,
        "seconds": {**stages, "all": round(seconds, 1)},
    }


def _asked(out: Path, texts: Sequence[str]) -> float:
    """The share of the test responses that a run's second student is asked about, 0 to 1."""
    with Scorer.open(out / BUNDLE, first_only=True) as scorer:
        second = scorer.bundle.manifest.item().second
        assert second is not None, "the run was one of both students"
        return mean(score.confidence < second.below for score in scorer.score_many(texts))


if __name__ == "__main__":
    main()
