"""The options by which a verb reads responses, and showing what was guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.rows import Item, Responses

_COLUMNS = {
    "id": ("response_id", "the responses' ids"),
    "item": ("item_id", "the item that each response answers"),
    "text": ("text", "the responses"),
    "score": ("score", "the scores"),
    "score2": ("score2", "a second rater's scores"),
    "group": ("group", "the students' groups"),
    "split": ("split", "'train' or 'test'"),
}


_RANGE = re.compile(r"(-?[0-9]{1,9})-(-?[0-9]{1,9})")


class ScoreRange(click.ParamType):
    """Two integers written LOW-HIGH."""

    name = "LOW-HIGH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """See click."""
        if isinstance(value, tuple):
            return value
        found = _RANGE.fullmatch(str(value).strip())
        if found and int(found[1]) < int(found[2]):
            return int(found[1]), int(found[2])
        return self.fail(f"'{value}' is no score range: write it like 0-3", param, ctx)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say how responses are read."""
    options = [
        click.option(
            f"--{option}-column", metavar="NAME", help=f"Column with {what}.  [default: guessed]"
        )
        for option, (_, what) in _COLUMNS.items()
    ]
    options += [
        click.option(
            "--item",
            "only_items",
            multiple=True,
            metavar="ID",
            help="Only this item (may be repeated).",
        ),
        click.option(
            "--score-range",
            type=ScoreRange(),
            help="Lowest and highest score, like 0-3.  [default: what the responses have]",
        ),
        click.option(
            "--classes",
            metavar="WORDS",
            help="Class words from the lowest to the highest, with commas between.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read(
    path: Path, options: dict[str, Any], scored: bool = True, item_id: str | None = None
) -> Responses:
    """Reads responses as the options say, and shows what was guessed.

    Args:
        path: the file or folder.
        options: what `reading_options` collected; other options are passed over.
        scored: whether the rows are to be learnt from.
        item_id: the item's name where no column gives it; None takes the file's.

    Raises:
        TableError: all that is wrong with the table.
    """
    from kd_edge.progress import say
    from kd_edge.read import ColumnChoice, read_responses

    classes = options.get("classes")
    responses = read_responses(
        path,
        columns=ColumnChoice(
            **{role: options.get(f"{option}_column") for option, (role, _) in _COLUMNS.items()}
        ),
        score_range=options.get("score_range"),
        classes=tuple(word.strip() for word in classes.split(",")) if classes else None,
        only_items=tuple(options.get("only_items") or ()),
        scored=scored,
        default_item=item_id,
    )
    rows = sum(len(item.rows) for item in responses.items)
    count = len(responses.items)
    say(f"{path}: {rows:,} responses to {count} item{'s' if count != 1 else ''}")
    for note in responses.notes:
        say(f"  {note}")
    return responses


def read_prompts(paths: Sequence[Path]) -> tuple[str, ...]:
    """The texts of prompt and rubric files.

    Raises:
        InputError: a file is not there, or is no text.
    """
    from kd_edge_runtime.textfile import open_text

    texts = []
    for path in paths:
        with open_text(path) as stream:
            texts.append(stream.read())
    return tuple(texts)


def refuse_overwriting(output: Path, given: Path) -> None:
    """See that a result does not take the place of what it is made from.

    Raises:
        InputError: both are the same file.
    """
    if output.exists() and given.exists() and output.samefile(given):
        raise InputError(f"{output}: this would be written over: give the result another name")


def the_item(responses: Responses) -> Item:
    """The only item.

    Raises:
        InputError: there are several.
    """
    if len(responses.items) == 1:
        return responses.items[0]
    names = ", ".join(f"'{item.item_id}'" for item in responses.items[:10])
    raise InputError(
        f"{responses.source} holds {len(responses.items)} items ({names}): this verb takes one, "
        "name it with --item, or use 'kd-edge run' for all of them"
    )
