"""Reads responses from the files that schools have, and reports all their problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kd_edge.data.readers.cells import Rules
from kd_edge.data.readers.columns import ColumnChoice, find_columns
from kd_edge.data.readers.delimited import read_table
from kd_edge.data.readers.guesses import Guesses
from kd_edge.data.readers.layouts.layout import Layout, laid_out
from kd_edge.data.readers.question_texts import GivenTexts, given_texts
from kd_edge.data.readers.raw_table import RawTable
from kd_edge.data.readers.rich_text import as_plain_text, with_advice
from kd_edge.data.readers.scales.given_scale import given_scale
from kd_edge.data.readers.semeval import read_semeval
from kd_edge.data.readers.validate import to_responses
from kd_edge.data.responses import Responses, Scale
from kd_edge_runtime.errors import InputError, Problem, TableError, printable
from kd_edge_runtime.tables.reading.sources import JSON_LINES, OTHERS, Reading

__all__ = ["ColumnChoice", "Layout", "Reading", "read_responses"]

_TEXTS = (".csv", ".tsv", ".txt")
# What is certainly no table as read here; other names may be anything, and are read as text.
_NO_TABLES = {
    *(".doc", ".docx", ".odt", ".rtf", ".pdf", ".pages", ".numbers", ".html", ".htm", ".md"),
    *(".zip", ".gz", ".7z", ".rar", ".tar", ".png", ".jpg", ".jpeg", ".py", ".ipynb", ".yaml"),
    *(".sav", ".dta", ".sas7bdat", ".rds", ".rdata", ".db", ".sqlite", ".pkl", ".npy", ".npz"),
    *(".xlsb", ".feather", ".arrow", ".safetensors", ".pt", ".onnx", ".tflite"),
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
    ignore_scores: bool = False,
    skip_bad_rows: bool = False,
    scales: Mapping[str, Scale] | None = None,
    reading: Reading = Reading(),  # noqa: B008 (frozen)
    layout: Layout = Layout(),  # noqa: B008 (frozen)
    markup: bool = False,
    pooled: bool = False,
    keep_table: bool = False,
) -> Responses:
    """Read responses from a file, or from a folder of SemEval-2013 XML.

    Args:
        path: .csv, .tsv or .txt (comma, tab, semicolon or bar; ASAP-SAS is recognised),
            .xlsx, .ods, .json, .jsonl or .ndjson, .parquet, .xml, or a folder of .xml files.
        columns: the columns that the user named; the others are guessed.
        score_range: the lowest and highest score of every item, and the step from a score to
            the next, 1 if left out. Without it and `classes`, each item's scale is taken from
            its scores.
        classes: the class names of every item, lowest first.
        only_items: take only these items; all where empty.
        scored: whether the rows are to be learned from. If not (new responses to be
            scored), scores may be missing, or anything where no scale is given, and an item
            may have any number of rows.
        min_rows: the fewest rows of an item to be learned from.
        default_item: the item's name where no column gives it; the file's name otherwise.
        missing: cells that stand for a missing score ("99"); rows with one are left out where
            rows are to be learned from.
        lower_is_better: whether the least is the best, as of school grades 1 to 6.
        ignore_scores: whether columns of scores are not looked at.
        skip_bad_rows: whether rows that cannot be read are left out, to be told by `skipped` of
            the result; if not, they are refused.
        scales: item → its scale, where it is known from the responses that a model learns from.
        reading: the file's encoding, sheet, header and the like, as far as the user names them.
        layout: whether questions have columns of their own, scores a table, criteria columns.
        markup: whether the responses are rich text (HTML, entities, LaTeX), to be read as plain.
        pooled: whether all items are learned from together: they have one scale, and an item may
            have any number of rows.
        keep_table: whether the result keeps the table as it was read, to be written again.

    Returns:
        The responses with the guesses that were made in `notes`.

    Raises:
        TableError: the table has problems; it holds all of them, with their places.
        InputError: the file cannot be read at all, or an option is impossible.
    """
    scale = given_scale(score_range, classes, lower_is_better)
    table = _read_raw(path, reading, skip_bad_rows)
    if not table.header:
        raise TableError(str(path), table.problems or [Problem("the file is empty")])
    item = default_item or printable(path.stem)
    table, columns = laid_out(
        table,
        columns,
        layout,
        lambda other: _read_raw(other, reading, False),
        str(path),
        item,
        scored,
    )
    given: GivenTexts | None = None
    if layout.references is not None:
        questions = _read_raw(layout.references, reading, False)
        given = given_texts(questions, str(layout.references), columns)
        columns = replace(columns, question=None, reference=())
    needed, guesses = ("text", "score") if scored else ("text",), Guesses(table)
    found = find_columns(
        table.header, columns, needed, guesses, ("score", "score2") if ignore_scores else ()
    )
    # Where the format says which are the ids, one that comes twice is a mistake in the file.
    loose_id = found.loose_id and table.encoding != "xml"
    found = replace(found, notes=(*found.notes, *guesses.notes), loose_id=loose_id)
    if not scored:  # the questions are known from the responses that are learned from
        found = replace(found, questions=replace(found.questions, problems=()))
    rules = Rules(
        scale,
        only_items,
        scored,
        min_rows,
        item,
        missing,
        lower_is_better,
        skip_bad_rows,
        scales or {},
        pooled,
        keep_table,
    )
    responses = to_responses(table, found, rules, str(path), given)
    return as_plain_text(responses) if markup else with_advice(responses)


def _read_raw(path: Path, reading: Reading, every_problem: bool) -> RawTable:
    if str(path) == "-":
        raise InputError(
            "standard input is read by 'kd-edge score' alone: save the table as a file, and give "
            "its name"
        )
    try:
        folder = path.is_dir()
    except OSError:  # no permission, a name too long: the reader below says it in plain words
        folder = False
    if folder:
        return read_semeval(path)
    if path.suffix.lower() == ".kdz":
        raise InputError(f"{path} is a bundle: 'kd-edge score' scores responses with it")
    suffix = path.suffix.lower()
    if suffix == ".xml":
        return read_semeval(path)
    if suffix in _NO_TABLES:
        raise InputError(
            f"{path}: '{path.suffix}' files are not read here: save it as CSV (UTF-8), or give "
            f"one of {', '.join((*_TEXTS, *OTHERS, '.xml'))}, or a folder of .xml files"
        )
    if not reading.has_header and suffix in (*JSON_LINES, ".json", ".parquet"):
        raise InputError(f"{path}: its columns have names: --no-header is for CSV and TSV")
    return read_table(path, reading, every_problem)
