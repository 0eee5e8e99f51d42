"""What pays in distillation: one choice changed at a time, on validation rows.

    python -m benchmarks.distillation_choices 1 5 --data DATA

Uses the soft labels and variants that `benchmarks.agreement` left in its work folder; never
reads the test rows. Writes `results/choices.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.work_folder import divergence, trained
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Row
from kd_edge.distillation.examples import with_soft_labels, without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.runs.folder import item_folder
from kd_edge.soft_labels.augmentation import make_variants
from kd_edge.soft_labels.label_variants import Variants, label_variants, read_variants
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.students.bag import KIND
from kd_edge.students.base import TextSources
from kd_edge.teacher.held_out import learning_rows

SEEDS = (0, 1)
ALIKE = 20_000


@dataclass(frozen=True)
class Choice:
    """One way to distil.

    Attributes:
        name: what is different from the default.
        student: options of the bag.
        options: options of the distillation.
        variants: most variants; None for all.
        teacher: False for people's scores alone.
        alike: take variants for which responses were drawn alike, whatever their score.
    """

    name: str
    student: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    variants: int | None = None
    teacher: bool = True
    alike: bool = False


CHOICES = (
    Choice("default"),
    Choice("no teacher", teacher=False),
    Choice("no variants", variants=0),
    Choice("20,000 variants", variants=ALIKE),
    Choice("20,000 variants, all scores alike", variants=ALIKE, alike=True),
    Choice("no n-gram dropout", {"ngram_dropout": 0.0}),
    Choice("no character n-grams", {"gram": 0}),
    Choice("lambda 4", options={"weight": 4.0}),
    Choice("temperature 2", options={"temperature": 2.0}),
)


@click.command()
@click.argument("prompts", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(prompts: tuple[str, ...], data: Path, work: Path) -> None:
    """Try each choice on the validation rows of some ASAP-SAS PROMPTS."""
    figures = {}
    for prompt in prompts:
        item = read_responses(data / "asap-sas" / "train.tsv", only_items=(prompt,)).items[0]
        figures[prompt] = _prompt(item, item_folder(work / f"asap-sas-{prompt}", prompt))
    click.echo(str(record.write("choices", figures, SEEDS[0])))


def _prompt(item: Item, folder: Path) -> dict[str, Any]:
    rows, held_out = learning_rows(item, folder / "teacher", 0)
    classes = item.scale.classes
    labels = labels_by_id(folder / "labels.csv", classes, [*rows, *held_out])
    variants = read_variants(folder / "variants.csv", classes)
    alike = _alike(rows, folder)
    taught_by = np.stack([labels[row.response_id] for row in held_out])
    human = human_scores(held_out)
    texts = [row.text for row in held_out]
    found: dict[str, Any] = {
        "held out": len(held_out),
        "teacher": {"qwk": quadratic_kappa(human, taught_by.argmax(1), range(len(classes)))},
    }
    for choice in CHOICES:
        kappa, apart = [], []
        for seed in SEEDS:
            options = replace(
                DistilOptions(student_options=choice.student, seed=seed), **choice.options
            )
            text = KIND.learn_text(
                TextSources([row.text for row in rows]), KIND.options(choice.student)
            )
            if choice.teacher:
                examples = with_soft_labels(
                    rows, labels, _first(alike if choice.alike else variants, choice.variants)
                )
            else:
                examples = without_soft_labels(rows, len(classes))
                options = replace(options, weight=0.0)
            student = trained(item, examples, held_out, text, options, choice.name)
            mine = student.probabilities(texts)
            machine = decided(mine, item.scale, "most-probable")
            kappa.append(quadratic_kappa(human, machine, range(len(classes))))
            apart.append(divergence(taught_by, mine))
        found[choice.name] = {
            "qwk": float(np.mean(kappa)),
            "qwk_spread": float(np.max(kappa) - np.min(kappa)),
            "divergence": float(np.mean(apart)),
        }
    return found


def _alike(rows: Sequence[Row], folder: Path) -> Variants:
    """Variants of responses drawn without regard to their score."""
    made = make_variants([row.text for row in rows], ALIKE, SEEDS[0])
    return label_variants(made, [folder / "teacher"], folder / "variants-alike.csv")


def _first(variants: Variants, count: int | None) -> Variants | None:
    if count == 0:
        return None
    return Variants(variants.texts[:count], variants.probabilities[:count])


if __name__ == "__main__":
    main()
