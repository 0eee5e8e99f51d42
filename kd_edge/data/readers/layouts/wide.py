"""Recognise a wide table, which has columns of responses and of scores for each question."""

from __future__ import annotations

from dataclasses import replace

from kd_edge.data.readers.columns import ColumnChoice
from kd_edge.data.readers.guesses import Guesses
from kd_edge.data.readers.layouts.unfold import RowPart, unfold
from kd_edge.data.readers.raw_table import RawTable
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.column_names import hint, shown
from kd_edge_runtime.tables.columns import candidates, named_columns
from kd_edge_runtime.tables.roles import SCORE, TEXT
from kd_edge_runtime.tables.score_cells import read_score
from kd_edge_runtime.tables.wide import Question, meanings_of, questions

_SAMPLE = 200  # rows that are looked at
_LISTED = 4  # questions that a note lists
_FEWEST = 2  # questions by which a table is known to be wide


def unfold_wide(
    table: RawTable, choice: ColumnChoice, asked: bool, scored: bool, source: str
) -> tuple[RawTable, ColumnChoice] | None:
    """Make a row of each response of a wide table.

    Args:
        table: as it was read.
        choice: what the user named: with a column of responses, of scores or of items, the table
            is not wide.
        asked: whether the user says that it is wide; otherwise it is where it has two questions
            at least, and no columns of responses and scores as other tables have them.
        scored: whether it needs scores.
        source: the table's name in messages.

    Returns:
        The table and the choice of its columns; None where it is not wide.

    Raises:
        TableError: the user says that it is wide, and it has no question.
    """
    if not asked and (choice.text or choice.score or choice.item_id or _is_long(table)):
        return None
    taken = [
        at
        for name in (choice.response_id, choice.group, choice.split, choice.student)
        if name is not None
        for at in named_columns(name, table.header)
    ]
    named = questions(table.header, taken)
    found = [one for one in named if _plausible(table, one)] or (named if asked else [])
    if not (found or scored) and (asked or not candidates(table.header, TEXT.tiers)):
        found = _unscored(table, taken)
    if len(found) < (1 if asked else _FEWEST):
        if not asked:
            return None
        message = (
            "--wide needs a column of responses and one of scores for each question, with names "
            "like 'Q1' and 'Q1 score', or 'Response 1' and 'Points 1': there are none"
        )
        raise TableError(source, [Problem(message)], hint(table.header))
    parts = [RowPart(one.name, one.score, one.text, one.score2) for one in found]
    unfolded, columns = unfold(table, choice, parts, lambda _, part: part.name)
    return replace(unfolded, notes=(_note(table, found), *unfolded.notes)), columns


def _is_long(table: RawTable) -> bool:
    """Whether columns by the usual names say what the responses and what the scores are."""
    texts, scores = (candidates(table.header, role.tiers) for role in (TEXT, SCORE))
    several = len(texts) == len(scores) > 1  # "Answer", "Score", "Answer", "Score"
    return bool(texts and scores) and not several


def _unscored(table: RawTable, taken: list[int]) -> list[Question]:
    """The questions of a table without scores: columns like "Response 1" alone."""
    found: dict[str, Question] = {}
    for at, name in enumerate(table.header):
        texts = [one for one in meanings_of(name) if one.kind == "text" and one.key[0].isdigit()]
        if texts and at not in taken:
            found.setdefault(texts[0].key, Question(texts[0].name, at))
    return [*found.values()]


def _plausible(table: RawTable, question: Question) -> bool:
    """Whether the columns of a question can hold responses and scores."""
    records = table.records[:_SAMPLE]
    texts = [cell for record in records if (cell := record.cells[question.text])]
    if not any(len(text.strip()) > 2 and read_score(text) is None for text in texts):
        return False
    return question.score is None or Guesses(table)("score", question.score, {})


def _note(table: RawTable, found: list[Question]) -> str:
    listed = []
    for one in found[:_LISTED]:
        scores = "" if one.score is None else f" and '{shown(table.header[one.score])}'"
        listed.append(f"'{shown(table.header[one.text])}'{scores}")
    more = f", and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    count = f"{len(found)} question{'s' if len(found) != 1 else ''}"
    return f"a wide table of {count}: {', '.join(listed)}{more} (--text-column says otherwise)"
