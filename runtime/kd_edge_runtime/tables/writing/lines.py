"""Makes the lines of scored rows: of CSV or TSV, of JSON, or explanations.

Lines can be made in another process than the one that writes them; see `tables.spread`.
"""

from __future__ import annotations

import sys

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.tables.columns import machine_header

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, Callable

    from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest
    from kd_edge_runtime.scorer import Score, Scorer
    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns, Scored

    Lines = Callable[[list[Scored], int], str]


class Style(NamedTuple):
    """How the lines of a table are written; without a delimiter they are no table.

    Attributes:
        delimiter: between two fields.
        line_end: after each row.
        decimal: "." or ","; "" for what the first rows show.
        quoted: whether quotation marks enclose fields.
    """

    delimiter: str = ""
    line_end: str = "\n"
    decimal: str = "."
    quoted: bool = True


class Written(list):  # type: ignore[type-arg]
    """A batch of scored rows (`Scored`) whose lines another process has made.

    Attributes:
        text: the lines.
    """

    text = ""


class LineWriter:
    """Writes batches of scored rows as lines of text.

    Attributes:
        style: how the lines are written, with its decimal sign known after the first batch.
    """

    def __init__(
        self, request: Request, scorer: Scorer, columns: Columns, style: Style, file: IO[str]
    ) -> None:
        self.style = style
        self._how = request, scorer, columns
        self._file = file
        self._lines: Lines | None = None
        self._before = 0

    def __call__(self, batch: list[Scored]) -> None:
        """Writes a batch."""
        if type(batch) is Written:
            text = batch.text
        else:
            if self._lines is None:
                if not self.style.decimal:
                    self.style = _with_decimal(self.style, batch, self._how[2])
                self._lines = lines_of(*self._how, self.style)
            text = self._lines(batch, self._before)
        self._file.write(text)
        self._before += len(batch)


def lines_of(request: Request, scorer: Scorer, columns: Columns, style: Style) -> Lines:
    """A function that makes lines of text of a batch and of the number of rows before it."""
    manifest, item_id = scorer.bundle.manifest, columns.item_id
    classes = manifest.classes if item_id is None else [*manifest.item(item_id).classes]
    if style.delimiter:
        return _table_lines(request, manifest, classes, style)
    from kd_edge_runtime.tables.writing import line_output

    if not request.as_json:
        return line_output.explanation_lines(scorer, columns)
    added = machine_header(classes, columns.header, request.prefix, "")
    return line_output.json_lines(request, scorer, columns, added)


def _with_decimal(style: Style, batch: Sequence[Scored], columns: Columns) -> Style:
    from kd_edge_runtime.tables.reading.dialect import decimal_of

    rows = (scored.fields for scored in batch)
    return style._replace(decimal=decimal_of(rows, columns.text, style.delimiter))


def quoting(request: Request, style: Style) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """What quotes the fields that scoring adds, and those of the table."""
    quote = quoter(style.delimiter) if style.quoted else str
    if not request.safe_cells:
        return quote, quote
    from kd_edge_runtime.tables.writing.safe_cells import safe

    return quote, lambda field: quote(safe(field))


def _table_lines(
    request: Request, manifest: Manifest, classes: Sequence[str], style: Style
) -> Lines:
    """Makes lines of rows with the fields that scoring adds."""
    delimiter, line_end, decimal, _ = style
    quote, kept = quoting(request, style)
    shown = classes
    if decimal != ".":
        from kd_edge_runtime.tables.reading.dialect import with_decimal

        shown = [with_decimal(name, decimal) for name in classes]
    predicted = {name: delimiter + quote(no_formula(own)) for name, own in zip(classes, shown)}
    formatters: dict[str, Callable[[Score], str]] = {}

    def lines(batch: list[Scored], _: int) -> str:
        for item_id in {scored.item_id for scored in batch} - {*formatters}:
            formatters[item_id] = machine_text(
                manifest.item(item_id), classes, delimiter, line_end, decimal
            )
        return "".join(
            [
                delimiter.join(map(kept, fields))
                + predicted[score.predicted]
                + formatters[item_id](score)
                for fields, item_id, score in batch
            ]
        )

    return lines


def quoter(delimiter: str) -> Callable[[str], str]:
    r"""A function that quotes a field if necessary, as the csv module does but faster.

    Lines end in \n; a field with a lone \r is quoted too, as readers would split it otherwise.
    """

    def quoted(field: str) -> str:
        if '"' in field:
            field = field.replace('"', '""')
        elif delimiter not in field and "\n" not in field and "\r" not in field:
            return field
        return f'"{field}"'

    return quoted


def machine_text(
    entry: ItemEntry,
    classes: Sequence[str],
    delimiter: str,
    line_end: str = "\n",
    decimal: str = ".",
) -> Callable[[Score], str]:
    """A function that formats the added fields after `predicted`, from a score.

    The fields are blank for the classes of other items. Each has a delimiter before it, and the
    last is followed by the end of the row.
    """
    indices = [entry.classes.index(name) if name in entry.classes else -1 for name in classes]
    quote = '"' if decimal == delimiter else ""
    formats = ["" if index < 0 else f"{quote}%.6f{quote}" for index in indices]
    mean = f"{quote}%.4f{quote}"
    template = delimiter.join(["", mean, mean, "%s", *formats]) + line_end
    order = [index for index in indices if index >= 0]
    if order == sorted(order):

        def text(score: Score) -> str:
            return template % (score.expected, score.confidence, score.flag, *score.probabilities)

    else:

        def text(score: Score) -> str:
            shares = (score.probabilities[index] for index in order)
            return template % (score.expected, score.confidence, score.flag, *shares)

    if decimal == ".":
        # Loaded where the core scores.
        core = sys.modules.get("kd_edge_core")
        if hasattr(core, "row") and order == [*range(len(entry.classes))]:
            row = core.row  # type: ignore[union-attr]
            marked = delimiter.join(["", *("\0" * 3), *("\0" * (at >= 0) for at in indices)])
            parts = (*(part.encode() for part in (marked + line_end).split("\0")),)
            return lambda score: row(parts, score) or text(score)
        return text
    # The flags have no points, and a delimiter that is one is not written with commas.
    return lambda score: text(score).replace(".", decimal)


def no_formula(name: str) -> str:
    """A name from the bundle that no spreadsheet takes for a formula."""
    if name[:1].isalnum():
        return name
    from kd_edge_runtime.tables.writing.safe_cells import safe

    return safe(name)
