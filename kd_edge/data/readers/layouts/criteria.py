"""Several scores of one response, by criteria that add up: an item for each criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kd_edge.data.readers.columns import ColumnChoice, find_columns
from kd_edge.data.readers.guesses import Guesses
from kd_edge.data.readers.layouts.unfold import RowPart, unfold
from kd_edge.data.readers.raw_table import ItemText, RawRecord, RawTable
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.suggestions import did_you_mean
from kd_edge_runtime.tables.column_names import hint
from kd_edge_runtime.tables.columns import candidates, named_columns
from kd_edge_runtime.tables.roles import SCORE, TEXT, plain
from kd_edge_runtime.tables.wide import meanings_of, scores_of

# What a column of scores is called, before or after the criterion, where none was named.
_CRITERION = "criterion kriterium critere criterio olcut"
_SCORE = f"score scores points marks punkte puan puntos {_CRITERION}"
# What is no criterion: whose score it is, or of which kind.
_OTHER = (
    "first second third final total overall sum human machine model max maximum possible min mean "
    "average median resolved gold raw scaled weighted rater teacher student predicted expected "
    "quiz test exam gesamt summe mittel maximal erreichte notes toplam"
)
_SCORE_WORDS, _NONE = frozenset(_SCORE.split()), frozenset(_OTHER.split())


def unfold_criteria(
    table: RawTable, choice: ColumnChoice, named: Sequence[str], item: str, source: str
) -> tuple[RawTable, ColumnChoice] | None:
    """Make a row for each criterion by which a response was scored.

    Args:
        table: as it was read.
        choice: what the user named.
        named: the criteria that the user named; where there are none, two at least are recognised
            by columns like "score: content", if no other column holds scores.
        item: the item's name where no column gives it.
        source: the table's name in messages.

    Returns:
        The table and the choice of its columns; its items are called "item: criterion". None
        where there are no criteria.

    Raises:
        TableError: there is no such column, or fewer than two.
    """
    found = _named(table, named, source) if named else _recognised(table, choice)
    if not found:
        return None
    used = {at for _, at in found}
    header = tuple("" if at in used else name for at, name in enumerate(table.header))
    at = find_columns(header, replace(choice, score=None), (), Guesses(table)).positions.get(
        "item_id"
    )

    def whole(record: RawRecord) -> str:
        return item if at is None else (record.cells[at] or "").strip()

    def item_of(record: RawRecord, part: RowPart) -> str:
        name = whole(record)
        return name and f"{name}: {part.name}"

    parts = [RowPart(name, place) for name, place in found]
    unfolded, columns = unfold(table, choice, parts, item_of)
    texts = tuple(
        ItemText(f"{name}: {part.name}", None, (), part_of=name)
        for name in dict.fromkeys(map(whole, table.records))
        for part in parts
    )
    listed = ", ".join(f"'{name}'" for name, _ in found)
    note = f"each response is scored by {len(found)} criteria, an item each: {listed}"
    return replace(unfolded, items=texts, notes=(note, *unfolded.notes)), columns


def _named(table: RawTable, named: Sequence[str], source: str) -> list[tuple[str, int]]:
    found, problems = [], []
    for name in named:
        places = named_columns(name, table.header)
        if not places:
            places = scores_of(name, table.header)
        if len(places) == 1:
            found.append((name if not name.isdigit() else table.header[places[0]], places[0]))
        else:
            what = "several columns are" if places else "there is no column"
            suggestion = "" if places else did_you_mean(name, filter(None, table.header))
            problems.append(Problem(f"{what} called '{name}' (--criterion){suggestion}"))
    if not problems and len({at for _, at in found}) < 2:
        problems.append(Problem("--criterion is for two columns of scores or more: name each"))
    if problems:
        raise TableError(source, problems, hint(table.header))
    return found


def _recognised(table: RawTable, choice: ColumnChoice) -> list[tuple[str, int]]:
    if choice.score or choice.score2:
        return []
    found: dict[str, tuple[str, int]] = {}
    for at, column in enumerate(table.header):
        for one in meanings_of(column):
            if one.kind == "score" and _is_criterion(column, one.key):
                if one.key in found:
                    return []
                found[one.key] = (one.name.strip(" :_-"), at)
                break
    used = [at for _, at in found.values()]
    other = candidates(table.header, SCORE.tiers[:2], used)
    text = choice.text or candidates(table.header, TEXT.tiers, used)
    if len(found) < 2 or other or not text:
        return []
    guesses = Guesses(table)
    return [*found.values()] if all(guesses("score", at, {}) for at in used) else []


def _is_criterion(column: str, key: str) -> bool:
    """Whether a column is called "score: content": a usual word and one of its own."""
    word = plain(column).replace(key, "", 1)
    own = key.strip("0123456789")
    if word in _CRITERION.split():
        return True
    return word in _SCORE_WORDS and len(own) > 1 and own not in _NONE
