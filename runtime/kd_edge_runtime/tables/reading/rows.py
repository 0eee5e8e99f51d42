"""Reads a table row by row, in the same way on devices and in the workshop.

A table is separated by commas, tabs, semicolons or bars; its first non-blank row holds the column
names, after a line "sep=;" of Excel's, if any, which spreadsheets hide. Blank rows are skipped. In
a table of one column, however, they are blank responses, except for empty lines at the end; there,
a cell of white space or `""` still is a blank response. Rows are numbered as in a spreadsheet.
Only one batch of rows is in memory at a time, and reading continues after a bad row, so that all
problems are reported at once.
"""

from __future__ import annotations

import _csv as csv  # the csv module's core: the rest of it would slow down every start
from itertools import chain, islice

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.reading import header as rules
from kd_edge_runtime.tables.roles import known_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Rows read and scored at once: enough for numpy to be efficient, few enough to fit in memory.
BATCH = 1000

# A longer field cannot be a response: 10,000 words are about 60,000 characters.
LONGEST_FIELD = 16 << 20

_COUNTING = "Rows are counted as a spreadsheet does: the header is row 1."
_MARKS = "; where they are text: --quoting none"
_OTHER = "name the table's encoding, as in --encoding cp1252, or save it as 'CSV UTF-8'"

# Problems kept for the report; further ones are only counted.
MOST_PROBLEMS = 200

# What a user can do who wants the other rows.
SKIP_HINT = "To leave such rows out and read the others: --on-bad-row skip."

# What is said of a cell of JSON or Parquet that holds several.
NESTED = "holds a list or an object, not text or a number"

# The headers of the files of the "Automated Student Assessment Prize, Short Answer Scoring"
# (ASAP-SAS), in which no field is quoted and quotation marks are part of the text.
UNQUOTED = (
    ["Id", "EssaySet", "Score1", "Score2", "EssayText"],
    ["Id", "EssaySet", "EssayText"],  # the competition's files to be scored
)


