"""The options by which a verb reads responses, and showing what was guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.data.responses import Item, Responses

_COLUMNS = {
    "id": ("response_id", "the responses' ids"),
    "item": ("item_id", "the item that each response answers"),
    "text": ("text", "the responses"),
    "score": ("score", "the scores"),
    "score2": ("score2", "a second rater's scores"),
    "group": ("group", "the students' groups"),
    "split": ("split", "'train' or 'test'"),
}


# An item's files in a folder of its own.
_OWN = ("prompt.txt", "rubric.txt")

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
    from kd_edge.console.progress import say
    from kd_edge.data.readers import ColumnChoice, read_responses

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


unlabelled_option = click.option(
    "--unlabelled",
    type=click.Path(path_type=Path),
    help="More responses, which nobody scored: the teacher scores them, and variants of them.",
)
"""The option that names responses without a score."""


def read_unlabelled(
    path: Path | None, options: dict[str, Any], item_id: str | None
) -> Responses | None:
    """Reads responses that nobody scored; a score that stands there is not looked at.

    Args:
        path: the file or folder, or None.
        options: what `reading_options` collected.
        item_id: the item's name where no column gives it.

    Raises:
        TableError: all that is wrong with the table.
        InputError: there is no response to an item that is learnt from.
    """
    if path is None:
        return None
    found = read(path, {**options, "score_column": None}, scored=False, item_id=item_id)
    wanted = [item_id] if item_id is not None else []
    missing = [name for name in wanted if name not in {item.item_id for item in found.items}]
    if missing:
        raise InputError(f"{path}: there are no responses to item '{missing[0]}'")
    return found


def read_prompts(paths: Sequence[Path]) -> tuple[str, ...]:
    """The texts of prompt and rubric files.

    Raises:
        InputError: a file is not there, or is no text.
    """
    from kd_edge_runtime.tables.encoding import open_text

    texts = []
    for path in paths:
        with open_text(path) as stream:
            texts.append(stream.read())
    return tuple(texts)


def prompts_by_item(paths: Sequence[Path], responses: Responses) -> dict[str, tuple[str, ...]]:
    """The texts of each item's prompt and rubric.

    Args:
        paths: files, which belong to the only item; or folders, in which an item's files are
            named after it: `<item>.txt`, and `<item>.<anything>.txt`; or lie in a folder that
            is, as `prompt.txt` and `rubric.txt`.
        responses: the items.

    Raises:
        InputError: a file is given for several items, a folder has none for any of them, or one
            is not there or is no text.
    """
    names = [item.item_id for item in responses.items]
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        if path.is_dir():
            there = sorted(path.glob("*.txt"))
            below = [one for name in _OWN for one in sorted(path.glob(f"*/{name}"))]
            own = {
                name: [
                    *(one for one in there if one.name.startswith(f"{name}.")),
                    *(one for one in below if one.parent.name == name),
                ]
                for name in names
            }
            if not any(own.values()):
                raise InputError(
                    f"{path}: there is no file for an item in it: they are looked for by the "
                    f"items' names, like '{names[0]}.txt' or '{names[0]}/{_OWN[0]}'"
                )
        elif len(names) > 1:
            raise InputError(
                f"{path}: there are {len(names)} items: name a folder with a file for each, like "
                f"'{names[0]}.txt'"
            )
        else:
            own = {names[0]: [path]}
        for name, files in own.items():
            found[name] = (*found.get(name, ()), *read_prompts(files))
    without = [f"'{name}'" for name in names if paths and not found[name]]
    if without:
        more = ", …" if len(without) > 5 else ""
        click.echo(f"No prompt is there for {', '.join(without[:5])}{more}.", err=True)
    return found


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
