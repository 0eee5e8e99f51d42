"""The header of a delimited text: what separates its fields, and all its rows."""

from __future__ import annotations

import _csv as csv  # the csv module's core: the rest of it would slow down every start
from itertools import chain, islice

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.tables.roles import known_names

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIMITERS = ",\t;|"
_USUAL = {".tsv": "\t", ".txt": "\t"}

# Lines of a header, of which no cell has that many.
_LONGEST_HEADER = 100

# How the cells of the third row of Qualtrics begin: its header has names, titles and its own ids.
_IMPORT_ID = '{"ImportId":'


def usual_delimiter(suffix: str) -> str:
    """The delimiter that a file's suffix promises; a comma for any that promises none."""
    return _USUAL.get(suffix.lower(), ",")


def named_delimiter(line: str) -> str:
    """The delimiter that a line "sep=;" names; "" for any other line."""
    start, _, rest = line.strip('\ufeff \r\n"').partition("=")
    if start.strip().lower() != "sep":
        return ""
    return rest if len(rest) == 1 and not rest.isalnum() else ""


def header_delimiter(line: str, usual: str) -> str:
    """The delimiter that gives the most known names, then the most fields."""
    there = [delimiter for delimiter in DELIMITERS if delimiter in line]
    if there == ["|"] and line.count("|") == 1 and not known_names(line.split("|")):
        return usual  # a mark in the name of the only column
    if len(there) < 2 and '"' not in line:
        return there[0] if there else usual

    def worth(delimiter: str) -> tuple[int, int, bool]:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            return 0, 0, False
        return known_names(names), len(names), delimiter == usual

    return max(DELIMITERS, key=worth)


def whole_header(first: str, lines: Iterator[str]) -> list[str]:
    """The lines of a header in which fields are quoted: up to where the quotation marks pair."""
    read = [first]
    marks = first.count('"')
    while marks % 2 and len(read) < _LONGEST_HEADER:
        line = next(lines, "")
        if not line:
            break
        read.append(line)
        marks += line.count('"')
    return read


def line_end(line: str) -> str:
    """How a line ends; a line feed where it is the last and does not."""
    return line[len(line.rstrip("\r\n")) :][-2:] or "\n"


def below_qualtrics(records: Iterator[list[str]]) -> tuple[Iterator[list[str]], int]:
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
