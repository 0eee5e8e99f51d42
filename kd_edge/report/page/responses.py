"""A response with all its scores as a row to read: who gave which, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.page.blocks import ResponseRow
from kd_edge.report.page.numbers import number, percent


def response_row(response: Disagreement) -> ResponseRow:
    """The row of a response."""
    people = f"People gave {response.human}"
    if response.second:
        people += f", a second rater {response.second}"
    models = f"the small model {response.student} ({percent(response.confidence)} sure)"
    scores = f"{people}, {models}, the large model {response.teacher}."
    return ResponseRow(response.text, scores, response.response_id, tuple(_notes(response)))


def _notes(response: Disagreement) -> Iterator[str]:
    if response.flag:
        yield f"The device flags it for a person ('{response.flag}')."
    if response.likelier and response.expected is not None:
        yield (
            f"{response.likelier} is more probable than {response.student}, but "
            f"{response.student} is nearest to the expected score, {number(response.expected)}, "
            "the average of what is probable."
        )
    other = response.human if response.human != response.student else response.teacher
    sides = [(response.student, response.why.words_for), (other, response.why.words_against)]
    spoken = [f"for {score}: {_quoted(words)}" for score, words in sides if words]
    if spoken:
        yield f"Words that spoke {'; '.join(spoken)}."
    if response.why.unknown:
        yield f"Words it does not know: {_quoted(response.why.unknown)}."


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
