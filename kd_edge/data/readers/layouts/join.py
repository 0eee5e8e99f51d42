"""Scores from a second table, joined with the responses by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kd_edge.data.readers.columns import ColumnChoice, find_columns
from kd_edge.data.readers.guesses import Guesses
from kd_edge.data.readers.lists import listed_rows
from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.column_names import hint, one_line
from kd_edge_runtime.tables.columns import candidates, named_columns
from kd_edge_runtime.tables.roles import RESPONSE_ID, SCORE, SCORE2
from kd_edge_runtime.tables.wide import columns_of, meanings_of

_SHOWN = 5  # rows that a line lists

_Key = tuple[str, str]


@dataclass(frozen=True)
class NamedTable:
    """A table and its name in messages."""

    table: RawTable
    name: str


def join_scores(
    responses: NamedTable, scores: NamedTable, choice: ColumnChoice, scored: bool
) -> tuple[RawTable, ColumnChoice, bool]:
    """Put the scores of a second table behind the columns of responses.

    Args:
        responses: the responses; they need a column of ids.
        scores: the scores by id, in one column, or in one for each column of responses.
        choice: what the user named: its scores are columns of the second table.
        scored: whether the responses are to be learned from; if not, scores of their own are kept.

    Returns:
        The table, the choice of its columns, and whether it is a wide one.

    Raises:
        TableError: a column is missing, an id comes twice, or none is in both tables.
    """
    table, other = responses.table, scores.table
    if not scored and candidates(table.header, SCORE.tiers):
        return table, choice, False
    if other.problems:
        raise TableError(scores.name, other.problems, other.counting, unlisted=other.unlisted)
    own, at = _both_ids(responses, scores, choice)
    taken, wide = _columns(responses, scores, choice, [*at.values()])
    rows = _rows(other, at, scores.name)
    used: set[_Key] = set()
    records, without = [], []
    for record in table.records:
        key = _key(record, own)
        found = rows.get(key) if key is not None else None
        if found is None or key is None:
            without.append(record.row)
            cells: tuple[str | None, ...] = ("",) * len(taken)
        else:
            used.add(key)
            cells = tuple(found.cells[place] for place in taken.values())
        records.append(record._replace(cells=(*record.cells, *cells)))
    extra = [record.row for key, record in rows.items() if key not in used]
    names = f"'{table.header[own['response_id']]}'", f"'{other.header[at['response_id']]}'"
    if not used:
        message = f"none of its ids ({names[1]}) is one of {responses.name} ({names[0]})"
        raise TableError(scores.name, [Problem(message)], "Name the ids with --id-column NAME.")
    notes = [f"{len(used):,} ids have scores in {scores.name}: {names[0]} is {names[1]} there"]
    if without:
        have, where = "s have" if len(without) > 1 else " has", listed_rows(without, _SHOWN)
        notes.append(f"{len(without):,} response{have} no score in {scores.name}: {where}")
    if extra:
        many, where = "s" if len(extra) > 1 else "", listed_rows(extra, _SHOWN)
        notes.append(f"{len(extra):,} row{many} of {scores.name} without a response: {where}")
    joined = replace(
        table,
        header=(*table.header, *taken),
        records=tuple(records),
        notes=(*table.notes, *(f"{scores.name}: {note}" for note in other.notes), *notes),
    )
    if wide:
        return joined, replace(choice, score=None, score2=None), True
    first, *second = taken
    return joined, replace(choice, score=first, score2=second[0] if second else None), False


def _both_ids(
    responses: NamedTable, scores: NamedTable, choice: ColumnChoice
) -> tuple[dict[str, int], dict[str, int]]:
    """Where both tables have the ids, and the items if both have a column of them."""
    table, other = responses.table, scores.table
    # The same names may be in both tables: --id-column is of the scores' where it is there.
    known = choice.response_id is None or named_columns(choice.response_id, other.header)
    ids = choice.response_id if known else None
    own_choice = replace(choice, score=None, score2=None)
    at_choice = ColumnChoice(response_id=ids, item_id=_there(choice.item_id, other))
    try:
        own, at = _ids(responses, own_choice), _ids(scores, at_choice)
    except TableError:
        # Names of students are no usual ids, but if they are all that both tables have …
        shared = [name for name in table.header if name and name in other.header]
        if choice.response_id is not None or len(shared) != 1:
            raise
        own = _ids(responses, replace(own_choice, response_id=shared[0]))
        at = _ids(scores, replace(at_choice, response_id=shared[0]))
    if "item_id" not in own or "item_id" not in at:
        own, at = ({"response_id": one["response_id"]} for one in (own, at))
    return own, at


def _there(name: str | None, table: RawTable) -> str | None:
    return name if name is not None and named_columns(name, table.header) else None


def _ids(source: NamedTable, choice: ColumnChoice) -> dict[str, int]:
    """Where the ids are, and the items if a column has them."""
    table = source.table
    found = find_columns(table.header, choice, ("response_id",), Guesses(table))
    problems = [problem for problem in found.problems if RESPONSE_ID.option in problem.message]
    if problems:
        raise TableError(source.name, problems, hint(table.header))
    return {role: at for role, at in found.positions.items() if role in ("response_id", "item_id")}


def _columns(
    responses: NamedTable, scores: NamedTable, choice: ColumnChoice, taken: Sequence[int]
) -> tuple[dict[str, int], bool]:
    """The columns of scores by the names that they get, and whether each is a question's."""
    header = scores.table.header
    named = ColumnChoice(score=choice.score, score2=choice.score2)
    found = find_columns(header, named, (), Guesses(scores.table))
    problems = [one for one in found.problems if "--score" in one.message]
    if choice.score is not None and problems:
        raise TableError(scores.name, problems, hint(header))
    exact = choice.score or candidates(header, SCORE.tiers, taken)
    if exact and "score" in found.positions:
        roles = (SCORE.name, SCORE2.name)
        places = [found.positions[role] for role in roles if role in found.positions]
        return {f"{header[at]} of {scores.name}": at for at in places}, False
    texts: dict[str, int] = {}
    for at, name in enumerate(header):
        if at in taken:
            continue
        for one in meanings_of(name):
            for text in columns_of(responses.table.header, [one.name]).values():
                texts.setdefault(f"{one_line(responses.table.header[text])} score", at)
    if texts:
        return texts, True
    message = "no column holds the scores: name it with --score-column NAME"
    raise TableError(scores.name, [Problem(message)], hint(header))


def _rows(table: RawTable, at: Mapping[str, int], name: str) -> dict[_Key, RawRecord]:
    """The rows of scores by their ids."""
    rows: dict[_Key, RawRecord] = {}
    problems = []
    for record in table.records:
        key = _key(record, at)
        if key is None:
            continue
        first = rows.setdefault(key, record)
        if first is not record:
            message = f"the same id as row {first.row}"
            problems.append(Problem(message, record.row, table.header[at["response_id"]]))
    if problems:
        raise TableError(name, problems, table.counting)
    return rows


def _key(record: RawRecord, at: Mapping[str, int]) -> _Key | None:
    """A record's id and item; None without an id."""
    parts = [(record.cells[at[role]] or "").strip() if role in at else "" for role in _KEYS]
    return (parts[0], parts[1]) if parts[0] else None


_KEYS = ("response_id", "item_id")
