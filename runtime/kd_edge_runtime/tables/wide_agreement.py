"""How well the scores of a wide table agree with people's, for each item and for each sum."""

from __future__ import annotations

from collections import Counter

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bench.quality import quality
from kd_edge_runtime.system.ordered_sums import ordered_sum
from kd_edge_runtime.tables.agreement import Tally, is_test, split_column
from kd_edge_runtime.tables.column_names import one_line
from kd_edge_runtime.tables.score_rows import Scored
from kd_edge_runtime.tables.wide import questions, scores_of
from kd_edge_runtime.tables.wide_columns import totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge_runtime.scorer import Score
    from kd_edge_runtime.tables.wide_columns import WideColumns


class WideTally:
    """Counts agreement where a table has a column of people's scores for an item.

    Args:
        columns: the table's columns.
    """

    def __init__(self, columns: WideColumns) -> None:
        self._columns = columns
        self._split = split_column(columns.header)
        scores = _score_columns(columns)
        self._tallies = {
            at: Tally(columns.header, [columns.places[at].entry], score, self._split, named=False)
            for at, score in scores.items()
        }
        self._totals = [
            (name, own, total)
            for (name, own), total in zip(columns.sums, totals(columns))
            if {*own} <= scores.keys()
        ]
        # People's sum and the machine's, of all rows and of the test rows.
        self._sums: dict[str, tuple[Counter[tuple[float, float]], ...]] = {
            name: (Counter(), Counter()) for name, _, _ in self._totals
        }

    def add(self, rows: Sequence[list[str]], scores: Sequence[Sequence[Score]]) -> None:
        """Counts rows with the scores of their items."""
        for at, tally in self._tallies.items():
            item = self._columns.places[at].entry.item_id
            batch = [Scored(fields, item, own[at]) for fields, own in zip(rows, scores)]
            for _ in tally.counted(iter([batch])):
                pass
        for name, own, total in self._totals:
            for fields, row_scores in zip(rows, scores):
                human = self._human(fields, own)
                if human is None:
                    continue
                test = self._split is not None and is_test(fields[self._split])
                for pairs in self._sums[name][: 1 + test]:
                    pairs[human, round(total(row_scores)[0], 6)] += 1

    def _human(self, fields: list[str], own: tuple[int, ...]) -> float | None:
        """People's sum; None where a score is missing or none of the item's."""
        points = []
        for at in own:
            entry = self._columns.places[at].entry
            human = self._tallies[at].human(fields, entry.item_id)
            if human is None:
                return None
            points.append(entry.worth[human])
        return round(ordered_sum(points, 0), 6)

    def lines(self) -> list[str]:
        """What was counted, in words."""
        lines = [line for tally in self._tallies.values() for line in tally.lines()]
        for name, (whole, test) in self._sums.items():
            pairs = test or whole
            if not pairs:
                continue
            points = sorted({point for pair in pairs for point in pair})
            human, machine = (
                [points.index(pair[side]) for pair in pairs.elements()] for side in (0, 1)
            )
            found = quality(human, machine, points)
            lines.append(
                f"Agreement of the sum '{name}': exact {found.accuracy:.1%}, QWK {found.qwk:.3f} "
                f"({found.responses:,} response{'' if found.responses == 1 else 's'})"
            )
        return lines


def _score_columns(columns: WideColumns) -> dict[int, int]:
    """Place → the column of people's scores of its item."""
    beside = {one.text: one.score for one in questions(columns.header)}
    found: dict[int, int] = {}
    for at, place in enumerate(columns.places):
        entry = place.entry
        score = beside.get(place.text)
        if entry.part_of:
            criterion = entry.item_id.replace(f"{entry.part_of}: ", "", 1)
            named = [
                column for column, name in enumerate(columns.header) if one_line(name) == criterion
            ]
            own = {*named, *scores_of(criterion, columns.header)}
            score = own.pop() if len(own) == 1 else None
        if score is not None:
            found[at] = score
    return found
