"""Few responses: what more variants and longer vectors bring, on the sample items.

    python -m benchmarks.few_responses

Some thirty held-out responses cannot tell: students are held against their teacher on variants of
the held-out responses, none of which they learn from. Uses what `benchmarks.agreement` left in its
work folder. Writes `results/few.json`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.work_folder import Left, divergence, sample, trained
from kd_edge.console.tables import markdown
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.soft_labels.augmentation import make_variants
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student
from kd_edge.teacher.predict import predict

ITEMS = ("wool-ice", "pond-web", "percent-back")
PER_RESPONSE = 40
HELD_OUT = 800
SEED = 1
STUDENTS: dict[str, tuple[str, dict[str, int]]] = {
    "bag, 8 numbers an n-gram": ("bag", {"dimensions": 8}),
    "bag": ("bag", {}),
    "rnn": ("rnn", {}),
}


@click.command()
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(work: Path) -> None:
    """Measure students of 40 variants a response, and of all that there are."""
    click.echo(str(record.write("few", {name: _item(sample(name, work)) for name in ITEMS}, SEED)))


def _item(left: Left) -> dict[str, Any]:
    texts = make_variants([row.text for row in left.held_out], HELD_OUT, SEED)
    teacher = predict(left.folder / "teacher", texts)
    found = {}
    for count in (PER_RESPONSE * len(left.rows), len(left.variants.texts)):
        for name, (kind, options) in STUDENTS.items():
            student = _student(left, kind, options, count)
            found[f"{name}, {count}"] = {
                "student": name,
                "variants": count,
                "parameters": student.parameters,
                **_against(teacher, student.probabilities(texts)),
            }
    return {"responses": len(left.rows), "students": found}


def _student(left: Left, kind: str, options: dict[str, int], count: int) -> Student:
    first = Variants(left.variants.texts[:count], left.variants.probabilities[:count])
    found = registry.get(kind)
    known = found.learn_text(TextSources([row.text for row in left.rows]), found.options(options))
    return trained(
        left.item,
        with_soft_labels(left.rows, left.labels, first),
        left.held_out,
        known,
        DistilOptions(student=kind, student_options=options),
        f"{kind}, {count:,} variants",
    )


def _against(teacher: np.ndarray, student: np.ndarray) -> dict[str, float]:
    return {
        "divergence": divergence(teacher, student),
        "qwk": quadratic_kappa(teacher.argmax(1), student.argmax(1), range(teacher.shape[1])),
    }


def table() -> str:
    """How near students come to their teacher, by item, kind and number of variants."""
    rows = []
    for name, item in record.read("few")["figures"].items():
        for one in item["students"].values():
            rows.append(
                [
                    f"sample: {name}",
                    str(item["responses"]),
                    one["student"],
                    f"{one['parameters']:,}",
                    f"{one['variants']:,}",
                    f"{one['divergence']:.3f}",
                    f"{one['qwk']:.3f}",
                ]
            )
    header = [
        "item",
        "responses",
        "student",
        "parameters",
        "variants",
        "divergence from teacher",
        "QWK with the teacher's scores",
    ]
    return markdown(header, rows)


if __name__ == "__main__":
    main()
