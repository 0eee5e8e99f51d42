"""The options for reading responses, and reading them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import Command, OptionGroup, options
from kd_edge.cli.options import ENCODING, PATH
from kd_edge.cli.value_types import class_names, score_range
from kd_edge.console.model_names import ModelNames
from kd_edge_runtime.cli import options as file_options
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.data.readers import Reading
    from kd_edge.data.responses import Responses

_COLUMNS = {
    "id": ("response_id", "the responses' ids"),
    "item": ("item_id", "the item that each response answers"),
    "text": ("text", "the responses"),
    "score": ("score", "the scores"),
    "score2": ("score2", "a second rater's scores"),
    "group": ("group", "the students' groups"),
    "split": ("split", "'train' or 'test'"),
    "student": ("student", "the names or numbers of the students who wrote them"),
    "question": ("question", "the text of the question that each response answers"),
}

_HERE = Path()
_option = OptionGroup.RESPONSES.option

reading_options = options(
    _option(
        "--item",
        "only_items",
        multiple=True,
        metavar="ID",
        help="Read only this item (may be repeated).",
    ),
    _option(
        "--score-range",
        metavar="LOW-HIGH",
        type=score_range,
        help="Lowest and highest score, like 0-3, or with a step, like 0-3/0.5.  [default: from "
        "the responses]",
    ),
    _option(
        "--classes",
        metavar="WORDS",
        help="Scores from the lowest to the highest, separated by commas: words, like "
        "wrong,partly,right, or numbers, like 0,0.5,1.",
    ),
    _option(
        "--lower-is-better",
        is_flag=True,
        help="The lowest score is the best, as of school grades from 1 to 6.",
    ),
    _option(
        "--missing",
        multiple=True,
        metavar="CELL",
        help="What stands for a missing score, like 99 or absent: such rows are left out (may be "
        "repeated).",
    ),
    _option("--markup", type=click.Choice(["html"]), help=file_options.MARKUP),
    _option("--encoding", metavar="NAME", help=ENCODING),
    _option("--sheet", metavar="NAME", help=file_options.SHEET),
    _option(
        "--quoting",
        type=click.Choice(file_options.QUOTINGS),
        default="auto",
        help=file_options.QUOTING,
    ),
    _option(
        "--scores",
        type=PATH,
        metavar="FILE",
        help="Table with the scores, joined by the responses' ids, like --scores marks.csv.",
    ),
    _option(
        "--references",
        type=PATH,
        metavar="FILE",
        help="Table of the questions: item_id, question, reference; several rows for several "
        "reference answers.",
    ),
    *(
        OptionGroup.COLUMNS.option(
            f"--{name}-column", metavar="NAME", help=f"Column with {contents}."
        )
        for name, (_, contents) in _COLUMNS.items()
    ),
    OptionGroup.COLUMNS.option(
        "--reference-column",
        multiple=True,
        metavar="NAME",
        help="Column with a reference answer to the question of each response (may be repeated).",
    ),
    OptionGroup.COLUMNS.option(
        "--no-header",
        is_flag=True,
        help="The first row is a response: name the columns by number, like --text-column 2 "
        "--score-column 3.",
    ),
    _option(
        "--on-bad-row",
        type=click.Choice(["stop", "skip"]),
        default="stop",
        help="skip: read the other rows, and list those left out, with the reason, in "
        "RESPONSES.skipped.csv beside the output.",
    ),
    OptionGroup.COLUMNS.option(
        "--wide",
        is_flag=True,
        help="Each question has a column of responses and one of scores, like 'Q1' and 'Q1 score'. "
        " [default: if there are two or more]",
    ),
    OptionGroup.COLUMNS.option(
        "--criterion",
        "criteria",
        multiple=True,
        metavar="NAME",
        help="Column with the scores by one of several criteria that add up, like --criterion "
        "content --criterion language.",
    ),
)
"""Adds the options for reading responses."""


def unlabelled_option(names: ModelNames) -> Callable[[Command], Command]:
    """The option that names responses without scores; help calls the teacher as `names` does."""
    return OptionGroup.LABELS.option(
        "--unlabelled",
        type=PATH,
        help=f"More responses, without scores: the {names.teacher} labels them, and variants of "
        "them.",
    )


def read(
    path: Path,
    options: dict[str, Any],
    scored: bool = True,
    item_id: str | None = None,
    like: Responses | None = None,
    folder: Path = _HERE,
    ignore_scores: bool = False,
    keep_table: bool = False,
) -> Responses:
    """Reads responses and shows, on standard error, how they were understood.

    Args:
        path: the file or folder.
        options: values of `reading_options`, and of --together; other options are ignored.
        scored: whether scores are needed.
        item_id: the item's name where no column gives it; None takes the file's.
        like: responses to the same items, whose scales these have; None where there are none.
        folder: where a list of skipped rows goes.
        ignore_scores: whether scores in the file are not looked at.
        keep_table: whether the result keeps the table itself.

    Raises:
        TableError: all problems of the table.
    """
    from kd_edge.console.progress import say
    from kd_edge.data.readers import ColumnChoice, Layout, read_responses

    classes = options.get("classes")
    responses = read_responses(
        path,
        columns=ColumnChoice(
            **{role: options.get(f"{name}_column") for name, (role, _) in _COLUMNS.items()},
            reference=tuple(options.get("reference_column") or ()),
        ),
        score_range=options.get("score_range"),
        classes=class_names(classes) if classes else None,
        missing=tuple(options.get("missing") or ()),
        lower_is_better=bool(options.get("lower_is_better")),
        only_items=tuple(options.get("only_items") or ()),
        scored=scored,
        default_item=item_id,
        scales={item.item_id: item.scale for item in like.items} if like is not None else None,
        ignore_scores=ignore_scores,
        skip_bad_rows=options.get("on_bad_row") == "skip",
        markup=options.get("markup") is not None,
        pooled=bool(options.get("together")),
        keep_table=keep_table,
        layout=Layout(
            bool(options.get("wide")),
            options.get("scores"),
            None if ignore_scores else tuple(options.get("criteria") or ()),
            options.get("references"),
        ),
        reading=reading_of(options),
    )
    rows = sum(len(item.rows) for item in responses.items)
    count = len(responses.items)
    say(f"{path}: {rows:,} responses to {count} item{'s' if count != 1 else ''}")
    for note in responses.notes:
        say(f"  {note}")
    if options.get("on_bad_row") == "skip":
        list_skipped(responses, path, folder)
    return responses


def reading_of(options: dict[str, Any]) -> Reading:
    """How a file is read, by values of `reading_options`."""
    from kd_edge.data.readers import Reading

    return Reading(
        options.get("encoding"),
        options.get("sheet"),
        options.get("quoting") or "auto",
        not options.get("no_header"),
    )


def list_skipped(responses: Responses, path: Path, folder: Path) -> None:
    """Writes which rows were skipped, and says so."""
    from kd_edge.console.progress import say
    from kd_edge.files import make_folder
    from kd_edge_runtime.tables.writing.skipped import skipped_file, skipped_path

    make_folder(folder)
    target = skipped_path(path, folder)
    with skipped_file(target) as skip:
        for row in responses.skipped:
            skip(row.row, row.response_id, f"{row.file}: {row.reason}" if row.file else row.reason)
    count = len({(row.file, row.row) for row in responses.skipped})
    say(f"  {count:,} row{'' if count == 1 else 's'} skipped: see {target}")


def only_item_id(responses: Responses) -> str | None:
    """The only item, or the sum of all: of other files too where no column names it."""
    names = {item.part_of or item.item_id for item in responses.items}
    several = len(names) > 1 or (responses.left_out and not responses.items[0].part_of)
    return None if several else names.pop()


def read_test(
    path: Path | None, options: dict[str, Any], like: Responses, folder: Path
) -> Responses | None:
    """Reads responses to measure on; those without a score are not.

    Args:
        path: the file or folder, or None.
        options: values of `reading_options`.
        like: the responses to learn from, whose items and scales these have.
        folder: where a list of skipped rows goes.

    Raises:
        TableError: all problems of the table.
    """
    if path is None:
        return None
    from kd_edge.console.progress import say

    item_id = only_item_id(like)
    responses = read(path, options, scored=False, item_id=item_id, like=like, folder=folder)
    rows = [row for item in responses.items for row in item.rows if row.score is None]
    if rows:
        count = f"{len(rows):,} response{'' if len(rows) == 1 else 's'}"
        say(f"  {count} without a score: not measured on")
    return responses


def read_unlabelled(
    path: Path | None, options: dict[str, Any], item_id: str | None, folder: Path
) -> Responses | None:
    """Reads responses without scores; scores in the file are ignored.

    Args:
        path: the file or folder, or None.
        options: values of `reading_options`.
        item_id: the only item to learn from, which all responses without an item answer; None
            where there are several.
        folder: where a list of skipped rows goes.

    Raises:
        TableError: all problems of the table.
        InputError: no response answers that item.
    """
    if path is None:
        return None
    responses = read(
        path,
        {**options, "scores": None, "references": None},
        scored=False,
        item_id=item_id,
        folder=folder,
        ignore_scores=True,
    )
    if item_id is not None and item_id not in {item.item_id for item in responses.items}:
        raise InputError(f"{path}: there are no responses to item '{item_id}'")
    return responses
