"""Reads responses from the files that schools have, and reports all their problems at once."""

from __future__ import annotations

from pathlib import Path

from kd_edge.data.readers.cells import Rules
from kd_edge.data.readers.columns import ColumnChoice, find_columns
from kd_edge.data.readers.delimited import read_table
from kd_edge.data.readers.given_scale import given_scale
from kd_edge.data.readers.json_lines import read_json_lines
from kd_edge.data.readers.raw_table import RawTable
from kd_edge.data.readers.semeval import read_semeval
from kd_edge.data.readers.validate import to_responses
from kd_edge.data.responses import Responses
from kd_edge_runtime.errors import InputError, Problem, TableError, printable

__all__ = ["ColumnChoice", "read_responses"]

_READERS = {
    ".csv": read_table,
    ".tsv": read_table,
    ".txt": read_table,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".xml": read_semeval,
}


def read_responses(
    path: Path,
    *,
    columns: ColumnChoice = ColumnChoice(),  # noqa: B008 (frozen)
    score_range: tuple[float, ...] | None = None,
    classes: tuple[str, ...] | None = None,
    only_items: tuple[str, ...] = (),
    scored: bool = True,
    min_rows: int = 20,
    default_item: str | None = None,
    missing: tuple[str, ...] = (),
    lower_is_better: bool = False,
) -> Responses:
    """Read responses from a file, or from a folder of SemEval-2013 XML.

    Args:
        path: .csv, .tsv or .txt (comma, tab or semicolon; ASAP-SAS is recognised), .jsonl
            or .ndjson, .xml, or a folder of .xml files.
        columns: the columns that the user named; the others are guessed.
        score_range: the lowest and highest score of every item, and the step from a score to
            the next, 1 if left out. Without it and `classes`, each item's scale is taken from
            its scores.
        classes: the class names of every item, lowest first.
        only_items: take only these items; all where empty.
        scored: whether the rows are to be learned from. If not (new responses to be
            scored), scores may be missing and an item may have any number of rows.
        min_rows: the fewest rows of an item to be learned from.
        default_item: the item's name where no column gives it; the file's name otherwise.
        missing: cells that stand for a missing score ("99"); rows with one are left out where
            rows are to be learned from.
        lower_is_better: whether the least is the best, as of school grades 1 to 6.

    Returns:
        The responses with the guesses that were made in `notes`.

    Raises:
        TableError: the table has problems; it holds all of them, with their places.
        InputError: the file cannot be read at all, or an option is impossible.
    """
    scale = given_scale(score_range, classes, lower_is_better)
    table = _read_raw(path)
    if not table.header:
        raise TableError(str(path), table.problems or [Problem("the file is empty")])
    found = find_columns(table.header, columns, ("text", "score") if scored else ("text",))
    name = default_item or printable(path.stem)
    rules = Rules(scale, only_items, scored, min_rows, name, missing, lower_is_better)
    return to_responses(table, found, rules, str(path))


def _read_raw(path: Path) -> RawTable:
    try:
        folder = path.is_dir()
    except OSError:  # no permission, a name too long: the reader below says it in plain words
        folder = False
    if folder:
        return read_semeval(path)
    if path.suffix.lower() == ".kdz":
        raise InputError(f"{path} is a bundle: 'kd-edge score' scores responses with it")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: '{path.suffix}' files are not read here: save it as CSV (UTF-8), or give "
            f"one of {', '.join(_READERS)}, or a folder of .xml files"
        )
    return reader(path)
