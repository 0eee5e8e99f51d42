"""The option that names prompts and rubrics, and reading their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from kd_edge.cli.help import Command, OptionGroup
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.data.responses import Responses

_IN_FOLDER = ("prompt.txt", "rubric.txt")  # an item's files in a folder of its own
_MOST = 1 << 20  # characters of a file
_SHOWN = 5  # names in a message


class Named(Protocol):
    """An item of responses or of a bundle."""

    @property
    def item_id(self) -> str:
        """Its name."""

    @property
    def part_of(self) -> str | None:
        """What its score is a part of; None or "" if it stands for itself."""


def prompt_option(
    group: OptionGroup, kind: click.Path, description: str
) -> Callable[[Command], Command]:
    """The option --prompt in a group of the help; `description` is its help."""
    return group.option("--prompt", "prompts", type=kind, multiple=True, help=description)


def read_prompts(paths: Sequence[Path]) -> tuple[str, ...]:
    """The texts of prompt and rubric files.

    Raises:
        InputError: a file is missing, is not text, or is longer than any prompt.
    """
    from kd_edge_runtime.tables.reading.encoding import open_text

    texts = []
    for path in paths:
        with open_text(path) as stream:
            text = stream.read(_MOST + 1)
        if len(text) > _MOST:
            raise InputError(f"{path}: more than {_MOST:,} characters: is it the right file?")
        texts.append(text)
    return tuple(texts)


def prompts_by_item(paths: Sequence[Path], responses: Responses) -> dict[str, tuple[str, ...]]:
    """The texts of each item's prompt and rubric.

    Args:
        paths: files of the only item; or folders, in which an item's files are `<item>.txt`,
            `<item>.<anything>.txt`, `<item>/prompt.txt` and `<item>/rubric.txt`; of criteria of
            one response they may be called as their sum.
        responses: the items.

    Raises:
        InputError: a file is given for several items, a folder has no file for any of them, or a
            file is missing or is not text.
    """
    names = [item.item_id for item in responses.items]
    texts: dict[str, tuple[str, ...]] = dict.fromkeys(names, ())
    count = len(names) + len(responses.left_out)
    for path in paths:
        for name, files in files_by_item(path, responses.items, count).items():
            texts[name] += read_prompts(files)
    missing = [f"'{name}'" for name in names if paths and not texts[name]]
    if missing:
        from kd_edge.console.progress import say

        more = ", …" if len(missing) > _SHOWN else ""
        say(f"No prompt found for {', '.join(missing[:_SHOWN])}{more}.")
    return texts


def files_by_item(path: Path, items: Sequence[Named], count: int) -> dict[str, list[Path]]:
    """The prompt and rubric files of each item.

    Args:
        path: a file or a folder, see `prompts_by_item`.
        items: the items.
        count: how many there are, with those that are not in `items`.

    Raises:
        InputError: a file is given for several items, or a folder has no file for any of them.
    """
    names = [item.item_id for item in items]
    if not path.is_dir():
        wholes = {item.part_of or item.item_id for item in items}
        if count == len(items) and len(wholes) == 1:
            return {name: [path] for name in names}
        if count > 1:
            raise InputError(
                f"{path}: there are {count} items: name a folder with a file for each, like "
                f"'{names[0]}.txt'"
            )
        return {names[0]: [path]}
    beside = sorted(path.glob("*.txt"))
    inside = [file for name in _IN_FOLDER for file in sorted(path.glob(f"*/{name}"))]
    files = {
        item.item_id: [
            file
            for name in dict.fromkeys((item.item_id, item.part_of or item.item_id))
            for file in (
                *(file for file in beside if file.name.startswith(f"{name}.")),
                *(file for file in inside if file.parent.name == name),
            )
        ]
        for item in items
    }
    if not any(files.values()):
        raise InputError(
            f"{path}: this folder holds no file named after an item, like '{names[0]}.txt' or "
            f"'{names[0]}/{_IN_FOLDER[0]}'"
        )
    return files
