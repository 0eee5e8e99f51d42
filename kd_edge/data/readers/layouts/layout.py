"""How the rows of a table become rows of one response and one score each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kd_edge.data.readers.columns import ColumnChoice
from kd_edge.data.readers.raw_table import RawTable
from kd_edge_runtime.errors import InputError


@dataclass(frozen=True)
class Layout:
    """What the user says of how a table is laid out.

    Attributes:
        wide: whether each question has columns of its own; if not, that is recognised where it is
            plain.
        scores: a second table with the scores, joined by the responses' ids; None where the
            responses have theirs.
        criteria: columns of scores that add up, each by a criterion of its own; where there are
            none, they are recognised; None where the scores do not matter.
        references: a second table with each item's question and reference answers; None where
            columns of the responses have them, or nothing does.
    """

    wide: bool = False
    scores: Path | None = None
    criteria: tuple[str, ...] | None = ()
    references: Path | None = None


def laid_out(
    table: RawTable,
    choice: ColumnChoice,
    layout: Layout,
    read: Callable[[Path], RawTable],
    source: str,
    item: str,
    scored: bool,
) -> tuple[RawTable, ColumnChoice]:
    """Make a table with one response and one score in a row.

    Args:
        table: as it was read.
        choice: what the user named.
        layout: what the user says of the table.
        read: reads a second table.
        source: the table's name in messages.
        item: the item's name where no column gives it.
        scored: whether the rows are to be learned from.

    Returns:
        The table and the choice of its columns; as given where it is such a table already.

    Raises:
        TableError: the table cannot be what the user says.
        InputError: options that do not go together.
    """
    if layout.wide and layout.criteria:
        raise InputError("--criterion is for one column of responses: leave --wide out")
    if table.encoding == "xml":
        if layout.wide or layout.scores or layout.criteria:
            raise InputError(f"{source}: --wide, --scores and --criterion are for tables")
        return table, choice
    wide = layout.wide
    if layout.scores is not None:
        from kd_edge.data.readers.layouts.join import NamedTable, join_scores

        scores = NamedTable(read(layout.scores), str(layout.scores))
        table, choice, of_each = join_scores(NamedTable(table, source), scores, choice, scored)
        wide = wide or of_each

    from kd_edge.data.readers.layouts.criteria import unfold_criteria
    from kd_edge.data.readers.layouts.wide import unfold_wide

    if not layout.criteria:
        unfolded = unfold_wide(table, choice, wide, scored, source)
        if unfolded is not None:
            return unfolded
    if layout.criteria is None:
        return table, choice
    return unfold_criteria(table, choice, layout.criteria, item, source) or (table, choice)
