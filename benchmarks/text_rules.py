"""Text rules 2 against 1: students without a teacher, on real, sample and invented items.

    python -m benchmarks.text_rules --data DATA
    python -m benchmarks.text_rules --data DATA --test

Without `--test`, a fifth of ASAP-SAS's training responses are held out and measured on, and nothing
is written; with it, its test responses are, once. Writes `results/text_rules.json`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.items import REAL, SAMPLES
from benchmarks.made_items import SEED, MadeItem, made_items
from benchmarks.work_folder import SAMPLE, trained
from kd_edge.data.readers import read_responses
from kd_edge.data.splits import Split, split_item
from kd_edge.distillation.examples import without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.metrics import agreement
from kd_edge.runs.test_scores import student_scorings
from kd_edge.students import registry
from kd_edge.students.bag import BagOptions
from kd_edge.students.base import TextSources
from kd_edge_runtime.text import KNOWN_RULES, words_by
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams

SEEDS = (0, 1, 2)
_VALIDATION = 0.15


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--test", is_flag=True, help="Measure on ASAP-SAS's test responses, and write.")
def main(data: Path, test: bool) -> None:
    """Measure students with rules 1 and 2."""
    figures: dict[str, Any] = {}
    for name, made in made_items().items():
        figures[f"made-{name}"] = _measured(
            [split_item(made.item, None, _VALIDATION, seed) for seed in SEEDS]
        )
        figures[f"made-{name}"]["twins"] = _twins(made)
        click.echo(f"{name}: {figures[f'made-{name}']}")
    for name in SAMPLES:
        item = read_responses(SAMPLE / name.removeprefix("sample-") / "responses.csv").items[0]
        figures[name] = _measured([split_item(item, None, _VALIDATION, seed) for seed in SEEDS])
        click.echo(f"{name}: {figures[name]}")
    for name in REAL:
        figures[name] = _measured(_asap_sas(data / "asap-sas", name.rpartition("-")[2], test))
        click.echo(f"{name}: {figures[name]}")
    if test:
        click.echo(str(record.write("text_rules", figures, SEED)))


def _asap_sas(folder: Path, prompt: str, test: bool) -> list[Split]:
    item = read_responses(folder / "train.tsv", only_items=(prompt,)).items[0]
    other, source = None, ""
    if test:
        read = read_responses(folder / "test.tsv", only_items=(prompt,), scored=False)
        other, source = read.items[0], read.source
    return [split_item(item, other, _VALIDATION, seed, source) for seed in SEEDS]


def _measured(splits: list[Split]) -> dict[str, Any]:
    """Agreement with people's scores of the test rows, for each split's seed, by rules."""
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


if __name__ == "__main__":
    main()
