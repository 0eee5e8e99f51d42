"""What the workshop's tests share: small tables, students and the command line in-process."""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kd_edge.data.responses import Item, Responses, Row, Scale
from kd_edge.distillation.options import DistilOptions
from kd_edge.runs.options import RunOptions
from kd_edge.runs.run import RunReport, run
from kd_edge.students import registry
from kd_edge.students.base import TextSources
from kd_edge.students.student import Student
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE
from kd_edge_runtime.cli.group import main
from tiny import tiny_item, untrained_teacher

# In responses only: no message, no report and no bundle may ever hold it.
CANARY = "zebracanaryword"

SMALL = {
    "bag": {"ngrams": 60, "dimensions": 3},
    "rnn": {"words": 40, "embedding": 4, "hidden": 5, "longest": 30},
    "transformer": {"layers": [0], "longest": 40},
}
"""Options of students that are made in no time."""


def with_canary(item: Item) -> Item:
    """The item with a word in two of its responses that no other has."""
    rows = [
        replace(row, text=f"{row.text} {CANARY}") if place in (1, 8) else row
        for place, row in enumerate(item.rows)
    ]
    return replace(item, rows=tuple(rows))


def item_of(rows: int = 60, name: str = "tiny", seed: int = 0, scale: Scale | None = None) -> Item:
    """`tiny_item` by another name, its rows in no split."""
    item = tiny_item(rows, seed, scale)
    renamed = (replace(row, item_id=name, split=None) for row in item.rows)
    return replace(item, item_id=name, rows=tuple(renamed))


def write_table(path: Path, items: Sequence[Item], extra: Sequence[str] = ()) -> Path:
    """Writes responses as CSV: id, item, text, score, and the fields named in `extra`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["response_id", "item_id", "text", "score", *extra])
        for item in items:
            for row in item.rows:
                score = "" if row.score is None else item.scale.classes[row.score]
                more = [getattr(row, name) for name in extra]
                writer.writerow([row.response_id, row.item_id, row.text, score, *more])
    return path


def certain(rows: Iterable[Row], classes: int, sure: float = 0.9) -> dict[str, np.ndarray]:
    """Soft labels of a teacher that is always right, `sure` of it."""
    labels = {}
    for row in rows:
        share = np.full(classes, (1 - sure) / (classes - 1))
        share[row.score] = sure
        labels[row.response_id] = share
    return labels


_WORDS = (
    *("the", "ice", "melts", "because", "warm", "air", "in", "a"),
    *("room", "heats", "it", "and", "wool", "keeps", "heat", "out"),
)


def sentences(number: int, seed: int = 0) -> list[str]:
    """Sentences of a few words, no two alike."""
    rng = random.Random(seed)
    return [" ".join(rng.choices(_WORDS, k=rng.randint(1, 12))) + f" {n}." for n in range(number)]


def run_options(model: Path, **distil: object) -> RunOptions:
    """The whole way in seconds."""
    return RunOptions(
        teacher=TeacherOptions(
            model=str(model), epochs=3, learning_rate=3e-3, precision="fp32", device="cpu"
        ),
        variants=60,
        distil=DistilOptions(
            **{  # type: ignore[arg-type]
                "epochs": 20,
                "student_options": SMALL["bag"],
                # What ships learnt from the teacher, however little a tiny one knows.
                "teacher_share": 1.0,
                **distil,
            }
        ),
    )


@dataclass(frozen=True)
class Finished:
    """A run and what it was made from."""

    responses: Responses
    options: RunOptions
    folder: Path
    report: RunReport


def finished_run(folder: Path, model: Path) -> Finished:
    """The whole way for one item, with a second rater and a canary in its responses."""
    item = with_canary(item_of(120))
    twice = tuple(
        replace(row, score2=row.score if place % 4 else (row.score + 1) % 3)
        for place, row in enumerate(item.rows)
    )
    responses = Responses((replace(item, rows=twice),), "responses.csv", {}, "utf-8")
    options = run_options(model)
    # Enough of both that teacher, student and baseline differ.
    options = replace(options, teacher=replace(options.teacher, epochs=12))
    return Finished(responses, options, folder, run(responses, folder, options))


def small_student(kind: str, model: Path, classes: Sequence[str] = ("0", "1", "2")) -> Student:
    """A student with random weights over `sentences`; a transformer is cut out of the model."""
    chosen = registry.get(kind).options(SMALL[kind])
    with tempfile.TemporaryDirectory() as scratch:
        teacher = None
        if registry.get(kind).needs_teacher:
            teacher = untrained_teacher(Path(scratch), model, classes)
        text = registry.get(kind).learn_text(TextSources(sentences(40), teacher), chosen)
    chosen = registry.get(kind).fit_options(SMALL[kind], text)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = registry.get(kind).build(text, len(classes), chosen)
        for parameter in network.parameters():
            # As large as trained ones, so that a wrong form gives another score.
            parameter.data.add_(torch.randn(parameter.shape) * 0.3)
        if kind == "rnn":
            network.embedding.weight.data[0] = 0.0  # a pad's, which training leaves alone
    return Student(
        kind=kind,
        item_id=f"made-{kind}",
        scale=Scale.from_classes(classes),
        decision=MOST_PROBABLE,
        options=chosen,
        text=text,
        network=network.eval(),
        provenance={"rows": 40, "variants": 0},
    )


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class CommandLine:
    """The `kd-edge` command without a process of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Said:
        """Runs one command."""
        self._monkeypatch.setattr(sys, "argv", ["kd-edge", *map(str, arguments)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        for text in (out, err):
            assert CANARY not in text, "a message holds a student's words"
            assert "Traceback" not in text
            assert "unexpected error" not in text
        return Said(ended.value.code or 0, out, err)

    def fails(self, *arguments: object, code: int = 2) -> str:
        """Runs a command that must be refused, and gives the message."""
        said = self(*arguments)
        assert (said.code, said.out) == (code, ""), said
        assert "Error: " in said.err
        assert "Errno" not in said.err
        return said.err
