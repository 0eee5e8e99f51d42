"""A response with all its scores as a row to read: who gave which, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.page.blocks import ResponseRow
from kd_edge.report.page.numbers import number, percent


def response_row(one: Disagreement) -> ResponseRow:
    """The row of a response."""
    people = f"People gave {one.human}"
    if one.second:
        people += f", a second rater {one.second}"
    models = f"the small model {one.student} ({percent(one.confidence)} sure)"
    scores = f"{people}, {models}, the large model {one.teacher}."
    return ResponseRow(one.text, scores, one.response_id, tuple(_notes(one)))


def _notes(one: Disagreement) -> Iterator[str]:
    if one.flag:
        yield f"The device flags it for a person ('{one.flag}')."
    if one.likelier and one.expected is not None:
        yield (
            f"{one.likelier} is more probable than {one.student}, but {one.student} is nearest to "
            f"the expected score, {number(one.expected)}, the average of what is probable."
        )
    other = one.human if one.human != one.student else one.teacher
    sides = [(one.student, one.why.words_for), (other, one.why.words_against)]
    spoken = [f"for {score}: {_quoted(words)}" for score, words in sides if words]
    if spoken:
        yield f"Words that spoke {'; '.join(spoken)}."
    if one.why.unknown:
        yield f"Words it does not know: {_quoted(one.why.unknown)}."


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
