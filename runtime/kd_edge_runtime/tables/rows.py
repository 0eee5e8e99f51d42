"""A table, read row by row: what its rows are has this one answer, on devices and in the workshop.

A table is CSV, TSV or semicolons; the first row that is not blank holds the columns' names. Blank
rows are passed over, but in a table of one column they are blank responses, all but the empty
lines at the end; a cell of white space or `""` is one even there. Rows are counted as a
spreadsheet counts them.
Nothing but a batch of rows is ever in memory, and reading goes on after a bad row, so that all
problems are told at once.
"""

from __future__ import annotations

import _csv as csv  # the csv module's core: the rest of it would slow down every start
from itertools import chain, islice

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.tables.roles import known_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Rows read and scored at once: enough for numpy, little to hold.
BATCH = 1000

DELIMITERS = ",\t;"
_USUAL = {".tsv": "\t", ".txt": "\t"}

# A longer field is no response: 10,000 words are about 60,000 characters.
_LONGEST_FIELD = 16 << 20

# Problems kept for the report; a table that is wrong throughout needs no more.
_MOST_PROBLEMS = 200

# How the cells of the third row of Qualtrics's header begin.
_IMPORT_ID = '{"ImportId":'

# The headers of the files of the "Automated Student Assessment Prize, Short Answer Scoring"
# (ASAP-SAS), in which a quotation mark is a student's own and no field is quoted.
_UNQUOTED = (
    ["Id", "EssaySet", "Score1", "Score2", "EssayText"],
    ["Id", "EssaySet", "EssayText"],  # the competition's files to be scored
)


class Table:
    """A table whose header was read.

    Args:
        header: the columns' names as the file writes them.
        records: the rows below; the next of them may raise `csv.Error` and go on after it, or
            `UnicodeDecodeError`, which ends the table.
        source: the table's name for messages.
        row: the header's, as a spreadsheet counts it.
        delimiter: one of `DELIMITERS`.
        quoted: whether quotation marks may enclose a field; in ASAP-SAS's files they are text.

    Attributes:
        header: as given.
        source: as given.
        delimiter: as given.
        quoted: as given.
        problems: the first of all that was wrong in the rows read so far.
        bad: how many problems there were.
        skipped: how many blank rows lay between the others.
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
        self.bad = 0
        self.skipped = 0
        self._records = records
        self._row = row
        self._blank = 0  # how many blank rows lie just before the next one

    def batches(self, size: int = BATCH) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Reads the rows that have a field for each column, up to `size` at once.

        Yields:
            The rows' numbers as a spreadsheet counts them, and their fields as written.
        """
        while True:
            rows: list[list[str]] = []
            wrong, start, ended = "", self._row + 1, False
            try:
                rows += islice(self._records, size)  # keeps what came before an error
            except csv.Error as error:
                wrong = _csv_problem(error)
            except UnicodeDecodeError:
                wrong, ended = "this is not UTF-8: save the table as 'CSV UTF-8'", True
            self._row += len(rows)
            ended = ended or not (rows or wrong)
            numbers, rows = self._whole(range(start, self._row + 1), rows)
            if wrong:
                self._row += 1
                self._blank = 0
                self.note(Problem(wrong, self._row))
            if len(rows) <= size:
                if rows:
                    yield numbers, rows
            else:
                for at in range(0, len(rows), size):
                    yield numbers[at : at + size], rows[at : at + size]
            if ended:
                return

    def note(self, problem: Problem) -> None:
        """Counts a problem, and keeps it if it is among the first."""
        self.bad += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)

    def error(self, hint: str = "") -> TableError:
        """All that was wrong, in the order of the rows, and what the user can do."""
        # A row that cannot be read is met while its batch is gathered, before the others.
        ordered = sorted(self.problems, key=lambda problem: problem.row or 0)
        return TableError(self.source, ordered, hint, unlisted=self.bad - len(ordered))

    def _whole(
        self, numbers: Sequence[int], rows: list[list[str]]
    ) -> tuple[Sequence[int], list[list[str]]]:
        """The rows that have a field for each column, and blank ones where they count."""
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

    The two rows that Qualtrics puts below it, with titles and its own ids, belong to it.

    The delimiter is taken from the header, whatever the file is called: a German Excel writes
    semicolons into its .csv.

    Args:
        stream: the lines of a text file, with their ends.
        source: the table's name for messages.
        usual: the delimiter of files of this kind, where the header could have several.
        has_header: whether the first row holds the columns' names; if not, they are called
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
        # strict: a quotation mark that is never closed would swallow the rest of the responses,
        # and one that is not doubled moves a text's end; both must be seen, not guessed at.
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
        wrong = "this is not UTF-8: save the table as 'CSV UTF-8'"
        raise TableError(source, [Problem(wrong)]) from None
    except csv.Error as error:
        raise TableError(source, [Problem(_csv_problem(error), row)]) from None
    if not header:
        wrong = "the table is empty: it needs a row of column names"
        raise TableError(source, [Problem(wrong)])
    if not has_header:
        names = [f"column {at}" for at in range(1, len(header) + 1)]
        return Table(names, chain([header], records), source, row - 1, delimiter, quoted)
    records, more = _below_qualtrics(records)
    return Table(header, records, source, row + more, delimiter, quoted)


def _below_qualtrics(records: Iterator[list[str]]) -> tuple[Iterator[list[str]], int]:
    """The rows below a header of three rows, as Qualtrics writes it, and how many more it has."""
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
    """The delimiter that a file's suffix promises; a comma for any that promises none."""
    return _USUAL.get(suffix.lower(), ",")


def _delimiter(line: str, usual: str) -> str:
    """The delimiter that gives the most known names, then the most fields."""
    there = [delimiter for delimiter in DELIMITERS if delimiter in line]
    if len(there) < 2 and '"' not in line:
        return there[0] if there else usual

    def worth(delimiter: str) -> tuple[int, int, bool]:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return 0, 0, False
        return known_names(names), len(names), delimiter == usual

    return max(DELIMITERS, key=worth)


def _none_blank(rows: Iterable[list[str]]) -> bool:
    """Whether each row has something in it; all in C, since each of a million rows is asked."""
    return all(map(str.strip, map("".join, rows)))


def _ragged(fields: int, columns: int, quoted: bool) -> str:
    wrong = f"{fields} field{'s' if fields != 1 else ''} where the header has {columns}"
    if fields > columns and quoted:
        wrong += ": a text that holds a separator needs quotation marks around it"
    return wrong


def _csv_problem(error: csv.Error) -> str:
    """What the csv module's words mean; they never quote a field."""
    message = str(error)
    if "expected after" in message:
        return 'a quotation mark inside a quoted field has to be doubled ("")'
    if "field limit" in message:
        limit = f"{csv.field_size_limit():,}"
        return f"a field of more than {limit} characters: is a quotation mark never closed?"
    if "unexpected end" in message:
        return "a quotation mark is opened in this row and never closed"
    return f"this row is not valid CSV ({message})"