class Table:
    """A table whose header has been read.

    Args:
        header: the column names as written in the file.
        records: the rows below the header; `next` may raise `csv.Error`, after which reading can
            continue, or `UnicodeDecodeError`, which ends the table.
        source: the table's name in messages.
        row: the row number of the header, as in a spreadsheet.
        delimiter: one of `header.DELIMITERS`, or what a line "sep=" names.
        quoted: whether quotation marks may enclose a field; in ASAP-SAS files they are text.

    Attributes:
        header, source, delimiter, quoted: as given.
        encoding: the file's encoding; "utf-8" where it is no text.
        kind: "text", or the format of another file: "xlsx", "ods", "parquet".
        schema: the types of a Parquet file's columns, as pyarrow has them; None for others.
        names_delimiter: whether a line "sep=" names the delimiter.
        notes: how the file was understood, where that is not plain.
        counting: how rows are counted, as a sentence for the user.
        nested: whether a field may be a list or an object: no plain `str`, but `json_rows.Nested`.
        line_end: of the header, as the file has it.
        problems: the first problems in the rows read so far.
        most_problems: how many of them are kept.
        bad: the number of all problems so far.
        skipped: the number of blank rows that were skipped.
        cut_off: whether rows are missing after a problem, which took them with it.
    """

    def __init__(
        self,
        header: Sequence[str],
        records: Iterator[list[str]],
        source: str,
        row: int = 1,
        delimiter: str = ",",
        quoted: bool = True,
    ) -> None:
        self.header = header
        self.source = source
        self.delimiter = delimiter
        self.quoted = quoted
        self.encoding = "utf-8"
        self.kind = "text"
        self.schema: object = None
        self.names_delimiter = False
        self.notes: list[str] = []
        self.counting = _COUNTING
        self.nested = False
        self.line_end = "\n"
        self.problems: list[Problem] = []
        self.most_problems = MOST_PROBLEMS
        self.bad = 0
        self.skipped = 0
        self.cut_off = False
        self._records = records
        self._row = row
        self._blank = 0  # blank rows directly before the next row

    def batches(self, size: int = BATCH) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Reads the rows with one field per column, up to `size` at a time.

        Yields:
            The row numbers, as in a spreadsheet, and the rows' fields as written.
        """
        while True:
            rows: list[list[str]] = []
            message, start, ended = "", self._row + 1, False
            try:
                rows += islice(self._records, size)  # keeps the rows before an error
            except csv.Error as error:
                message = _csv_problem(error)
                # A quotation mark that is not doubled spoils its own row; one that is never closed
                # makes all that follows a part of its field.
                self.cut_off = self.cut_off or "expected after" not in str(error)
            except UnicodeDecodeError:
                message, ended = f"this is not {_named(self.encoding)}: {_OTHER}", True
                self.cut_off = True
            self._row += len(rows)
            ended = ended or not (rows or message)
            numbers, rows = self._complete_rows(range(start, self._row + 1), rows)
            if message:
                self._row += 1
                self._blank = 0
                self.note(Problem(message, self._row))
            if len(rows) <= size:
                if rows:
                    yield numbers, rows
            else:
                for at in range(0, len(rows), size):
                    yield numbers[at : at + size], rows[at : at + size]
            if ended:
                return

    def note(self, problem: Problem) -> None:
        """Counts a problem and keeps it if it is one of the first."""
        self.bad += 1
        if len(self.problems) < self.most_problems:
            self.problems.append(problem)

    def error(self, hint: str = "") -> TableError:
        """An error with all problems in the order of the rows, and a hint for the user."""
        # Unreadable rows are noted before the other problems of their batch.
        ordered = sorted(self.problems, key=lambda problem: problem.row or 0)
        return TableError(self.source, ordered, hint, unlisted=self.bad - len(ordered))

    def _complete_rows(
        self, numbers: Sequence[int], rows: list[list[str]]
    ) -> tuple[Sequence[int], list[list[str]]]:
        """The rows with one field per column, including blank rows if they are responses."""
        width = len(self.header)
        even = not self._blank and {*map(len, rows)} <= {width}
        if even and (width == 1 or (_none_blank(rows) and self.header not in rows)):
            return numbers, rows
        from kd_edge_runtime.tables.reading.row_width import WHITE, fitted, why_bad

        kept: list[tuple[int, list[str]]] = []
        for number, fields in zip(numbers, rows):
            if not (width == len(fields) == 1 or "".join(fields).strip(WHITE)):
                self._blank += 1
                continue
            if width == 1:
                kept += ((row, [""]) for row in range(number - self._blank, number))
            else:
                self.skipped += self._blank
            self._blank = 0
            fields = fitted(fields, self.header)
            if message := why_bad(fields, self.header, self.quoted):
                self.note(Problem(message, number))
            else:
                kept.append((number, fields))
        return [number for number, _ in kept], [fields for _, fields in kept]


def open_table(
    stream: Iterable[str],
    source: str,
    usual: str = ",",
    has_header: bool = True,
    quoting: str = "auto",
) -> Table:
    """Reads the header of a table.

    The two rows that Qualtrics adds below the header, with titles and its own ids, are part of it.

    The delimiter is taken from the header, not from the file name: a German Excel separates the
    fields of a .csv with semicolons.

    Args:
        stream: the lines of a text file, with line ends.
        source: the table's name in messages.
        usual: the usual delimiter of such files, if the header leaves a choice.
        has_header: whether the first row holds the column names; if not, the columns are called
            "column 1" and so on.
        quoting: "none" where quotation marks are text; "double" where they enclose fields, and
            are doubled inside; "auto" is "double" but for ASAP-SAS.

    Raises:
        TableError: the table is empty, or its header cannot be read.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = iter(stream)
    row = 1
    try:
        first = next(lines, "")
        while first and not first.strip():
            first, row = next(lines, ""), row + 1
        named = rules.named_delimiter(first)
        if named:
            first = next(lines, "")  # spreadsheets do not count the line that they hide
        delimiter = named or rules.header_delimiter(first, usual)
        quoted = quoting == "double" or (
            quoting == "auto" and first.rstrip("\r\n").split("\t") not in UNQUOTED
        )
        # A cell of the header may have lines of its own.
        header_lines = rules.whole_header(first, lines) if quoted and '"' in first else [first]
        # strict: an unclosed quotation mark would swallow the remaining responses, and one that is
        # not doubled would end a text early; both must be reported, not guessed at.
        records = csv.reader(
            chain(header_lines, lines),
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=True,
        )
        header = next(records, [])
        while first and not "".join(header).strip():  # a row of separators alone
            header, row = next(records), row + 1
    except StopIteration:
        header = []
    except UnicodeDecodeError:
        message = f"this is not {_named(getattr(stream, 'encoding', 'utf-8'))}: {_OTHER}"
        raise TableError(source, [Problem(message)]) from None
    except csv.Error as error:
        raise TableError(source, [Problem(_csv_problem(error), row)]) from None
    if not header:
        message = "the table is empty: it needs a row of column names"
        raise TableError(source, [Problem(message)])
    table = table_below(header, records, source, row, has_header, delimiter, quoted)
    table.line_end, table.names_delimiter = rules.line_end(header_lines[-1]), bool(named)
    return table


def table_below(
    header: list[str],
    records: Iterator[list[str]],
    source: str,
    row: int,
    has_header: bool = True,
    delimiter: str = ",",
    quoted: bool = True,
) -> Table:
    """The table of a first row and the rows below it; see `open_table` and `Table`."""
    if not has_header:
        names = [f"column {number}" for number in range(1, len(header) + 1)]
        return Table(names, chain([header], records), source, row - 1, delimiter, quoted)
    above = 0
    if not known_names(header):
        from kd_edge_runtime.tables.reading.title_rows import header_below

        header, records, above = header_below(header, records)
    below, extra = rules.below_qualtrics(records)
    table = Table(header, below, source, row + above + extra, delimiter, quoted)
    if above:
        table.counting = "Rows are counted as a spreadsheet does."
        table.notes.append(f"row {row + above} holds the column names: rows above it are left out")
    return table


def _named(encoding: str) -> str:
    return "UTF-8" if encoding.startswith("utf-8") else encoding


def _none_blank(rows: Iterable[list[str]]) -> bool:
    """Whether no row is blank; runs in C, as a table may have a million rows."""
    return all(map(str.strip, map("".join, rows)))


def _csv_problem(error: csv.Error) -> str:
    """The csv module's messages in plain words; they never quote a field."""
    message = str(error)
    if "expected after" in message:
        return f'a quotation mark inside a quoted field must be doubled (""){_MARKS}'
    if "field limit" in message:
        limit = f"{csv.field_size_limit():,}"
        return f"a field of more than {limit} characters: is a closing quotation mark missing?"
    if "unexpected end" in message:
        return f"a quotation mark in this row is never closed{_MARKS}"
    return f"this row is not valid CSV ({message})"
