"""What pays in fine-tuning a teacher on few short answers: one choice changed at a time.

    python -m benchmarks.teacher_choices sample-percent-back made-inequality --work WORK
    python -m benchmarks.teacher_choices asap-sas-5/100 --data DATA --work WORK --choice rate

Cross-validated on rows to learn from; test rows are never read. An item is dealt into three
folds; one is measured on, and of the others 15 % are held out, as `kd-edge run` does. A name like
`asap-sas-5/100` is that of an item's first 100 rows after shuffling, measured on 150 others.

Each training is run to the end of its schedule once, and gives a row for each way to choose the
weights that are kept. What is finished stays in the work folder, in `teacher_choices`, so that a
stopped call goes on after the last finished training. Writes `results/teacher_choices.json` with
everything that is finished there, and shows it as a table.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import numpy as np
import torch

from benchmarks import record
from benchmarks.teacher_folds import FOLDS, Part, parts
from benchmarks.teacher_trial import KEPT, Extras, Trial
from benchmarks.wanted_choices import choice_option, wanted_choices
from benchmarks.work_folder import trained
from kd_edge.console.progress import say
from kd_edge.console.tables import markdown
from kd_edge.distillation.examples import without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.metrics import quadratic_kappa
from kd_edge.files import make_folder, write_json
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import resolve

_NAME = "teacher_choices"
_BAG = "bag without a teacher"
# Of the first row, whatever the defaults of kd-edge are.
_FIXED: dict[str, Any] = {
    "device": "cpu",
    "precision": "fp32",
    "label_smoothing": 0.0,
    "patience": 3,  # the trial goes on, so that each way to keep weights has its row
}
_SHOWN = {
    "best": "most QWK held out, patience 3",
    "least-loss": "least loss held out",
    "last": "last epoch",
    "average": "average of the last epochs",
    "moving": "moving average of the second half",
}


@dataclass(frozen=True)
class Choice:
    """One way to fine-tune.

    Attributes:
        name: what is different from the others.
        options: of the teacher.
        extras: what kd-edge has no option for.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    extras: Extras = field(default_factory=Extras)


CHOICES = (
    Choice("schedule of version 0.2"),
    Choice("8 epochs", {"epochs": 8}),
    Choice("8 epochs, label smoothing 0.1", {"epochs": 8, "label_smoothing": 0.1}),
    Choice("8 epochs, head reads all layers", {"epochs": 8}, Extras(all_layers=True)),
    Choice("8 epochs, R-drop", {"epochs": 8}, Extras(r_drop=1.0)),
    Choice("8 epochs, rate of 5e-5", {"epochs": 8, "learning_rate": 5e-5}),
    Choice("8 epochs, rate of 2e-4", {"epochs": 8, "learning_rate": 2e-4}),
    Choice("rate of 5e-5", {"learning_rate": 5e-5}),
    Choice("rate of 2e-4", {"learning_rate": 2e-4}),
    Choice("head's rate of 3e-3", {"head_learning_rate": 3e-3}),
    Choice("batches of 8", {"batch_size": 8}),
    Choice("no term of the expected score", {"ordinal_weight": 0.0}),
    Choice("label smoothing 0.1", {"label_smoothing": 0.1}),
    Choice("lower layers slower by 0.8 each", extras=Extras(layer_decay=0.8)),
    Choice("head begins with a logistic regression", extras=Extras(probe=True)),
    Choice("head reads all layers", extras=Extras(all_layers=True)),
    Choice("R-drop", extras=Extras(r_drop=1.0)),
)


