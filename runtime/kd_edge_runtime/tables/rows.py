"""Reads a table row by row, in the same way on devices and in the workshop.

A table is separated by commas, tabs or semicolons; its first non-blank row holds the column
names. Blank rows are skipped. In a table of one column, however, they are blank responses, except
for empty lines at the end; there, a cell of white space or `""` still is a blank response. Rows are
numbered as in a spreadsheet.
Only one batch of rows is in memory at a time, and reading continues after a bad row, so that all
problems are reported at once.
"""

from __future__ import annotations

import _csv as csv  # the csv module's core: the rest of it would slow down every start
from itertools import chain, islice

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.roles import known_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Rows read and scored at once: enough for numpy to be efficient, few enough to fit in memory.
BATCH = 1000

DELIMITERS = ",\t;"
_USUAL = {".tsv": "\t", ".txt": "\t"}

# A longer field cannot be a response: 10,000 words are about 60,000 characters.
_LONGEST_FIELD = 16 << 20

# Problems kept for the report; further ones are only counted.
_MOST_PROBLEMS = 200

# How the cells of the third row of Qualtrics's header begin.
_IMPORT_ID = '{"ImportId":'

# The headers of the files of the "Automated Student Assessment Prize, Short Answer Scoring"
# (ASAP-SAS), in which no field is quoted and quotation marks are part of the text.
_UNQUOTED = (
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
        delimiter: one of `DELIMITERS`.
        quoted: whether quotation marks may enclose a field; in ASAP-SAS files they are text.

    Attributes:
        header: as given.
        source: as given.
        delimiter: as given.
        quoted: as given.
        problems: the first problems in the rows read so far.
        most_problems: how many of them are kept.
        bad: the number of all problems so far.
        skipped: the number of blank rows that were skipped.
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
        self.problems: list[Problem] = []
        self.most_problems = _MOST_PROBLEMS
        self.bad = 0
        self.skipped = 0
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
            except UnicodeDecodeError:
                message, ended = "this is not UTF-8: save the table as 'CSV UTF-8'", True
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
        if not self._blank and {*map(len, rows)} == {width} and (width == 1 or _none_blank(rows)):
            return numbers, rows
        kept: list[tuple[int, list[str]]] = []
        for number, fields in zip(numbers, rows):
            if not (width == len(fields) == 1 or "".join(fields).strip()):
                self._blank += 1
                continue
            if width == 1:
                kept += ((row, [""]) for row in range(number - self._blank, number))
            else:
                self.skipped += self._blank
            self._blank = 0
            if len(fields) == width:
                kept.append((number, fields))
            else:
                self.note(Problem(_ragged(len(fields), width, self.quoted), number))
        return [number for number, _ in kept], [fields for _, fields in kept]


def open_table(
    stream: Iterable[str], source: str, usual: str = ",", has_header: bool = True
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

    Raises:
        TableError: the table is empty, or its header cannot be read.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    lines = iter(stream)
    row = 1
    try:
        first = next(lines, "")
        while first and not first.strip():
            first, row = next(lines, ""), row + 1
        delimiter = _delimiter(first, usual)
        quoted = first.rstrip("\r\n").split("\t") not in _UNQUOTED
        # strict: an unclosed quotation mark would swallow the remaining responses, and one that is
        # not doubled would end a text early; both must be reported, not guessed at.
        records = csv.reader(
            chain([first], lines),
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
        message = "this is not UTF-8: save the table as 'CSV UTF-8'"
        raise TableError(source, [Problem(message)]) from None
    except csv.Error as error:
        raise TableError(source, [Problem(_csv_problem(error), row)]) from None
    if not header:
        message = "the table is empty: it needs a row of column names"
        raise TableError(source, [Problem(message)])
    if not has_header:
        names = [f"column {number}" for number in range(1, len(header) + 1)]
        return Table(names, chain([header], records), source, row - 1, delimiter, quoted)
    below, extra = _below_qualtrics(records)
    return Table(header, below, source, row + extra, delimiter, quoted)


def _below_qualtrics(records: Iterator[list[str]]) -> tuple[Iterator[list[str]], int]:
    """The rows below the header, and how many extra header rows, as in Qualtrics, were skipped."""
    ahead: list[list[str]] = []
    try:
        ahead += islice(records, 2)
    except (csv.Error, UnicodeDecodeError) as error:
        return chain(ahead, _raised(error), records), 0
    third = [cell for cell in ahead[-1] if cell.strip()] if len(ahead) == 2 else []
    if third and all(cell.lstrip().startswith(_IMPORT_ID) for cell in third):
        return records, 2
    return chain(ahead, records), 0


def _raised(error: Exception) -> Iterator[list[str]]:
    raise error
    yield []


def usual_delimiter(suffix: str) -> str:
    """The usual delimiter of files with a suffix; a comma for other suffixes."""
    return _USUAL.get(suffix.lower(), ",")


def _delimiter(line: str, usual: str) -> str:
    """The delimiter that yields the most known column names, then the most fields."""
    present = [delimiter for delimiter in DELIMITERS if delimiter in line]
    if len(present) < 2 and '"' not in line:
        return present[0] if present else usual

    def rank(delimiter: str) -> tuple[int, int, bool]:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return 0, 0, False
        return known_names(names), len(names), delimiter == usual

    return max(DELIMITERS, key=rank)


def _none_blank(rows: Iterable[list[str]]) -> bool:
    """Whether no row is blank; runs in C, as a table may have a million rows."""
    return all(map(str.strip, map("".join, rows)))


def _ragged(fields: int, columns: int, quoted: bool) -> str:
    message = f"{fields} field{'s' if fields != 1 else ''}, but the header has {columns}"
    if fields > columns and quoted:
        message += ": put quotation marks around a text that contains a separator"
    return message


def _csv_problem(error: csv.Error) -> str:
    """The csv module's messages in plain words; they never quote a field."""
    message = str(error)
    if "expected after" in message:
        return 'a quotation mark inside a quoted field must be doubled ("")'
    if "field limit" in message:
        limit = f"{csv.field_size_limit():,}"
        return f"a field of more than {limit} characters: is a closing quotation mark missing?"
    if "unexpected end" in message:
        return "a quotation mark in this row is never closed"
    return f"this row is not valid CSV ({message})"
