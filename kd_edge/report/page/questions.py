"""The report of one student for all questions: each question, new ones apart, and all pooled."""

from __future__ import annotations

from collections.abc import Iterator

from kd_edge.evaluation.agreement import BASELINE, STUDENT, TEACHER
from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.questions import POOLED, Questions
from kd_edge.report.page.blocks import Block, Heading, Table, Text, table
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.numbers import number, percent
from kd_edge.runs.cross_item.agreement import ALL, Part

LEAST, LEAST_BALANCED = 5, 10
"""Responses to a question below which its accuracy, and its macro F1 and kappa, are left out: the
figures would be those of chance."""

_SCORERS = {TEACHER: "teacher", STUDENT: "student", BASELINE: "without teacher"}


def headline(found: Questions) -> str:
    """How often the student agrees with people, on questions learnt from and on others."""
    parts = [one for one in found.parts if one.name != ALL] or found.parts

    def shares(who: str) -> list[str]:
        return [percent(one.scorers[who].accuracy) for one in parts]

    whose = ["the responses", *(f"those to {one.name}" for one in parts[1:])]
    if parts[0].name != ALL:
        whose[0] += f" to {parts[0].name}"
    student = " and on ".join(f"{share} of {said}" for share, said in zip(shares(STUDENT), whose))
    return (
        f"One student for all questions agrees with people, on a device, on {student}; its teacher "
        f"on {' and '.join(shares(TEACHER))}."
    )


def question_blocks(found: Questions, responses: bool) -> Iterator[Block]:
    """All blocks but the glossary.

    Args:
        found: the figures.
        responses: whether the worst disagreements are shown, with students' words.
    """
    yield Heading("Old and new questions", 1, "questions")
    yield Text(headline(found), "lead")
    if found.unseen:
        yield Text(
            "A new question is one to which the student has seen no student's response, only the "
            "question and its reference answers. What it is worth there says what to expect of "
            "the next question that is added."
        )
    yield _parts(found)
    yield _accuracies(found)
    balanced = _balanced(found)
    if balanced.rows:
        yield balanced
    if said := _left_out(found):
        yield Text(said, "note")
    worst = disagreements(found.scored, found.scale) if responses else None
    yield from item_blocks(found.pooled, "pooled", worst, "All questions pooled")


def _parts(found: Questions) -> Table:
    rows = []
    for part in found.parts:
        for who, one in part.scorers.items():
            name = POOLED if part.name == ALL else part.name
            row = [name, str(one.responses), who, percent(one.accuracy, 1)]
            rows.append([*row, number(one.macro_f1), number(one.kappa)])
    header = ["responses to", "N", "scores by", "accuracy", "macro F1", "kappa"]
    return table("Against people's scores, the student as on a device", header, rows)


def _accuracies(found: Questions) -> Table:
    """Questions with enough responses first, those with the least accuracy above."""
    header = ["question", "learnt from", "N", *_SCORERS.values()]
    rows = []
    for part in sorted(found.questions, key=_worst_first):
        row = [part.name, "no" if part.name in found.unseen else "yes", str(_responses(part))]
        shares = [percent(part.scorers[who].accuracy, 1) for who in _SCORERS]
        rows.append([*row, *(shares if _responses(part) >= LEAST else [""] * len(shares))])
    return table("Question by question: accuracy", header, rows)


def _balanced(found: Questions) -> Table:
    """Macro F1 and kappa, in the same order, of questions with responses enough for them."""
    header = ["question", "N"]
    header += [f"{who}: {name}" for name in ("macro F1", "kappa") for who in _SCORERS.values()]
    rows = []
    for part in sorted(found.questions, key=_worst_first):
        if _responses(part) >= LEAST_BALANCED:
            scorers = [part.scorers[who] for who in _SCORERS]
            row = [part.name, str(_responses(part)), *(number(one.macro_f1) for one in scorers)]
            rows.append([*row, *(number(one.kappa) for one in scorers)])
    return table("Question by question: macro F1 and kappa", header, rows)


def _responses(part: Part) -> int:
    return part.scorers[STUDENT].responses


def _worst_first(part: Part) -> tuple[bool, float]:
    few = _responses(part) < LEAST
    return few, 0.0 if few else part.scorers[STUDENT].accuracy


def _left_out(found: Questions) -> str:
    """What is missing because of too few responses; "" where nothing is."""
    counts = list(map(_responses, found.questions))
    few = [(least, sum(one < least for one in counts)) for least in (LEAST, LEAST_BALANCED)]
    said = [
        f"{what} of questions with fewer than {least} ({count} of {len(counts)} questions)"
        for what, (least, count) in zip(("accuracy", "macro F1 and kappa"), few, strict=True)
        if count
    ]
    return f"Left out for too few responses: {'; '.join(said)}." if said else ""
