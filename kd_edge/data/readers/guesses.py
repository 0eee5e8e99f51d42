"""Whether a column can hold what its name promises: a guess by name alone is often wrong."""

from __future__ import annotations

from collections.abc import Mapping

from kd_edge.data.readers.raw_table import RawTable
from kd_edge.data.readers.split_words import SPLITS
from kd_edge.data.readers.student_column import STUDENT
from kd_edge_runtime.tables.column_names import shown
from kd_edge_runtime.tables.no_score import means_no_score
from kd_edge_runtime.tables.roles import ITEM, ROLES, plain
from kd_edge_runtime.tables.score_cells import read_score

# Rows that are looked at, and the fewest that tell anything.
_SAMPLE, _FEWEST = 1000, 20
# A score of more different words than this is none, nor is one of more characters.
_MOST_WORDS, _LONGEST_SCORE = 12, 40
# By a name that may mean something else, so many different students at least.
_FEWEST_NAMES = 10


class Guesses:
    """Judges the columns that were guessed by what is in them.

    Args:
        table: the table.

    Attributes:
        notes: a line for each guess that was dropped.
    """

    def __init__(self, table: RawTable) -> None:
        self.notes: list[str] = []
        self._table = table

    def __call__(self, role: str, at: int, positions: Mapping[str, int]) -> bool:
        """Whether a column can have a role; see `kd_edge_runtime.tables.columns.Plausible`."""
        why = self._why_not(role, at, positions)
        if why:
            kind = next(one for one in (*ROLES, STUDENT) if one.name == role)
            self.notes.append(
                f"'{shown(self._table.header[at])}' is not taken as {kind.meaning}: {why} "
                f"(see {kind.option})"
            )
        return not why

    def _why_not(self, role: str, at: int, positions: Mapping[str, int]) -> str:
        cells = self._cells(at)
        if not self._table.records:
            return ""
        if role in ("text", "score", "item_id") and not cells:
            return "nothing is in it"
        if role == "item_id":
            usual = plain(self._table.header[at]) in ITEM.tiers[0].split()
            return "" if usual else _all_differ(cells)
        if role == "group":
            return _all_differ(cells)
        if role == "score":
            return _no_scores(cells)
        if role == "score2" and "score" in positions:
            return _other_scores(cells, self._cells(positions["score"]))
        if role == STUDENT.name:
            return _no_students(cells, plain(self._table.header[at]) in STUDENT.tiers[0].split())
        if role == "split":
            known = sum(plain(cell) in SPLITS for cell in cells)
            return "its words are neither train nor test" if 2 * known < len(cells) else ""
        return ""

    def _cells(self, at: int) -> list[str]:
        """A column's cells in the first rows, without the blank ones and the white space."""
        cells = (record.cells[at] for record in self._table.records[:_SAMPLE])
        return [cell.strip() for cell in cells if cell and cell.strip()]


def _all_differ(cells: list[str]) -> str:
    if len(cells) >= _FEWEST and len({*cells}) == len(cells):
        return "it differs in each row"
    return ""


def _no_students(cells: list[str], sure: bool) -> str:
    """Why cells do not say who wrote a response; `sure` is whether the column's name does."""
    names = len({" ".join(cell.split()).casefold() for cell in cells})
    if names < 2:
        return "it is the same in each row" if names else "nothing is in it"
    return "" if sure or names >= min(_FEWEST_NAMES, len(cells)) else "it has few different names"


def _no_scores(cells: list[str]) -> str:
    """Why cells are no scores: they are texts."""
    there = [cell for cell in cells if not means_no_score(cell)]
    if not there:
        return "it holds no score"
    words = [cell for cell in there if not any(map(str.isdigit, cell))]
    many = len({word.casefold() for word in words}) > max(_MOST_WORDS, len(words) // 2)
    long = sum(len(cell) > _LONGEST_SCORE for cell in there)
    return (
        "it holds texts" if 2 * long > len(there) or (many and 2 * len(words) > len(there)) else ""
    )


def _other_scores(cells: list[str], scores: list[str]) -> str:
    """Why cells are no second scores: most are no possible first ones."""
    there = [cell for cell in cells if not means_no_score(cell)]
    known = {cell.casefold() for cell in scores}
    points = [point for point in map(_points, scores) if point is not None]
    low, high = (min(points), max(points)) if points else (1.0, 0.0)

    def fits(cell: str) -> bool:
        point = _points(cell)
        return cell.casefold() in known or (point is not None and low <= point <= high)

    if len(there) >= _FEWEST and 2 * sum(map(fits, there)) < len(there):
        return "most of it is outside the range of the scores"
    return ""


def _points(cell: str) -> float | None:
    score = read_score(cell)
    return None if score is None else score.points
