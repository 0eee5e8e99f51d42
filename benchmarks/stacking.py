"""What a student learns from, and which student ships, chosen on held-out responses.

    python -m benchmarks.stacking 1 2 wool-ice pond-web percent-back inequality --data DATA

Uses the teachers, labels and variants that `benchmarks.agreement` left in its work folder; the test
rows of ASAP-SAS are not read. `inequality` is that of `benchmarks.made_items`, run by `kd-edge run`
into `made-inequality` of the work folder. Adds to `results/stacking.json`.

For each item the weight of the teacher is chosen by halves of the held-out rows: on one half, drawn
anew each time, and measured on the other. Then the student without a teacher, the one that learns
from the teacher alone, and the one that learns from the labels that were chosen are trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.made_items import INEQUALITY
from benchmarks.work_folder import Left, asap_sas, made, sample, trained
from kd_edge.console.tables import markdown
from kd_edge.data.responses import Row
from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.examples import with_soft_labels, without_soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.stacking import (
    SHARES,
    choose_share,
    judged,
    mean,
    of_rows,
    share_for,
    stacked,
)
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import Floats, negative_log_likelihood
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students.student import Student
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED

TEACHER, ALONE, SHIPS = "teacher", "without teacher", "what ships"
TAUGHT, CHOSEN, AVERAGE = "teacher's labels", "chosen labels", "average of two bags"

HALVES = 100
_SEED = 0


@click.command()
@click.argument("items", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--variants", type=int, help="At most so many variants of each item.")
def main(items: tuple[str, ...], data: Path, work: Path, variants: int | None) -> None:
    """Measure the choice on ITEMS: prompts of ASAP-SAS by number, samples, or 'inequality'."""
    for name in items:
        left = _left(name, data, work)
        texts, shares = left.variants.texts[:variants], left.variants.probabilities[:variants]
        found = _item(replace(left, variants=Variants(texts, shares)))
        known = record.RESULTS / "stacking.json"
        figures = record.read("stacking")["figures"] if known.is_file() else {}
        click.echo(str(record.write("stacking", {**figures, name: found}, _SEED)))


def _left(name: str, data: Path, work: Path) -> Left:
    if name.isdigit():
        return asap_sas(name, data, work)
    return made(name, work) if name == INEQUALITY else sample(name, work)


def _item(left: Left) -> dict[str, Any]:
    options, rows, held_out = DistilOptions(seed=_SEED), left.rows, left.held_out
    data = LearningData(left.item, rows, held_out, left.labels, left.variants)
    text = data.learn_text(options)
    hard = without_soft_labels(rows, len(left.item.scale.classes))
    alone = trained(left.item, hard, held_out, text, replace(options, weight=0.0), ALONE)
    share = share_for(data, alone, options)

    def learnt(teacher_share: float) -> Student:
        taught = stacked(data, alone, teacher_share)
        soft = with_soft_labels(rows, taught.labels, taught.variants)
        return trained(left.item, soft, held_out, text, options, f"share {teacher_share}")

    students = {ALONE: alone, TAUGHT: learnt(1.0)}
    students[CHOSEN] = students[TAUGHT] if share == 1 else learnt(share)
    choice = choice_of(judged(data, students[CHOSEN], alone, share, options).provenance)
    assert choice is not None
    ships = CHOSEN if choice.with_teacher else ALONE
    found: dict[str, Any] = {
        "rows": len(rows),
        "variants": len(left.variants.texts),
        "share": share,
        "ships": "learnt" if choice.with_teacher else "alone",
        "halves": _halves(left, of_rows(alone, held_out)),
    }
    for part, measured in (("held out", held_out), ("test", left.test)):
        if measured:
            found[part] = {
                "responses": len(measured),
                TEACHER: _figures(left, measured, _teacher(left, measured), NEAREST_EXPECTED),
                **{
                    name: _figures(left, measured, of_rows(one, measured), one.decision)
                    for name, one in {**students, SHIPS: students[ships]}.items()
                },
                AVERAGE: _figures(
                    left, measured, _average(students, measured), students[TAUGHT].decision
                ),
            }
    return found


def _teacher(left: Left, rows: Sequence[Row]) -> Floats:
    return np.stack([{**left.labels, **left.test_labels}[row.response_id] for row in rows])


def _average(students: Mapping[str, Student], rows: Sequence[Row]) -> Floats:
    """What one bag of both tables would say: the mean of the logits, normalised."""
    logs = [np.log(np.maximum(of_rows(students[name], rows), 1e-9)) for name in (ALONE, TAUGHT)]
    both = np.exp(np.mean(logs, axis=0))
    return np.asarray(both / both.sum(axis=1, keepdims=True))


def _figures(left: Left, rows: Sequence[Row], own: Floats, decision: str) -> dict[str, float]:
    scale, human = left.item.scale, human_scores(rows)
    found = agreement(human, decided(own, scale, decision), scale)
    loss = negative_log_likelihood(own, human)
    return {"qwk": found.qwk, "accuracy": found.accuracy, "loss": loss}


def _halves(left: Left, alone: Floats) -> dict[str, Any]:
    """Weights chosen on one half of the held-out rows, and the labels' loss on the other."""
    rng = np.random.default_rng(_SEED)
    scores, teacher = human_scores(left.held_out), _teacher(left, left.held_out)
    shares: list[float] = []
    losses: dict[str, list[float]] = {name: [] for name in ("teacher", "chosen", "half")}
    for _ in range(HALVES):
        order = rng.permutation(len(scores))
        middle = len(scores) // 2
        for at, other in ((order[:middle], order[middle:]), (order[middle:], order[:middle])):
            share = choose_share(teacher[at], alone[at], scores[at], left.item.scale)
            shares.append(share)
            for name, weight in (("teacher", 1.0), ("chosen", share), ("half", 0.5)):
                labels = mean(teacher[other], alone[other], weight)
                losses[name].append(negative_log_likelihood(labels, scores[other]))
    return {
        "shares": {str(share): shares.count(share) / len(shares) for share in SHARES},
        "loss": {name: float(np.mean(own)) for name, own in losses.items()},
    }


def table() -> str:
    """QWK of what could ship, and what does."""
    rows = []
    for name, found in sorted(record.read("stacking")["figures"].items()):
        part = "test" if "test" in found else "held out"
        one = found[part]
        rows.append(
            [
                f"prompt {name}" if name.isdigit() else name,
                f"{one['responses']} {part}",
                *(f"{one[who]['qwk']:.3f}" for who in (TEACHER, ALONE, TAUGHT)),
                f"{found['share']:.2f}",
                *(f"{one[who]['qwk']:.3f}" for who in (CHOSEN, AVERAGE)),
                found["ships"],
                f"{one[SHIPS]['qwk']:.3f}",
            ]
        )
    header = ["item", "responses", TEACHER, ALONE, TAUGHT, "teacher's share", CHOSEN, AVERAGE,
              "ships", "QWK of that"]  # fmt: skip
    return markdown(header, rows)


if __name__ == "__main__":
    main()
