"""Responses from a file or a data frame."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kd_edge.api.arguments import to_path, to_texts
from kd_edge.data.readers import ColumnChoice, Layout, Reading
from kd_edge.data.readers import read_responses as read_file
from kd_edge.data.responses import Responses


def read_responses(
    source: Any,
    *,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    score_range: tuple[float, ...] | None = None,
    classes: Sequence[str] | None = None,
    items: Sequence[str] = (),
    scored: bool = True,
    missing: Sequence[str] = (),
    lower_is_better: bool = False,
    skip_bad_rows: bool = False,
    encoding: str | None = None,
    sheet: str | None = None,
    quoting: str = "auto",
    wide: bool = False,
    scores: Any = None,
    criteria: Sequence[str] = (),
    markup: bool = False,
    references: Any = None,
    together: bool = False,
) -> Responses:
    """Read responses from a table.

    Args:
        source: the path of a .csv, .tsv, .txt, .xlsx, .ods, .json, .jsonl, .parquet or .xml file
            or of a folder of .xml files, or a pandas DataFrame.
        columns: names of columns by role ("response_id", "item_id", "text", "score", "score2",
            "group", "split", "student", "question", and "reference", which may be several); the
            others are guessed: `notes` of the result tells how.
        score_range: the lowest and the highest score, and the step between scores unless it is
            1; by default those of the responses.
        classes: class words, lowest first, where scores are words.
        items: read only these items; all where empty.
        scored: False for responses without scores.
        missing: cells that stand for a missing score, like "99": rows with one are left out.
        lower_is_better: whether the lowest score is the best, as of school grades from 1 to 6.
        skip_bad_rows: whether rows that cannot be read are left out, to be told by `skipped` of
            the result.
        encoding: the file's encoding, like "cp1251"; by default it is found from its bytes.
        sheet: the sheet of a spreadsheet; by default the first that is not empty.
        quoting: "none" where quotation marks are text, "double" where they enclose fields.
        wide: whether each question has columns of its own, like "Q1" and "Q1 score"; recognised
            where there are two or more.
        scores: the path of a table with the scores, joined by the responses' ids.
        criteria: names of columns of scores that add up, an item for each.
        markup: whether the responses are rich text (HTML, entities, LaTeX), to be read as plain
            text here and on devices.
        references: the path of a table of the questions: a column of items, one of questions, and
            one or several of reference answers, in one row for each or in several.
        together: whether all items are learned from by one student: they have one scale, and an
            item may have any number of rows.

    Raises:
        TableError: the table has problems; it names all of them, with their places.
        InputError: the file cannot be read.

    Example:
        >>> responses = read_responses("responses.csv", columns={"text": "answer"})
    """
    unknown = sorted({*(columns or {})} - {*ColumnChoice.__dataclass_fields__})
    if unknown:
        raise TypeError(f"columns has no role {', '.join(unknown)}")
    read = partial(
        read_file,
        columns=_choice(columns or {}),
        score_range=score_range,
        classes=None if classes is None else to_texts("classes", classes),
        only_items=to_texts("items", items),
        scored=scored,
        missing=to_texts("missing", missing),
        lower_is_better=lower_is_better,
        skip_bad_rows=skip_bad_rows,
        markup=markup,
        layout=Layout(
            wide,
            None if scores is None else to_path("scores", scores),
            to_texts("criteria", criteria),
            None if references is None else to_path("references", references),
        ),
        pooled=together,
    )
    if not hasattr(source, "to_csv"):
        return read(to_path("source", source), reading=Reading(encoding, sheet, quoting))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "responses.csv"
        source.to_csv(table, index=False)
        return replace(read(table), source="the table")


def _choice(columns: Mapping[str, str | Sequence[str]]) -> ColumnChoice:
    """The columns that were named; several only of reference answers."""
    given: dict[str, Any] = dict(columns)
    if (several := given.get("reference")) is not None:
        given["reference"] = to_texts("columns['reference']", several)
    return ColumnChoice(**given)