@click.command()
@click.argument("items", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="With asap-sas.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(0,), help="May be repeated.")
@click.option("--fold", "folds", type=click.IntRange(0, FOLDS - 1), multiple=True)
@choice_option
def main(
    items: tuple[str, ...],
    data: Path | None,
    work: Path,
    seeds: tuple[int, ...],
    folds: tuple[int, ...],
    wanted: tuple[str, ...],
) -> None:
    """Fine-tune by each choice on some ITEMS: sample-…, made-… or asap-sas-P/ROWS."""
    chosen = wanted_choices(CHOICES, wanted)
    folder = work / _NAME
    make_folder(folder)
    for seed in seeds:
        for choice in chosen:
            for name in items:
                for fold, part in enumerate(parts(name, data)):
                    if fold in (folds or range(FOLDS)):
                        _finish(folder, name, fold, part, seed, choice)
                        path = record.write(_NAME, _figures(folder), 0)
    click.echo(table())
    click.echo(str(path))


def _finish(folder: Path, name: str, fold: int, part: Part, seed: int, choice: Choice) -> None:
    """Train and keep what is measured, and the bag beside it, unless it is there."""
    for one in (choice.name, _BAG):
        path = folder / f"{_file(one)}-{_file(name)}-{fold}-{seed}.json"
        if path.is_file():
            continue
        say(f"{name}, fold {fold + 1}, seed {seed}: {one}")
        started, more = time.process_time(), {}
        if one == _BAG:
            measured = {"bag": _bag(part, seed)}
        else:
            epochs = min(max(-(-5280 // len(part.rows)), 4), 20)  # as version 0.2
            given = {"epochs": epochs, **_FIXED, **choice.options}
            options = TeacherOptions(seed=seed, **given)
            trial = Trial(part.item, part.rows, part.held_out, options, resolve("packaged"))
            trial.with_extras(choice.extras)
            measured = trial.measured(part.measured)
            more = {"epoch": trial.stopped, "history": [asdict(one) for one in trial.history]}
        human = human_scores(part.measured)
        found = {
            "name": one,
            "item": name,
            "fold": fold,
            "seed": seed,
            "rows": len(part.rows),
            "human": human.tolist(),
            "values": list(part.item.scale.values),
            "kept": {way: _kept(shares, human) for way, shares in measured.items()},
            "seconds": round(time.process_time() - started, 1),
            **more,
        }
        write_json(path, found)


def _kept(shares: np.ndarray, human: np.ndarray) -> dict[str, Any]:
    own = shares[np.arange(len(human)), human].astype(np.float64)
    return {"predicted": shares.argmax(1).tolist(), "loss": float(-np.log(own + 1e-9).mean())}


def _bag(part: Part, seed: int) -> np.ndarray:
    """What a bag that learns from the same rows without a teacher says."""
    kind = registry.get("bag")
    text = kind.learn_text(TextSources([row.text for row in part.rows]), kind.options({}))
    examples = without_soft_labels(part.rows, len(part.item.scale.classes))
    options = DistilOptions(seed=seed, weight=0.0)
    bag = trained(part.item, examples, part.held_out, text, options, _BAG)
    return bag.probabilities([row.text for row in part.measured])


def _figures(folder: Path) -> dict[str, Any]:
    """By item, choice and way to keep: QWK of the folds together, mean over seeds."""
    runs = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    figures: dict[str, Any] = {}
    for name in (*(choice.name for choice in CHOICES), _BAG):
        for item in dict.fromkeys(run["item"] for run in runs):
            own = [run for run in runs if (run["name"], run["item"]) == (name, item)]
            if own:
                figures.setdefault(item, {})[name] = _together(own)
    return figures


def _together(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "trainings": sorted([run["fold"], run["seed"]] for run in runs),
        "rows": round(fmean(run["rows"] for run in runs)),
        "seconds": round(fmean(run["seconds"] for run in runs), 1),
        "kept": {},
    }
    for way in runs[0]["kept"]:
        kappas = []
        for seed in {run["seed"] for run in runs}:
            own = [run for run in runs if run["seed"] == seed]
            human = np.concatenate([run["human"] for run in own])
            predicted = np.concatenate([run["kept"][way]["predicted"] for run in own])
            kappas.append(quadratic_kappa(human, predicted, tuple(own[0]["values"])))
        loss = fmean(run["kept"][way]["loss"] for run in runs)
        found["kept"][way] = {"qwk": round(fmean(kappas), 4), "loss": round(loss, 4)}
    return found


def _file(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower())


def table() -> str:
    """QWK by item; the mean is over the items that a choice was measured on, as is the gain."""
    figures = record.read(_NAME)["figures"]
    rows = []
    for choice in CHOICES:
        own = {item: of[choice.name] for item, of in figures.items() if choice.name in of}
        for way in KEPT if own else ():
            rows.append([choice.name, _SHOWN[way], *_cells(figures, own, way)])
    bags = {item: of[_BAG] for item, of in figures.items()}
    rows.append([_BAG, "", *_cells(figures, bags, "bag")])
    header = ["fine-tuned with", "weights kept", *figures]
    return markdown([*header, "against the first row", "loss", "processor seconds"], rows)


def _cells(figures: Mapping[str, Any], own: Mapping[str, Any], way: str) -> list[str]:
    """QWK of each item; the mean gain over those whose trainings the first row has too."""
    kept = {item: of["kept"][way] for item, of in own.items()}
    gains = []
    for item, one in kept.items():
        first = figures[item].get(CHOICES[0].name)
        if first and first["trainings"] == own[item]["trainings"]:
            gains.append(one["qwk"] - first["kept"][KEPT[0]]["qwk"])
    return [
        *(f"{kept[item]['qwk']:.3f}" if item in kept else "" for item in figures),
        f"{fmean(gains):+.3f}" if len(gains) == len(kept) else "",
        f"{fmean(one['loss'] for one in kept.values()):.3f}",
        f"{fmean(of['seconds'] for of in own.values()):.0f}",
    ]


TABLES: dict[str, Callable[[], str]] = {"teacher-choices": table}

if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
