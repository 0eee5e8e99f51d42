"""The report of one small model for all questions: each one, new ones, and all pooled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kd_edge.evaluation.agreement import BASELINE, STUDENT, TEACHER, scorer_name
from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.questions import Questions
from kd_edge.report.figures.verdict import KAPPA
from kd_edge.report.page.blocks import Block, Column, Fold, Heading, Table, Text, figure, table
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.numbers import number, percent, tenths
from kd_edge.report.page.verdict import Front
from kd_edge.runs.cross_item.agreement import ALL, SEEN, UNSEEN, Part
from kd_edge.runs.cross_item.pool import POOLED

LEAST, LEAST_BALANCED = 5, 10
"""Responses to a question below which its accuracy, and its macro F1 and kappa, are left out:
they would be mostly chance."""

_PARTS = {ALL: POOLED, SEEN: "training questions", UNSEEN: "new questions"}
_SCORERS = (TEACHER, STUDENT, BASELINE)


def headline(questions: Questions) -> str:
    """How often the models agree with people, on training questions and on new ones."""
    parts = [part for part in questions.parts if part.name != ALL] or questions.parts

    def shares(scorer: str) -> list[str]:
        return [percent(part.scorers[scorer].accuracy) for part in parts]

    responses = ["the responses", *(f"those to {_PARTS[part.name]}" for part in parts[1:])]
    if parts[0].name != ALL:
        responses[0] += f" to {_PARTS[parts[0].name]}"
    pairs = zip(shares(STUDENT), responses, strict=True)
    small = " and on ".join(f"{share} of {which}" for share, which in pairs)
    return (
        f"One small model for all questions agrees with people's scores, on a device, on {small}; "
        f"the large model on {' and '.join(shares(TEACHER))}."
    )


def question_blocks(questions: Questions, responses: bool, seconds: float) -> Iterator[Block]:
    """All blocks but the glossary.

    Args:
        questions: the figures.
        responses: whether to show disagreements, students' words.
        seconds: how long a person takes to mark a response.
    """
    worst = disagreements(questions.scored, questions.scale) if responses else None
    front = Front(
        questions.facts,
        questions.bundle,
        seconds,
        worst.typical if worst else None,
        new_questions(questions.parts),
    )
    yield from item_blocks(questions.pooled, "pooled", front, worst, heading="All questions pooled")
    yield Heading("Training questions and new questions", 1, "questions")
    yield Text(headline(questions), "lead")
    if questions.unseen:
        yield Text(
            "A new question is one of which the small model saw no student's response in training, "
            "only the question and its reference answers. Its figures there show what to expect "
            "of the next question that is added."
        )
    tables = [_parts(questions), _accuracies(questions), _balanced(questions)]
    shown: list[Block] = [one for one in tables if one.rows]
    if text := _left_out(questions):
        shown.append(Text(text, "note"))
    yield Fold("Question by question", tuple(shown))


def new_questions(parts: Sequence[Part]) -> str:
    """Whether the verdict goes for new questions too; "" where none was measured."""
    for part in parts:
        if part.name == UNSEEN:
            student = part.scorers[STUDENT]
            text = (
                f"Of {student.responses} responses to new questions, {percent(student.accuracy)} "
                f"of the scores equal people's (kappa {number(student.kappa)}; {number(KAPPA)} is "
                "needed)"
            )
            if student.kappa is None or student.kappa >= KAPPA:
                return f"{text}: it may score a question that is added, as the others."
            return f"{text}: let people score a question that is added."
    return ""


def _parts(questions: Questions) -> Table:
    columns = (
        Column("responses to", lambda row: _PARTS[row[0]]),
        Column("N", lambda row: str(row[2].responses)),
        Column("scores by", lambda row: scorer_name(row[1])),
        figure("accuracy", lambda row: row[2].accuracy, tenths),
        figure("macro F1", lambda row: row[2].macro_f1, number),
        figure("kappa", lambda row: row[2].kappa, number),
    )
    rows = [(part.name, *scorer) for part in questions.parts for scorer in part.scorers.items()]
    return table("Agreement with people's scores, the small model as on a device", columns, rows)


_QUESTION = Column("question", lambda part: part.name)
_N = Column("N", lambda part: str(_responses(part)))


def _figure(scorer: str, name: str, head: str, least: int) -> Column:
    """A figure of a scorer; empty for questions with fewer responses than the least."""

    def of(part: Part) -> float | None:
        return getattr(part.scorers[scorer], name) if _responses(part) >= least else None

    return figure(head, of, tenths if name == "accuracy" else number)


def _accuracies(questions: Questions) -> Table:
    """Questions with enough responses first, the least accurate above."""
    trained = Column("trained on", lambda part: "no" if part.name in questions.unseen else "yes")
    figures = [_figure(one, "accuracy", scorer_name(one), LEAST) for one in _SCORERS]
    rows = sorted(questions.questions, key=_worst_first)
    return table("Question by question: accuracy", (_QUESTION, trained, _N, *figures), rows)


def _balanced(questions: Questions) -> Table:
    """Macro F1 and kappa, in the same order, of questions with enough responses for them."""
    figures = [
        _figure(scorer, name, f"{scorer_name(scorer)}: {head}", LEAST_BALANCED)
        for name, head in (("macro_f1", "macro F1"), ("kappa", "kappa"))
        for scorer in _SCORERS
    ]
    enough = [part for part in questions.questions if _responses(part) >= LEAST_BALANCED]
    rows = sorted(enough, key=_worst_first)
    return table("Question by question: macro F1 and kappa", (_QUESTION, _N, *figures), rows)


def _responses(part: Part) -> int:
    return part.scorers[STUDENT].responses


def _worst_first(part: Part) -> tuple[bool, float]:
    few = _responses(part) < LEAST
    return few, 0.0 if few else part.scorers[STUDENT].accuracy


def _left_out(questions: Questions) -> str:
    """What is left out because of too few responses; "" for nothing."""
    counts = list(map(_responses, questions.questions))
    parts = []
    for figures, least in (("accuracy", LEAST), ("macro F1 and kappa", LEAST_BALANCED)):
        if few := sum(count < least for count in counts):
            which = f"questions with fewer than {least} ({few} of {len(counts)} questions)"
            parts.append(f"{figures} of {which}")
    return f"Left out for too few responses: {'; '.join(parts)}." if parts else ""
