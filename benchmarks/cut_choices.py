"""What pays in cutting a student out of its teacher: one choice changed at a time.

    python -m benchmarks.cut_choices 1 2 9 --data DATA --work WORK
    python -m benchmarks.cut_choices 1 --data DATA --work WORK --choice "three layers" --seeds 3

Uses the teacher, soft labels, variants and first student that `benchmarks.agreement …
--student both` left in its work folder. All is measured on validation rows; the test rows are never
read. What is finished stays in the work folder, in `cut_choices`, so that a stopped call goes on,
and one with more seeds, prompts or choices trains those alone. Writes `results/cut_choices.json`
with everything that is finished there for the prompts named, and shows it as a table.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.wanted_choices import choice_option, wanted_choices
from benchmarks.work_folder import Left, asap_sas, divergence
from kd_edge.bundling.bundle import ExportItem, ExportOptions, prepare
from kd_edge.bundling.parity import Limits
from kd_edge.console.progress import say
from kd_edge.console.tables import markdown
from kd_edge.distillation.distil import Distilled, soft_labels, train_student
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.files import make_folder, write_json
from kd_edge.students import store
from kd_edge.students.registry import SECOND
from kd_edge.students.student import Student

_NAME = "cut_choices"
_TEACHER = "teacher"
_SAID = ("qwk", "correlation", "divergence", "bytes", "seconds")


@dataclass(frozen=True)
class Choice:
    """One way to cut and to train.

    Attributes:
        name: what is different from the default.
        student: options of the transformer.
    """

    name: str
    student: Mapping[str, Any] = field(default_factory=dict)


CHOICES = (
    Choice("default: layers 0, 5"),
    Choice("layers 0, 2, 5", {"layers": (0, 2, 5)}),
    Choice("vectors, weight 0.3", {"vector_weight": 0.3}),
    Choice("vectors, weight 1", {"vector_weight": 1.0}),
    Choice("vectors, weight 3", {"vector_weight": 3.0}),
    Choice("all variants", {"variants": None}),
    Choice("all variants, vectors, weight 1", {"variants": None, "vector_weight": 1.0}),
    Choice("layers 0, 2, 5, vectors, weight 1", {"layers": (0, 2, 5), "vector_weight": 1.0}),
)


@click.command()
@click.argument("prompts", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--seeds", type=click.IntRange(min=1), default=1, help="Seeds 0 to SEEDS - 1.")
@choice_option
def main(
    prompts: tuple[str, ...], data: Path, work: Path, seeds: int, wanted: tuple[str, ...]
) -> None:
    """Try each choice on the validation rows of some ASAP-SAS PROMPTS."""
    chosen = wanted_choices(CHOICES, wanted)
    runs = {prompt: _Prompt(asap_sas(prompt, data, work)) for prompt in prompts}
    # A choice for all prompts first: what is there after a while can be compared.
    for seed in range(seeds):
        for one in chosen:
            for prompt, run in runs.items():
                say(f"Prompt {prompt}, seed {seed}: {one.name}")
                run.figures(one, seed)
                figures = {name: run.finished() for name, run in runs.items()}
                path = record.write(_NAME, figures, 0)
    click.echo(table())
    click.echo(str(path))


class _Prompt:
    """Trains and measures the choices of a prompt, each once.

    Args:
        left: what the run left.
    """

    def __init__(self, left: Left) -> None:
        self._left = left
        self._folder = left.folder / _NAME
        learning = LearningData(
            left.item, left.rows, left.held_out, left.labels, left.variants, left.folder / "teacher"
        )
        first, alone = (store.load(left.folder / name) for name in ("student", "baseline"))
        self._data = soft_labels(learning, Distilled(first, alone))
        self._examples = with_soft_labels(self._data.rows, self._data.labels, self._data.variants)
        self._teacher = np.stack([left.labels[row.response_id] for row in left.held_out])

    def figures(self, choice: Choice, seed: int) -> dict[str, Any]:
        """What a choice comes to; trained unless it was before."""
        make_folder(self._folder)
        path = self._folder / f"{_file(choice.name)}-{seed}.json"
        if path.is_file():
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
        options = DistilOptions(student=SECOND, student_options=choice.student, seed=seed)
        started = time.monotonic()
        student = train_student(
            self._data.item,
            self._examples,
            self._data.held_out,
            self._data.learn_text(options),
            options,
            path.with_suffix(""),
            choice.name,
        )
        seconds = time.monotonic() - started  # of one that was stopped, those since
        own = student.probabilities([row.text for row in self._left.held_out])
        measured = {**self._measured(own, student.decision), "seconds": round(seconds, 1)}
        measured |= {"parameters": student.parameters, "bytes": self._bytes(student)}
        write_json(path, {"name": choice.name, "seed": seed, **measured})
        shutil.rmtree(path.with_suffix(""))
        return measured

    def finished(self) -> dict[str, Any]:
        """All that is finished: the mean over seeds by the name of a choice, and the teacher's."""
        runs = [json.loads(path.read_text("utf-8")) for path in sorted(self._folder.glob("*.json"))]
        found: dict[str, Any] = {
            "held out": len(self._left.held_out),
            _TEACHER: self._measured(self._teacher, "most-probable"),
        }
        for choice in CHOICES:
            own = [run for run in runs if run["name"] == choice.name]
            if own:
                kappas = [run["qwk"] for run in own]
                means = {name: fmean(run[name] for run in own) for name in _SAID}
                spread = max(kappas) - min(kappas)
                found[choice.name] = {**means, "qwk_spread": spread, "seeds": len(own)}
        return found

    def _measured(self, shares: np.ndarray, decision: str) -> dict[str, float]:
        """Agreement with people and with the teacher, on held-out responses."""
        scale = self._left.item.scale
        classes, values = decided(shares, scale, decision), np.array(scale.values)
        expected = [given.astype(np.float64) @ values for given in (shares, self._teacher)]
        return {
            "qwk": quadratic_kappa(human_scores(self._left.held_out), classes, scale.values),
            "correlation": float(np.corrcoef(*expected)[0, 1]),
            "divergence": divergence(self._teacher, shares),
        }

    def _bytes(self, student: Student) -> int:
        """What a device reads of it: its int8 form and its tokenizer."""
        left = self._left
        item = ExportItem(student, left.sources, left.held_out, left.sources)
        open_ = Limits(greatest=1.0, equal=0.0, qwk_loss=2.0)
        (ready,) = prepare([item], ExportOptions(("onnx-int8",), limits=open_))
        return len(ready.parts.vectorizer[1]) + sum(
            len(data) for _, data in ready.parts.forms.values()
        )


