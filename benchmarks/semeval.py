"""One student for many questions: SemEval-2013 Task 7, 2-way and 3-way.

    python -m benchmarks.semeval beetle --data DATA
    python -m benchmarks.semeval sciEntsBank --data DATA
    python -m benchmarks.semeval sciEntsBank --data DATA --way 3way --part 3 --teacher-epochs 4
    python -m benchmarks.semeval beetle --data DATA --way 3way --student both

Beetle is measured once on its published test answers, to questions that were learnt from and
to others. SciEntsBank's test answers are not among our data: every seventh question of its
training files, and an eighth of the answers to the others, are held out. Nothing is chosen by
any of them. What is done is kept: a second start goes on. Writes `results/semeval-<name>.json`; of
a part of the questions `results/semeval-<name>-<part>.json`, of two students
`results/semeval-both-<name>.json`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.console.tables import markdown, short
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Responses
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import BASELINE, FIRST, MAJORITY, SECOND, STUDENT, TEACHER
from kd_edge.runs.cross_item.agreement import LEXICAL
from kd_edge.runs.cross_item.run import SEEN, UNSEEN, TogetherReport, run_together
from kd_edge.runs.options import RunOptions
from kd_edge.students.registry import BOTH, DEFAULT
from kd_edge.teacher.options import TeacherOptions

NAMES = {"beetle": "Beetle", "sciEntsBank": "SciEntsBank (held out)"}
WAYS = ("2way", "3way")
SCORERS = (TEACHER, STUDENT, BASELINE, LEXICAL, MAJORITY)

# Of so many questions one is held out, and of so many answers to each of the others.
_QUESTIONS, _ANSWERS = 7, 8
_SEED = 0


@click.command()
@click.argument("name", type=click.Choice(list(NAMES)))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/benchmarks"))
@click.option("--variants", type=click.IntRange(min=0), help="As of 'kd-edge run'.")
@click.option(
    "--way",
    "ways",
    type=click.Choice(WAYS),
    multiple=True,
    default=WAYS,
    help="Measure these classes only; the others' figures stay as they were.",
)
@click.option(
    "--part", type=click.IntRange(min=1), default=1, help="Learn every so-manieth question only."
)
@click.option("--teacher-epochs", "epochs", type=click.IntRange(min=1), help="As of 'kd-edge run'.")
@click.option(
    "--student",
    type=click.Choice([DEFAULT, BOTH]),
    default=DEFAULT,
    help="As of 'kd-edge run'; teacher, labels and first student are those of a run without it.",
)
def main(
    name: str,
    data: Path,
    work: Path,
    variants: int | None,
    ways: tuple[str, ...],
    part: int,
    epochs: int | None,
    student: str,
) -> None:
    """Measure one student for all questions of NAME."""
    called = f"semeval-{name}" if part == 1 else f"semeval-{name}-{part}"
    result = f"semeval-both-{name}" if student == BOTH else called
    figures = _kept(called, ways) if (part, student) == (1, DEFAULT) else {}
    for way in ways:
        learnt, measured = every(part, *_read(name, way, data / "semeval-2013-task7"))
        options = RunOptions(
            variants=variants,
            teacher=TeacherOptions(epochs=epochs),
            distil=DistilOptions(student=student, seed=_SEED),
        )
        report = run_together(learnt, work / f"{called}-{way}", options, measured)
        figures[way] = _figures(report)
    click.echo(str(record.write(result, figures, _SEED)))


def every(part: int, learnt: Responses, measured: Responses) -> tuple[Responses, Responses]:
    """Leaves one of so many questions to learn from, and to measure on these and the new ones."""
    known = {item.item_id for item in learnt.items}
    kept = learnt.items[::part]
    left_out = known - {item.item_id for item in kept}
    asked = tuple(item for item in measured.items if item.item_id not in left_out)
    return replace(learnt, items=kept), replace(measured, items=asked)


def _kept(called: str, ways: Sequence[str]) -> dict[str, Any]:
    """The figures of other classes than these, with what measured them."""
    if {*ways} == {*WAYS}:
        return {}
    before = record.read(called)
    by = {"date": before["date"], "kd-edge": before["versions"]["kd-edge"]}
    kept = {way: own for way, own in before["figures"].items() if way not in ways}
    return {way: {"measured_by": by, **own} for way, own in kept.items()}


def _read(name: str, way: str, data: Path) -> tuple[Responses, Responses]:
    """What is learnt from, and what is measured on."""
    learnt = read_responses(data / "training" / way / name)
    folders = [
        data / "test" / way / name / f"test-unseen-{one}" for one in ("answers", "questions")
    ]
    if not all(folder.is_dir() for folder in folders):
        return held_out(learnt)
    parts = [read_responses(folder, scored=False) for folder in folders]
    items = tuple(item for part in parts for item in part.items)
    return learnt, replace(parts[0], items=items, source="the published test answers")


def held_out(given: Responses) -> tuple[Responses, Responses]:
    """Parts questions and answers into those to learn from and those to measure on."""
    rng = random.Random(_SEED)
    new = {item.item_id for item in rng.sample(given.items, len(given.items) // _QUESTIONS)}
    learnt: list[Item] = []
    measured: list[Item] = []
    for item in given.items:
        places = [*range(len(item.rows))]
        rng.shuffle(places)
        chosen = {*places} if item.item_id in new else {*places[: len(places) // _ANSWERS]}
        for one, items in ((False, learnt), (True, measured)):
            rows = tuple(row for at, row in enumerate(item.rows) if (at in chosen) is one)
            if rows:
                items.append(replace(item, rows=rows))
    said = "questions and answers held out of the training files"
    return replace(given, items=tuple(learnt)), replace(given, items=tuple(measured), source=said)


def _figures(report: TogetherReport) -> dict[str, Any]:
    return {
        "rows": dict(report.rows),
        "questions": len(report.questions),
        "test_rows": report.test_rows,
        "parts": {part.name: _scorers(part.scorers) for part in report.parts},
        "by_question": {part.name: _scorers(part.scorers) for part in report.questions},
        "sizes": asdict(report.sizes),
        "options": report.options,
        "choice": None if report.choice is None else asdict(report.choice),
        **({} if report.second is None else {"second": asdict(report.second)}),
    }


def _scorers(scorers: Any) -> dict[str, Any]:
    return {who: asdict(one) for who, one in scorers.items()}


def table() -> str:
    """Accuracy and macro F1 of every scorer, for answers and for questions that are new."""
    rows = []
    for name, said in NAMES.items():
        if not (record.RESULTS / f"semeval-{name}.json").is_file():
            continue
        figures = record.read(f"semeval-{name}")["figures"]
        for way in WAYS:
            rows += [
                [f"{said}, {way}", what, *_cells(figures[way]["parts"][part])]
                for part, what in ((SEEN, "answers"), (UNSEEN, "questions"))
            ]
    return markdown(["", "new", "responses", *_said(SCORERS)], rows)


def third() -> str:
    """The same of a third of SciEntsBank's questions, and what was chosen on held-out rows."""
    figures = record.read("semeval-sciEntsBank-3")["figures"]["3way"]
    rows = [
        [what, *_cells(figures["parts"][part])]
        for part, what in ((SEEN, "answers"), (UNSEEN, "questions"))
    ]
    return markdown(["new", "responses", *_said(SCORERS)], rows)


