"""Whether 100 responses that `kd-edge suggest` chose teach as much as 150 by chance.

    python -m benchmarks.suggest 1 5 9 --data DATA

Of a prompt's training rows, as if none were scored, 100 are suggested in two rounds of 50, and as
many, and 150, are drawn by chance; three times each. A student learns from them, and a second one
also from the other responses, which a logistic regression over the same vectors labels: a stand-in
for a fine-tuned teacher, which takes minutes for each of these sets. Measured on the published test
set; how to choose was chosen on training rows, with the logistic regression.
Adds to `results/suggest.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks import record
from benchmarks.work_folder import trained
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import validation_rows
from kd_edge.distillation.examples import with_soft_labels, without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.soft_labels.label_variants import Variants
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student
from kd_edge.suggest.choose import most_telling
from kd_edge.suggest.points import Floats, points
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import PACKAGED
from kd_edge.teacher.vectors import language_vectors

SEEDS = (0, 1, 2)
ROUND, CHOSEN, MORE = 50, 100, 150
_FIT = 3.0  # the logistic regression's inverse strength of regularisation

SUGGESTED = "suggested"
CHANCE, MORE_CHANCE = "by chance", "by chance, half as many again"
WAYS = (SUGGESTED, CHANCE, MORE_CHANCE)
ALONE, TAUGHT = "student alone", "student of a quick teacher"


@click.command()
@click.argument("prompts", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--seed", "seeds", type=int, multiple=True, default=SEEDS)
@click.option("--way", "ways", type=click.Choice(WAYS), multiple=True, default=WAYS)
def main(
    prompts: tuple[str, ...],
    data: Path,
    work: Path,
    seeds: tuple[int, ...],
    ways: tuple[str, ...],
) -> None:
    """Measure PROMPTS of ASAP-SAS, and add them to what was measured."""
    for prompt in prompts:
        pool = _Pool.of(prompt, data / "asap-sas", work / "suggest")
        for seed in seeds:
            found = pool.measure(seed, ways)
            known = record.RESULTS / "suggest.json"
            figures = record.read("suggest")["figures"] if known.is_file() else {}
            before = figures.get(prompt, {})
            one = {**before.get(str(seed), {}), **found}
            own = dict(sorted({**before, str(seed): one}.items()))
            click.echo(str(record.write("suggest", {**figures, prompt: own}, SEEDS[0])))


@dataclass(frozen=True)
class _Pool:
    """The rows of a prompt.

    Attributes:
        item: the prompt.
        rows: those that may be scored.
        measured: those to measure on.
        vectors: what the packaged language model makes of `rows`.
    """

    item: Item
    rows: tuple[Row, ...]
    measured: tuple[Row, ...]
    vectors: np.ndarray

    @classmethod
    def of(cls, prompt: str, data: Path, work: Path) -> _Pool:
        item = read_responses(data / "train.tsv", only_items=(prompt,)).items[0]
        scales = {prompt: item.scale}
        test = read_responses(
            data / "test.tsv", only_items=(prompt,), scored=False, scales=scales
        ).items[0]
        work.mkdir(parents=True, exist_ok=True)
        kept = work / f"{prompt}.npy"
        if not kept.exists():
            np.save(kept, language_vectors(PACKAGED, [row.text for row in item.rows]))
        return cls(item, item.rows, test.rows, np.load(kept))

    def measure(self, seed: int, wanted: Sequence[str]) -> dict[str, Any]:
        texts = [row.text for row in self.rows]
        places = points(self.vectors, texts, seed)
        ways: dict[str, Callable[[], Sequence[int]]] = {
            SUGGESTED: lambda: _suggested(places, seed),
            CHANCE: lambda: _order(len(texts), seed)[:CHOSEN],
            MORE_CHANCE: lambda: _order(len(texts), seed)[:MORE],
        }
        return {way: self._figures(ways[way](), places, seed) for way in wanted}

    def _quick(self, chosen: Sequence[int], places: Floats) -> LogisticRegression:
        scores = human_scores([self.rows[at] for at in chosen])
        return LogisticRegression(C=_FIT, max_iter=1000).fit(places[[*chosen]], scores)

    def _figures(self, chosen: Sequence[int], places: Floats, seed: int) -> dict[str, Any]:
        rows = [self.rows[at] for at in chosen]
        held = set(validation_rows(rows, TeacherOptions().validation, seed))
        train = [row for row in rows if row.response_id not in held]
        held_out = [row for row in rows if row.response_id in held]
        classes = len(self.item.scale.classes)
        options = DistilOptions(seed=seed)
        hard = without_soft_labels(train, classes)
        alone = self._student(hard, held_out, train, replace(options, weight=0.0))
        at = {row.response_id: place for place, row in enumerate(self.rows)}
        quick = self._quick([at[row.response_id] for row in train], places)
        said = np.zeros((len(self.rows), classes), dtype=np.float32)
        said[:, quick.classes_] = quick.predict_proba(places)
        others = sorted(set(range(len(self.rows))) - set(chosen))
        labels = {row.response_id: said[at[row.response_id]] for row in train}
        more = Variants(tuple(self.rows[one].text for one in others), said[others])
        taught = self._student(with_soft_labels(train, labels, more), held_out, train, options)
        return {ALONE: self._agreement(alone), TAUGHT: self._agreement(taught)}

    def _student(
        self, examples: Any, held_out: Sequence[Row], train: Sequence[Row], options: DistilOptions
    ) -> Student:
        kind = registry.get(options.student)
        known = kind.learn_text(TextSources([row.text for row in train]), kind.options())
        return trained(self.item, examples, held_out, known, options, "student")

    def _agreement(self, student: Student) -> dict[str, Any]:
        probabilities = student.probabilities([row.text for row in self.measured])
        scores = decided(probabilities, student.scale, student.decision)
        return asdict(agreement(human_scores(self.measured), scores, self.item.scale))


def _suggested(places: Floats, seed: int) -> list[int]:
    """The places of what is suggested, round after round."""
    chosen: list[int] = []
    while len(chosen) < CHOSEN:
        left = sorted(set(range(len(places))) - set(chosen))
        chosen += most_telling(places, chosen, left, ROUND, seed)
    return chosen


def _order(count: int, seed: int) -> list[int]:
    return [int(one) for one in np.random.default_rng(seed).permutation(count)]


def _mean(found: dict[str, Any], way: str, name: str) -> float:
    return float(np.mean([one[way][name]["qwk"] for one in found.values()]))


def table() -> str:
    """QWK by prompt, the way of choosing and the student: means of three seeds."""
    rows = []
    for prompt, found in sorted(record.read("suggest")["figures"].items()):
        for way in WAYS:
            count = MORE if way == MORE_CHANCE else CHOSEN
            cells = [f"{_mean(found, way, name):.3f}" for name in (ALONE, TAUGHT)]
            rows.append([f"ASAP-SAS {prompt}", str(count), way, *cells])
    return markdown(["item", "scores", "chosen", ALONE, TAUGHT], rows)


if __name__ == "__main__":
    main()