def _file(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower())


def table() -> str:
    """Means over the prompts for which a choice is finished; the default's on the same prompts."""
    prompts = record.read(_NAME)["figures"]
    rows = []
    for name in (_TEACHER, *(choice.name for choice in CHOICES)):
        own = [figures[name] for figures in prompts.values() if name in figures]
        default = [
            figures[CHOICES[0].name]
            for figures in prompts.values()
            if name in figures and CHOICES[0].name in figures
        ]
        if own:
            rows.append([name, *_cells(own, default)])
    header = [
        "changed",
        "prompts",
        "seeds",
        "QWK, held out",
        "against the default",
        "correlation with the teacher's expected score",
        "divergence from teacher",
        "bytes",
        "seconds of training",
    ]
    return markdown(header, rows)


def _cells(own: Sequence[Mapping[str, Any]], default: Sequence[Mapping[str, Any]]) -> list[str]:
    def mean(name: str, shown: str) -> str:
        return format(fmean(one[name] for one in own), shown) if name in own[0] else ""

    gain = fmean(one["qwk"] for one in own) - fmean(one["qwk"] for one in default)
    return [
        str(len(own)),
        str(min(one["seeds"] for one in own)) if "seeds" in own[0] else "",
        mean("qwk", ".3f"),
        f"{gain:+.3f}" if len(own) == len(default) else "",
        mean("correlation", ".4f"),
        mean("divergence", ".3f"),
        mean("bytes", ",.0f"),
        mean("seconds", ".0f"),
    ]


TABLES: dict[str, Callable[[], str]] = {"cut-choices": table}

if __name__ == "__main__":
    main()