def both() -> str:
    """The same of two students, and what the second takes."""
    scorers = (TEACHER, FIRST, SECOND, STUDENT)
    rows = []
    for name, said in NAMES.items():
        figures = record.read(f"semeval-both-{name}")["figures"]["3way"]
        second = figures["second"]
        assert second["used"], "the table says what both do"
        rows += [
            [
                f"{said}, 3way",
                what,
                *_cells(figures["parts"][part], scorers),
                f"{second['bytes']:,}",
            ]
            for part, what in ((SEEN, "answers"), (UNSEEN, "questions"))
        ]
    header = ["", "new", "responses", TEACHER, "first alone", "second alone", "**both**"]
    return markdown([*header, "second, bytes"], rows)


def _said(scorers: Sequence[str]) -> list[str]:
    return [f"**{who}**" if who == STUDENT else who for who in scorers]


def _cells(part: dict[str, Any], scorers: Sequence[str] = SCORERS) -> list[str]:
    cells = [f"{part[who]['accuracy']:.3f} / {part[who]['macro_f1']:.3f}" for who in scorers]
    return [str(part[STUDENT]["responses"]), *cells]


def sizes() -> str:
    """What the student of many questions takes."""
    rows = []
    for name, said in NAMES.items():
        if not (record.RESULTS / f"semeval-{name}.json").is_file():
            continue
        found = record.read(f"semeval-{name}")["figures"]["3way"]
        size = found["sizes"]
        rows.append(
            [
                said,
                str(found["questions"]),
                short(size["teacher_parameters"]),
                f"{size['student_parameters']:,}",
                f"{size['shared_bytes']:,}",
                f"{size['question_bytes']:,.0f}",
                f"{size['bundle_bytes']:,}",
            ]
        )
    header = [
        *("", "questions", "teacher, parameters", "student, parameters"),
        *("bytes for all questions", "bytes a question", "bundle, bytes"),
    ]
    return markdown(header, rows)


if __name__ == "__main__":
    main()
