"""What a form of a student loses, what it takes, and how long an export is.

    python -m benchmarks.form_losses --data DATA

Exports, in every form, the students that `benchmarks.agreement` left in its work folder, and
beside each the same student trained in floats, whose table is rounded when it is exported.
Writes `results/forms.json`.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from benchmarks.work_folder import Left, asap_sas, sample, trained
from kd_edge.bundling.bundle import ExportItem, ExportOptions, export
from kd_edge.bundling.parity import Limits
from kd_edge.bundling.student_parts import choose_forms, student_parts
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.students import store
from kd_edge.students.student import Student
from kd_edge_export.parity import form_outputs

PROMPTS = ("1", "5")
SAMPLES = ("wool-ice", "pond-web", "percent-back")

# Everything is let through: what is lost is to be seen, not refused.
_NO_LIMITS = Limits(greatest=1, equal=0, qwk_loss=2)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(data: Path, work: Path) -> None:
    """Export in every form and measure what is lost."""
    figures = {}
    for prompt in PROMPTS:
        figures[f"asap-sas-{prompt}"] = _item(asap_sas(prompt, data, work, test=True))
    for name in SAMPLES:
        figures[f"sample-{name}"] = _item(sample(name, work))
    click.echo(str(record.write("forms", figures, 0)))


def _item(left: Left) -> dict[str, Any]:
    trained = store.load(left.folder / "student")
    return {
        "held out": len(left.held_out),
        "test": len(left.test),
        "as trained": _figures(trained, left),
        "trained in floats": _figures(_in_floats(left), left),
    }


def _in_floats(left: Left) -> Student:
    student = store.load(left.folder / "student")
    chosen = {"ngrams": student.options.ngrams, "dimensions": student.options.dimensions}
    options = DistilOptions(student_options={**chosen, "gram": student.options.gram, "bits": 32})
    return trained(
        left.item,
        with_soft_labels(left.rows, left.labels, left.variants),
        left.held_out,
        student.text,
        options,
        f"item '{left.item.item_id}' in floats",
    )


def _figures(student: Student, left: Left) -> dict[str, Any]:
    item = ExportItem(student, left.sources, left.held_out)
    with tempfile.TemporaryDirectory() as scratch:
        started = time.monotonic()
        made = export(
            [item], Path(scratch) / "item.kdz", {}, ExportOptions(("all",), limits=_NO_LIMITS)
        )
        seconds = time.monotonic() - started
        size = (Path(scratch) / "item.kdz").stat().st_size
    (parity,) = made.parity.values()
    texts = [row.text for row in left.test]
    torchs = _kappa(student, student.probabilities(texts), left)
    parts, _ = student_parts(student, choose_forms(student, ("all",)))
    outputs = form_outputs(replace(parts, golden=b""), texts)
    return {
        "parameters": student.parameters,
        "seconds": round(seconds, 2),
        "bundle": size,
        "test qwk, PyTorch": torchs,
        "forms": {
            one.form: {
                "bytes": one.bytes,
                "greatest": max(one.golden.greatest, one.held_out.greatest),
                "mean": one.held_out.mean,
                "equal, held out": one.held_out.equal,
                "qwk change, held out": one.qwk_change,
                "qwk change, test": _kappa(student, outputs[one.form], left) - torchs,
            }
            for one in parity
        },
    }


def _kappa(student: Student, probabilities: Any, left: Left) -> float:
    machine = decided(probabilities, student.scale, student.decision)
    return quadratic_kappa(human_scores(left.test), machine, student.scale.values)


if __name__ == "__main__":
    main()
