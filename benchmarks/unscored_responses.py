"""What responses that nobody scored bring, and what a second round on the teacher's scores.

    python -m benchmarks.unscored_responses 1 7 --data DATA

Of a prompt's training rows 300 keep their score, the others only their text; the rows that
`benchmarks.agreement` holds out for its choices are measured on, and nothing is chosen by them.
A round is Scudder (1965), "Probability of Error of Some Adaptive Pattern-Recognition Machines":
the teacher's likeliest score of each unscored response counts as a person's, a new teacher
learns from all, and a new student from it. Every student learns from the same number of
variants; its figures are means of three seeds. Writes `results/unlabelled.json`; teachers and
variants that are there are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks import record
from benchmarks.work_folder import trained
from kd_edge.console.tables import markdown
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import validation_rows
from kd_edge.distillation.examples import with_soft_labels, without_soft_labels
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.soft_labels.augmentation import texts_to_label
from kd_edge.soft_labels.label_variants import Variants, label_variants, read_variants
from kd_edge.stages.record import hash_file
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict

SCORED = 300
VARIANTS = 12_000
SEED = 0
SEEDS = (0, 1, 2)

ALONE = "student without teacher"
TEACHER, STUDENT = "teacher", "student"
MORE = "student, unscored responses too"
WORDS = "student, n-grams of unscored responses too"
TEACHER_2, STUDENT_2 = "teacher, second round", "student, second round"


@click.command()
@click.argument("prompts", nargs=-1, required=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
def main(prompts: tuple[str, ...], data: Path, work: Path) -> None:
    """Measure PROMPTS of ASAP-SAS with 300 scored responses each."""
    figures = {one: _Prompt.of(one, data, work).measure() for one in prompts}
    click.echo(str(record.write("unlabelled", figures, SEED)))


@dataclass
class _Prompt:
    """An item, its rows parted, and where its teachers go.

    Attributes:
        folder: for teachers and variants.
        item: the item.
        train: the scored rows to learn from.
        held_out: scored rows to choose by.
        unscored: rows whose scores nobody looks at.
        measured: rows to measure on.
    """

    folder: Path
    item: Item
    train: list[Row]
    held_out: list[Row]
    unscored: list[Row]
    measured: list[Row]

    @classmethod
    def of(cls, prompt: str, data: Path, work: Path) -> _Prompt:
        train = data / "asap-sas" / "train.tsv"
        item = read_responses(train, only_items=(prompt,)).items[0]
        share = TeacherOptions().validation
        measured = set(validation_rows(item.rows, share, SEED))
        rest = [row for row in item.rows if row.response_id not in measured]
        scored = set(validation_rows(rest, SCORED / len(rest), SEED))
        kept = [row for row in rest if row.response_id in scored]
        held = set(validation_rows(kept, share, SEED))
        return cls(
            work / f"unlabelled-{prompt}",
            item,
            [row for row in kept if row.response_id not in held],
            [row for row in kept if row.response_id in held],
            [row for row in rest if row.response_id not in scored],
            [row for row in item.rows if row.response_id in measured],
        )

    def measure(self) -> dict[str, Any]:
        self.folder.mkdir(parents=True, exist_ok=True)
        more = tuple(" ".join(row.text.split()) for row in self.unscored)
        found = {ALONE: self._student(None, None)}
        first = self._teacher("first", self.train)
        found[TEACHER] = self._of_teacher(first)
        found[STUDENT] = self._student(first, self._variants(first, (), "few"))
        wider = self._variants(first, more, "more")
        found[MORE] = self._student(first, wider)
        found[WORDS] = self._student(first, wider, more)
        said = predict(first, [row.text for row in self.unscored]).argmax(1)
        guessed = [replace(row, score=int(s)) for row, s in zip(self.unscored, said, strict=True)]
        second = self._teacher("second", [*self.train, *guessed])
        found[TEACHER_2] = self._of_teacher(second)
        found[STUDENT_2] = self._student(second, self._variants(second, more, "second"), more)
        return {
            "rows": {
                "scored": len(self.train) + len(self.held_out),
                "unscored": len(self.unscored),
                "measured": len(self.measured),
            },
            "scorers": found,
        }

    def _teacher(self, name: str, rows: Sequence[Row]) -> Path:
        folder = self.folder / name
        if not (folder / "teacher.json").exists():
            held = [row.response_id for row in self.held_out]
            finetune(self.item, [*rows, *self.held_out], TeacherOptions(), folder, held)
        return folder

    def _variants(self, teacher: Path, more: tuple[str, ...], name: str) -> Variants:
        path = self.folder / f"{name}-{hash_file(teacher / 'teacher.json')[:8]}.csv"
        if not path.exists():
            texts = texts_to_label(self.train, more, VARIANTS - len(more), SEED)
            label_variants(texts, [teacher], path)
        return read_variants(path, self.item.scale.classes)

    def _student(
        self, teacher: Path | None, variants: Variants | None, more: Sequence[str] = ()
    ) -> dict[str, Any]:
        texts = [row.text for row in self.train]
        if teacher is None:
            examples = without_soft_labels(self.train, len(self.item.scale.classes))
            options = DistilOptions(weight=0.0)
        else:
            said = predict(teacher, texts).astype(np.float32)
            labels = {row.response_id: one for row, one in zip(self.train, said, strict=True)}
            examples, options = with_soft_labels(self.train, labels, variants), DistilOptions()
        kind = registry.get(options.student)
        known = kind.learn_text(TextSources([*texts, *more]), kind.options())
        found = []
        for seed in SEEDS:
            own = replace(options, seed=seed)
            student = trained(self.item, examples, self.held_out, known, own, f"seed {seed}")
            probabilities = student.probabilities([row.text for row in self.measured])
            found.append(self._figures(decided(probabilities, student.scale, student.decision)))
        return {name: sum(one[name] for one in found) / len(found) for name in found[0]}

    def _of_teacher(self, teacher: Path) -> dict[str, Any]:
        scale = self.item.scale
        chosen = choose_decision(
            predict(teacher, [row.text for row in self.held_out]),
            human_scores(self.held_out),
            scale,
        )
        found = predict(teacher, [row.text for row in self.measured])
        return self._figures(decided(found, scale, chosen))

    def _figures(self, scores: np.ndarray) -> dict[str, Any]:
        human = human_scores(self.measured)
        return asdict(agreement(human, scores, self.item.scale))


def table() -> str:
    """Teachers and students of 300 scored responses, with and without the unscored."""
    rows = []
    for prompt, one in record.read("unlabelled")["figures"].items():
        for name, figures in one["scorers"].items():
            rows.append(
                [f"ASAP-SAS {prompt}", name, f"{figures['qwk']:.3f}", f"{figures['accuracy']:.3f}"]
            )
    return markdown(["item", "scorer", "QWK", "accuracy"], rows)


if __name__ == "__main__":
    main()
