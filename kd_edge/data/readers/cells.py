"""Sort the cells of raw records by role and the records by item, with what is wrong in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from kd_edge.data.readers.columns import FoundColumns
from kd_edge.data.readers.raw_table import RawRecord, RawTable
from kd_edge.data.readers.score_reader import same_class
from kd_edge.data.responses import Scale
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.suggestions import did_you_mean

_SHOWN_NAME = 40


@dataclass(frozen=True)
class Rules:
    """What a table has to be.

    Attributes:
        scale: the scale of all items, or None to take each item's from its scores.
        only_items: the items to take; all where empty.
        scored: whether the rows are to be learned from: then each needs a score.
        min_rows: the fewest rows of an item to be learned from.
        default_item: the item's name where no column gives it.
        missing: cells that stand for a missing score: rows with one are not learned from.
        lower_is_better: whether the least number, or word, is the best.
    """

    scale: Scale | None
    only_items: tuple[str, ...]
    scored: bool
    min_rows: int
    default_item: str
    missing: tuple[str, ...] = ()
    lower_is_better: bool = False

    @cached_property
    def missing_classes(self) -> frozenset[str]:
        """`missing` as `same_class` has it."""
        return frozenset(same_class(cell.strip()) for cell in self.missing)


@dataclass(frozen=True)
class Draft:
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

    @property
    def item_name(self) -> str:
        """The item's name for a message, unless it is so long that it may be a text."""
        if len(self.item_id) <= _SHOWN_NAME:
            return f"item '{self.item_id}'"
        return f"the item of row {self.record.row}"


class Drafter:
    """Makes drafts of a table's records.

    Args:
        table: the records, with the problems that the reader met.
        columns: where the roles are, with the problems met there.
        rules: what the rows have to be.

    Attributes:
        problems: all that was wrong so far.
        lost: how many rows could be given to no item because of a problem.
    """

    def __init__(self, table: RawTable, columns: FoundColumns, rules: Rules) -> None:
        self.problems = [*table.problems, *columns.problems]
        self.lost = table.lost
        self._left_out = 0
        self._records = table.records
        self._columns = columns
        self._rules = rules

    def wrong(self, record: RawRecord, role: str, message: str) -> None:
        """Note a problem with a record's cell of a role."""
        column = self._columns.names.get(role)
        self.problems.append(Problem(message, record.row, column, record.file))

    def drafts(self) -> dict[str, list[Draft]]:
        """Make the drafts of the wanted items: item → its rows, in the file's order."""
        wanted = self._rules.only_items
        drafts: dict[str, list[Draft]] = {}
        for record in self._records:
            item = self._item_of(record)
            if not item:
                self.lost += 1
                continue
            own = drafts.setdefault(item, [])
            if self._rules.scored and self._is_missing(record):
                self._left_out += 1
            elif not wanted or item in wanted:
                own.append(self._draft(record, item))
        for item in dict.fromkeys(wanted):
            if item not in drafts:
                self._no_such_item(item, list(drafts))
        return {item: own for item, own in drafts.items() if own}

    @property
    def notes(self) -> tuple[str, ...]:
        """Which rows were left out, for the user."""
        if not self._left_out:
            return ()
        cells = ", ".join(self._rules.missing)
        rows = "1 row" if self._left_out == 1 else f"{self._left_out:,} rows"
        return (f"{rows} left out for a missing score ({cells})",)

    def _is_missing(self, record: RawRecord, role: str = "score") -> bool:
        position = self._columns.positions.get(role)
        if not self._rules.missing or position is None:
            return False
        cell = record.cells[position]
        return cell is not None and same_class(cell.strip()) in self._rules.missing_classes

    def _item_of(self, record: RawRecord) -> str:
        if "item_id" not in self._columns.positions:
            return self._rules.default_item
        return self._cell(record, "item_id", blank="is blank").strip()

    def _draft(self, record: RawRecord, item: str) -> Draft:
        no_score = "has no score" if self._rules.scored else None
        response_id = self._cell(record, "response_id", blank="is blank").strip()
        if "response_id" not in self._columns.positions:
            response_id = f"row-{record.row}"
        return Draft(
            record,
            item,
            response_id,
            text=self._cell(record, "text", blank="the response is empty"),
            score="" if self._is_missing(record) else self._cell(record, "score", no_score).strip(),
            score2=""
            if self._is_missing(record, "score2")
            else self._cell(record, "score2").strip(),
            group=self._cell(record, "group").strip(),
            split=self._cell(record, "split").strip(),
        )

    def _cell(self, record: RawRecord, role: str, blank: str | None = None) -> str:
        """A role's cell as written; "" where there is no such column, or after a problem.

        `blank` says what is wrong with a blank cell; None where it may be blank.
        """
        position = self._columns.positions.get(role)
        if position is None:
            return ""
        cell = record.cells[position]
        if cell is None:
            self.wrong(record, role, "holds a list or an object, not text or a number")
            return ""
        if blank is not None and not cell.strip():
            self.wrong(record, role, blank)
        return cell

    def _no_such_item(self, item: str, there: list[str]) -> None:
        shown = [name for name in there if len(name) <= _SHOWN_NAME]
        names = ", ".join(f"'{name}'" for name in shown[:20])
        more = f" and {len(there) - 20} more" if len(there) > 20 else ""
        self.problems.append(
            Problem(f"no item '{item}'{did_you_mean(item, shown)} (there are: {names}{more})")
        )
