"""Sort the cells of raw records by role and the records by item, with what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from kd_edge.data.names import why_no_name
from kd_edge.data.readers.columns import FoundColumns
from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge.data.readers.scales.score_reader import same_class
from kd_edge.data.responses import Scale
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.suggestions import did_you_mean
from kd_edge_runtime.tables.reading.rows import NESTED
from kd_edge_runtime.tables.roles import plain

_SHOWN_NAME = 40
_ROLES = ("item_id", "response_id", "text", "score", "score2", "group", "split", "student")
# What Moodle, Canvas and people write into a first or last row that is nobody's, as `plain`
# leaves it.
_AVERAGES = (
    "overallaverage average gesamtdurchschnitt durchschnitt moyennegenerale moyenne "
    "promediogeneral promedioglobal promedio genelortalama ortalama "
    "mean median total sum average maximum max maxpoints maximumpoints pointspossible outof "
    "standarddeviation stdev sd mittelwert summe gesamt maximalpunktzahl total maximal ecarttype "
    "suma media total maximo toplam"
)
_AVERAGE = frozenset(_AVERAGES.split())


@dataclass(frozen=True)
class Rules:
    """What a table has to be.

    Attributes:
        scale: the scale of all items, or None to take each item's from its scores.
        only_items: the items to take; all where empty.
        scored: whether the rows are to be learned from: then those without a score are left out.
        min_rows: the fewest rows of an item to be learned from.
        default_item: the item's name where no column gives it.
        missing: cells that stand for a missing score.
        lower_is_better: whether the least number, or word, is the best.
        skip: whether bad rows are left out; if not, one of them stops the reading.
        scales: item → the scale that it is known to have, where `scale` is None.
        pooled: whether the items are learned from together: one scale for all, and an item may have
            any number of rows and of scores.
        keep_table: whether the result keeps the table too.
    """

    scale: Scale | None
    only_items: tuple[str, ...]
    scored: bool
    min_rows: int
    default_item: str
    missing: tuple[str, ...] = ()
    lower_is_better: bool = False
    skip: bool = False
    scales: Mapping[str, Scale] = field(default_factory=dict)
    pooled: bool = False
    keep_table: bool = False

    def is_missing(self, cell: str) -> bool:
        """Whether the user said that a cell stands for a missing score."""
        return bool(self.missing) and same_class(cell) in self._missing_classes

    @cached_property
    def _missing_classes(self) -> frozenset[str]:
        return frozenset(same_class(cell.strip()) for cell in self.missing)


class Draft(NamedTuple):
    """A row with its cells sorted by role, still as text; "" where there is nothing.

    All but the text are without white space around them.
    """

    record: RawRecord
    item_id: str
    response_id: str
    text: str
    score: str
    score2: str
    group: str
    split: str
    student: str = ""

    @property
    def item_name(self) -> str:
        """The item's name for a message, unless it is so long that it may be a text."""
        if len(self.item_id) <= _SHOWN_NAME:
            return f"item '{self.item_id}'"
        return f"the item of row {self.record.row}"


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read.

    Attributes:
        problem: what is wrong with it, and where.
        response_id: its response, as far as it is known.
    """

    problem: Problem
    response_id: str = ""


class Drafter:
    """Makes drafts of a table's records.

    Args:
        table: the records, with the problems that the reader met.
        columns: where the roles are, with the problems met there.
        rules: what the rows have to be.

    Attributes:
        columns: as given; without a column of ids that turned out to be none.
        problems: what was wrong with the table as a whole so far.
        bad: the rows that could be given to no item because of a problem.
        lost: how many they are, with those that the reader did not keep.
        notes: lines for the user.
    """

    def __init__(self, table: RawTable, columns: FoundColumns, rules: Rules) -> None:
        whole = [problem for problem in table.problems if problem.row is None]
        self.problems = [*whole, *columns.problems]
        self.bad = [BadRow(problem) for problem in table.problems if problem.row is not None]
        self.lost = table.lost
        self.notes: list[str] = []
        self.columns = columns
        self._records = table.records
        self._rules = rules

    def bad_row(self, record: RawRecord, role: str, message: str, response_id: str = "") -> BadRow:
        """A problem with a record's cell of a role."""
        column = (record.columns or {}).get(role) or self.columns.names.get(role)
        return BadRow(Problem(message, record.row, column, record.file), response_id)

    def drafts(self) -> dict[str, list[Draft]]:
        """Make the drafts of the wanted items: item → its rows, in the file's order."""
        wanted = self._rules.only_items
        drafts: dict[str, list[Draft]] = {}
        blank = 0
        for draft in self._drafted():
            if not (draft.score or draft.text.strip()) and _blank(draft.record):
                blank += 1
            elif (None in draft.record.cells or draft.item_id not in drafts) and self._is_bad(
                draft
            ):
                self.lost += 1
            else:
                own = drafts.setdefault(draft.item_id, [])
                if not wanted or draft.item_id in wanted:
                    own.append(draft)
        if blank:
            self.notes.append(f"{blank} empty row{'s' if blank > 1 else ''} skipped")
        for item in dict.fromkeys(wanted):
            if item not in drafts:
                self._no_such_item(item, list(drafts))
        return self._with_ids({item: own for item, own in drafts.items() if own})

    def _drafted(self) -> Iterator[Draft]:
        """The drafts of all records; a million of them have to take no longer than need be."""
        at, width = self.columns.positions, len(self.columns.header)
        # What a table lacks is put behind its cells: a blank, the item, the number of the row.
        lacking = {"item_id": width + 1, "response_id": width + 2}
        cells = itemgetter(*(at.get(role, lacking.get(role, width)) for role in _ROLES))
        item = self._rules.default_item
        for record in self._without_average():
            item_id, response_id, text, *others = cells(
                (*record.cells, "", item, f"row-{record.row}")
            )
            score, score2, group, split, student = [
                (cell and cell.strip()) or "" for cell in others
            ]
            yield Draft(
                record,
                (item_id or "").strip(),
                (response_id or "").strip(),
                text or "",
                score,
                score2,
                group,
                split,
                student or ((response_id or "").strip() if self.columns.student_ids else ""),
            )

    def _is_bad(self, draft: Draft) -> bool:
        """Whether a row can be given to no item, or holds what is no text."""
        before, record = len(self.bad), draft.record
        for role, at in self.columns.positions.items():
            if record.cells[at] is None:
                self.bad.append(self.bad_row(record, role, NESTED, draft.response_id))
        wanted = self._rules.only_items
        left_out = draft.item_id and wanted and draft.item_id not in wanted
        why = "" if left_out else why_no_name(draft.item_id)
        if why and len(self.bad) == before:
            self.bad.append(self.bad_row(record, "item_id", why, draft.response_id))
        return len(self.bad) > before

    def _without_average(self) -> tuple[RawRecord, ...]:
        """The records without first and last ones that hold maxima, averages or sums."""
        records, at = self._records, self.columns.positions.get("text")
        if at is None:
            return records
        first, end = 0, len(records)
        while first < end and _is_summary(records[first], at):
            first += 1
        while end > first and _is_summary(records[end - 1], at):
            end -= 1
        left = [*records[:first], *records[end:]]
        self.notes += [f"row {one.row} is left out: it holds {_what(one)!r}" for one in left]
        return records[first:end]

    def _with_ids(self, drafts: dict[str, list[Draft]]) -> dict[str, list[Draft]]:
        """The drafts with ids by row number where a guessed column does not hold the ids."""
        if not self.columns.loose_id:
            return drafts
        why = next(filter(None, map(_no_ids, drafts.values())), None)
        if why is None:
            return drafts
        name = self.columns.names["response_id"]
        self.columns = self.columns.without_id()
        self.notes.append(f"'{name}' is not taken as the responses' ids: {why} (see --id-column)")
        return {
            item: [draft._replace(response_id=f"row-{draft.record.row}") for draft in own]
            for item, own in drafts.items()
        }

    def _no_such_item(self, item: str, there: list[str]) -> None:
        shown = [name for name in there if len(name) <= _SHOWN_NAME]
        names = ", ".join(f"'{name}'" for name in shown[:20])
        more = f" and {len(there) - 20} more" if len(there) > 20 else ""
        self.problems.append(
            Problem(f"no item '{item}'{did_you_mean(item, shown)} (there are: {names}{more})")
        )


def _no_ids(drafts: list[Draft]) -> str | None:
    """Why an item's ids are none; None if each row has one of its own."""
    if len({draft.response_id for draft in drafts} - {""}) == len(drafts):
        return None
    seen: dict[str, int] = {}
    for draft in drafts:
        row = draft.record.row
        if not draft.response_id:
            return f"row {row} has none"
        if seen.setdefault(draft.response_id, row) != row:
            return f"rows {seen[draft.response_id]} and {row} have the same"
    return None


def _what(record: RawRecord) -> str:
    """The first thing in a row."""
    return next((cell.strip() for cell in record.cells if cell and cell.strip()), "")


def _is_summary(record: RawRecord, text: int) -> bool:
    """Whether a row is about the other rows, and holds no response."""
    return not (record.cells[text] or "").strip() and plain(_what(record)) in _AVERAGE


def _blank(record: RawRecord) -> bool:
    """Whether a row has nothing in it; in a table of one column that is a blank response."""
    cells = record.cells
    return len(cells) > 1 and not any(cell is None or cell.strip() for cell in cells)
