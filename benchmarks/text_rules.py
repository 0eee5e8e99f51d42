"""Text rules 2 against 1: students without a teacher, on real, sample and invented items.

    python -m benchmarks.text_rules --data DATA
    python -m benchmarks.text_rules --data DATA --test

Without `--test`, a fifth of ASAP-SAS's training responses are held out and measured on, and nothing
is written; with it, its test responses are, once. Writes `results/text_rules.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.items import REAL, SAMPLES
from benchmarks.made_items import SEED, MadeItem, made_items
from benchmarks.work_folder import SAMPLE, trained
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item
from kd_edge.data.splits import Split, split_item
from kd_edge.distillation.examples import without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.metrics import agreement
from kd_edge.files import write_json
from kd_edge.runs.test_scores import student_scorings
from kd_edge.students import registry
from kd_edge.students.bag import BagOptions
from kd_edge.students.base import TextSources
from kd_edge_runtime.text import KNOWN_RULES, words_by
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams

SEEDS = (0, 1, 2)
# Prompts of science, whose responses hold numbers and signs.
PROMPTS = ("asap-sas-1", "asap-sas-2", "asap-sas-5")
_VALIDATION = 0.15


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--test", is_flag=True, help="Measure on ASAP-SAS's test responses, and write.")
def main(data: Path, work: Path, test: bool) -> None:
    """Measure students with rules 1 and 2; a stopped run goes on after the last item."""
    done = work / f"text_rules-{'test' if test else 'train'}.json"
    figures: dict[str, Any] = json.loads(done.read_text("utf-8")) if done.is_file() else {}
    work.mkdir(parents=True, exist_ok=True)
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        **{f"made-{name}": partial(_made, made) for name, made in made_items().items()},
        **{name: partial(_asap_sas, data / "asap-sas", name, test) for name in PROMPTS},
        **{name: partial(_sample, name) for name in SAMPLES},
    }
    for name, measure in measures.items():
        if name not in figures:
            figures[name] = measure()
            write_json(done, figures)
        click.echo(f"{name}: {figures[name]}")
    if test:
        click.echo(str(record.write("text_rules", figures, SEED)))


def _asap_sas(folder: Path, name: str, test: bool) -> dict[str, Any]:
    only = (name.rpartition("-")[2],)
    item = read_responses(folder / "train.tsv", only_items=only).items[0]
    if not test:
        return _measured(item)
    read = read_responses(folder / "test.tsv", only_items=only, scored=False)
    return _measured(item, read.items[0], read.source)


def _sample(name: str) -> dict[str, Any]:
    folder = SAMPLE / name.removeprefix("sample-")
    return _measured(read_responses(folder / "responses.csv").items[0])


def _made(made: MadeItem) -> dict[str, Any]:
    return {**_measured(made.item), "twins": _twins(made)}


def _measured(item: Item, test: Item | None = None, source: str = "") -> dict[str, Any]:
    """Agreement with people's scores of the test rows, for each seed, by rules."""
    splits = [split_item(item, test, _VALIDATION, seed, source) for seed in SEEDS]
    found: dict[str, Any] = {"test": len(splits[0].test)}
    for rules in KNOWN_RULES:
        scores = [_score(split, rules, seed) for split, seed in zip(splits, SEEDS, strict=True)]
        found[str(rules)] = {
            "qwk": [round(qwk, 4) for qwk, _ in scores],
            "accuracy": [round(right, 4) for _, right in scores],
        }
    return found


def _score(split: Split, rules: int, seed: int) -> tuple[float, float]:
    chosen = {"rules": rules}
    kind = registry.get("bag")
    text = kind.learn_text(TextSources([row.text for row in split.train]), kind.options(chosen))
    classes = len(split.item.scale.classes)
    student = trained(
        split.item,
        without_soft_labels(split.train, classes),
        split.validation,
        text,
        DistilOptions(student_options=chosen, seed=seed, weight=0.0),
        f"rules {rules}, seed {seed}",
    )
    predicted = student_scorings(student, [row.text for row in split.test]).predicted
    human = np.array([row.score for row in split.test])
    measured = agreement(human, predicted, split.item.scale)
    return measured.qwk, measured.accuracy


def _twins(made: MadeItem) -> dict[str, float]:
    """The share of twins that a bag tells apart: by their words, runs and pairs, by rules."""
    return {
        str(rules): sum(_ngrams(one, rules) != _ngrams(two, rules) for one, two in made.twins)
        / len(made.twins)
        for rules in KNOWN_RULES
    }


def _ngrams(text: str, rules: int) -> Counter[tuple[str, ...]]:
    words = [word[:MAX_WORD] for word in words_by(rules)(text)]
    runs = [run for word in words for run in grams(word, BagOptions.gram)]
    return Counter([*((one,) for one in (*words, *runs)), *zip(words, words[1:], strict=False)])


def real_table() -> str:
    """Agreement with people on real responses, by rules."""
    return _table([(name, REAL[name]) for name in PROMPTS], twins=False)


def made_table() -> str:
    """The same on invented responses, and whether the twins are told apart."""
    found = [name for name in record.read("text_rules")["figures"] if name.startswith("made-")]
    labels = {name: f"{name.removeprefix('made-')} (made up)" for name in found}
    samples = {name: f"sample: {label}" for name, label in SAMPLES.items()}
    return _table([*samples.items(), *labels.items()], twins=True)


def _table(names: list[tuple[str, str]], *, twins: bool) -> str:
    figures = record.read("text_rules")["figures"]
    rows = []
    for name, label in names:
        one = figures[name]
        row = [label, f"{one['test']:,}"]
        for rules in map(str, KNOWN_RULES):
            qwk, right = one[rules]["qwk"], one[rules]["accuracy"]
            row += [f"{mean(qwk):.3f}", f"{max(qwk) - min(qwk):.3f}", f"{mean(right):.3f}"]
        if twins:
            told = one.get("twins", {})
            row += [
                f"{100 * told[key]:.0f} %" if key in told else "" for key in map(str, KNOWN_RULES)
            ]
        rows.append(row)
    header = ["item", "responses"]
    for rules in KNOWN_RULES:
        header += [f"rules {rules}: QWK", "spread", "accuracy"]
    if twins:
        header += [f"twins told apart by rules {rules}" for rules in KNOWN_RULES]
    return markdown(header, rows)


if __name__ == "__main__":
    main()
