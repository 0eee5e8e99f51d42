"""Write a table with the suggested responses first, to fill in their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kd_edge.data.readers.encodings import likely_encoding
from kd_edge.data.responses import Responses, SkippedRow, SourceTable
from kd_edge.suggest.suggest import ItemSuggestions
from kd_edge_runtime.errors import InputError, Problem, TableError
from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.no_score import means_no_score
from kd_edge_runtime.tables.reading.dialect import Dialect, dialect_of
from kd_edge_runtime.tables.reading.sources import OTHERS, Reading, open_source
from kd_edge_runtime.tables.roles import SCORE
from kd_edge_runtime.tables.writing.lines import quoter
from kd_edge_runtime.tables.writing.output import destination
from kd_edge_runtime.tables.writing.xlsx_out import is_name, workbook

MARK = "suggested"
"""The column that numbers what to score next, 1 for the most useful."""

_UNREAD = "this is no score of a scale that is known"

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")


def check_output(output: Path) -> None:
    """Refuse a file whose name stands for a format that is not written.

    Raises:
        InputError: it does.
    """
    if output.suffix.lower() not in ENDINGS:
        raise InputError(
            f"{output}: the table is written as CSV, TSV or .xlsx: choose a name that ends in "
            ".csv, .tsv or .xlsx"
        )


def check_table(responses: Responses, *, joined: bool = False) -> SourceTable:
    """The table of responses, if it can be filled in.

    Args:
        responses: as read with their table.
        joined: whether the scores are from a second table; their column is then called "score".

    Raises:
        InputError: a row of the file holds several responses or scores.
    """
    table = responses.table
    assert table is not None, "read with keep_table"
    if table.unfolded:
        raise InputError(
            f"{responses.source}: a row holds several responses or scores, and one question is "
            "filled in at a time: name its columns, like --text-column 'Q1' --score-column "
            "'Q1 score'"
        )
    column = table.positions.get("score")
    if joined and column is not None:
        header = [*table.header]
        header[column] = _free("score", header)
        table = replace(table, header=tuple(header))
    return table


def without_unread_scores(
    responses: Responses, missing: Sequence[str] = (), *, skip: bool = False
) -> Responses:
    """The responses without rows that have something in the place of a score which is none.

    They are scored already, as far as anybody knows, and would be asked for again.

    Args:
        responses: as read with their table.
        missing: cells that the user says stand for no score.
        skip: whether such rows are skipped, and told by `skipped`; if not, they are refused.

    Raises:
        TableError: there are such rows, each with its place.
    """
    table = responses.table
    assert table is not None, "read with keep_table"
    column = table.positions.get("score")
    if column is None:
        return responses
    problems: dict[tuple[str, str], Problem] = {}
    for item in responses.items:
        for row in item.rows:
            at = table.rows[table.at[row.item_id, row.response_id]]
            cell = (at.cells[column] or "").strip()
            if row.score is None and cell not in missing and not means_no_score(cell):
                problem = Problem(_UNREAD, at.number, table.header[column])
                problems[row.item_id, row.response_id] = problem
    if problems and not skip:
        hint = (
            "Name the scores with --score-range 0-3 or --classes weak,fair,strong, and cells that "
            "are none with --missing; --on-bad-row skip leaves such rows as they are."
        )
        raise TableError(responses.source, [*problems.values()], hint)
    return replace(
        responses,
        items=tuple(
            replace(
                item,
                rows=tuple(
                    row for row in item.rows if (row.item_id, row.response_id) not in problems
                ),
            )
            for item in responses.items
        ),
        skipped=(
            *responses.skipped,
            *(
                SkippedRow(one.row or 0, name, f"column '{one.column}': {one.message}")
                for (_, name), one in problems.items()
            ),
        ),
    )


def write_suggestions(
    table: SourceTable,
    suggestions: Sequence[ItemSuggestions],
    source: Path,
    output: Path,
    reading: Reading,
) -> None:
    """Write all rows and columns of a table, the suggested rows first.

    A column "suggested" numbers them; a column "score" is added where there is none, and one of ids
    where rows would be called by their numbers, which change. The file is for its owner alone.

    Args:
        table: the table.
        suggestions: of all its items.
        source: its file, as whose text the new one is written: delimiter, encoding, line ends.
        output: a name that `check_output` takes.
        reading: how the file was read.

    Raises:
        InputError: the file cannot be written.
    """
    header, rows = _filled(table, suggestions)
    if output.suffix.lower() == ".xlsx":
        names = [is_name(name) for name in header]
        if "text" in table.positions:
            names[header.index(table.header[table.positions["text"]])] = True
        with workbook(output) as sheet:
            sheet.write([[sheet.text(name) for name in header]])
            sheet.write(
                [[sheet.cell(*one) for one in zip(row, names, strict=True)] for row in rows]
            )
        return
    dialect = _dialect(source, output, reading)
    quoted = quoter(dialect.delimiter)
    with destination(output, dialect.encoding) as file:
        if dialect.names_delimiter:
            file.write(f"sep={dialect.delimiter}{dialect.line_end}")
        for row in (header, *rows):
            file.write(dialect.delimiter.join(map(quoted, row)) + dialect.line_end)


def _dialect(source: Path, output: Path, reading: Reading) -> Dialect:
    if source.is_dir() or source.suffix.lower() in (*OTHERS, ".xml"):
        return Dialect("\t" if output.suffix.lower() == ".tsv" else ",")
    with open_source(source, reading, likely_encoding) as table:
        return dialect_of(table, source, output, None)


def _filled(
    table: SourceTable, suggestions: Sequence[ItemSuggestions]
) -> tuple[list[str], list[list[str]]]:
    """The header, and the rows in their new order."""
    ranks = {
        table.at[one.item_id, response_id]: rank
        for one in suggestions
        for rank, response_id in enumerate(one.response_ids, 1)
    }
    ids = {at: response_id for (_, response_id), at in table.at.items()}
    # What holds no response, such as a row of averages at the end, stays at the end.
    others = sorted(set(range(len(table.rows))) - set(ranks), key=lambda at: (at not in ids, at))
    before = [MARK]
    if "response_id" not in table.positions:
        before.append(_free("response_id", table.header))
    after = [] if _has_scores(table) else [_free("score", table.header)]
    kept = [at for at, name in enumerate(table.header) if name != MARK]

    def rows() -> Iterator[list[str]]:
        for at in (*ranks, *others):
            own = [str(ranks.get(at, ""))]
            cells = table.rows[at].cells
            if len(before) > 1:
                own.append(ids.get(at) or _id_of_other(table, at))
            yield [*own, *((cells[column] or "") for column in kept), *[""] * len(after)]

    return [*before, *(table.header[at] for at in kept), *after], [*rows()]


def _has_scores(table: SourceTable) -> bool:
    """Whether there is a column of scores, also one in which there is nothing yet."""
    return "score" in table.positions or any(
        not any((row.cells[at] or "").strip() for row in table.rows)
        for at in candidates(table.header, SCORE.tiers)
    )


def _id_of_other(table: SourceTable, at: int) -> str:
    """What to call a row of an item that was not asked for; "" for one without a response."""
    text = table.rows[at].cells[table.positions["text"]] or ""
    return f"row-{table.rows[at].number}" if text.strip() else ""


def _free(name: str, header: Sequence[str]) -> str:
    """A name that no column has yet."""
    found = name
    while found in header:
        found += "_"
    return found
