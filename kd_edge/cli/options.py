"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from kd_edge.cli.help import Command, OptionGroup
from kd_edge_runtime.errors import InputError, missing_file
from kd_edge_runtime.system.outputs import refuse_unwritable_file, refuse_unwritable_folder
from kd_edge_runtime.system.whole_file import refuse_non_file


class _Read(click.Path):
    """A path to read, which is never a pipe or a device: nobody may write its end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        refuse_non_file(path)
        return path


PATH = _Read(path_type=Path)
FILE = _Read(path_type=Path, dir_okay=False)
FOLDER = _Read(path_type=Path, file_okay=False)
COUNT = click.IntRange(min=1)

STDOUT = "-"


class _Written(click.Path):
    """A path to write, which is never standard output.

    Elsewhere "-" stands for standard output, so that nobody who types it wants a file of that name.
    What cannot be written there is refused at once, and not after the work.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == STDOUT:
            self.fail(
                f"this cannot be written to standard output: name a {self.name} "
                f"(./{STDOUT} for one that is called so)",
                param,
                ctx,
            )
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not self.file_okay or (self.dir_okay and not os.path.isfile(path)):  # noqa: PTH113 (raises nothing)
            refuse_unwritable_folder(path)
        else:
            refuse_unwritable_file(path)
        return path


class _FileOrStdout(click.Path):
    """A file to write, or `STDOUT`; see `written_to`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == STDOUT:
            return STDOUT
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        refuse_unwritable_file(path)
        return path


@contextmanager
def written_to(output: Path | str, as_json: bool) -> Iterator[Path]:
    """The file that a command writes; it is copied to standard output if that was asked for.

    Args:
        output: from `FILE_OR_STDOUT`.
        as_json: whether standard output is taken by the results for programs.

    Raises:
        UsageError: standard output is taken.
    """
    if output != STDOUT:
        yield Path(output)
        return
    if as_json:
        raise click.UsageError("--json and '-o -' both write to standard output: choose one")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "output")
        yield path
        sys.stdout.buffer.write(path.read_bytes())
        sys.stdout.buffer.flush()


NEW_PATH = _Written(path_type=Path)
NEW_FILE = _Written(path_type=Path, dir_okay=False)
NEW_FOLDER = _Written(path_type=Path, file_okay=False)
FILE_OR_STDOUT = _FileOrStdout(path_type=Path, dir_okay=False)

ENCODING = "The table's encoding, e.g. cp1251 or gb18030.  [default: recognized by its letters]"


def refuse_missing(*files: Path | None) -> None:
    """Refuses files that are not there before anything else is read or computed.

    Args:
        files: files or folders that a command will read later; None for one that was not given.

    Raises:
        InputError: one of them does not exist.
    """
    for file in files:
        # os.path: pathlib raises an error if a parent folder may not be entered.
        if file is not None and not os.path.lexists(file):
            raise missing_file(file)


def refuse_overwriting(output: Path | None, *sources: Path | None) -> None:
    """Refuses to write a result over a file that it is made from, by whatever names.

    Args:
        output: the file to write; None for none.
        sources: files or folders that are read; None for one that was not given.

    Raises:
        InputError: two of them are the same file.
    """
    for source in sources:
        if output is None or source is None:
            continue
        there = os.path.exists(output) and os.path.exists(source)  # noqa: PTH110 - see above
        if there and output.samefile(source):
            raise InputError(
                f"{output}: the results would overwrite this input: choose another name for them"
            )


def output_option(kind: click.Path, description: str) -> Callable[[Command], Command]:
    """The option -o, which must be given; `description` is its help."""
    return OptionGroup.OUTPUT.option("-o", "--output", type=kind, required=True, help=description)


def form_option(description: str) -> Callable[[Command], Command]:
    """The option --form; `description` is its help."""
    return OptionGroup.BUNDLE.option(
        "--form", "forms", multiple=True, metavar="NAME", help=description
    )


seed_option = OptionGroup.GENERAL.option(
    "--seed", type=click.IntRange(min=0), default=0, help="Seed of all random choices."
)
"""The option on which all random choices depend."""

json_option = OptionGroup.OUTPUT.option(
    "--json", "as_json", is_flag=True, help="Print the results as JSON."
)
"""The option that prints results for programs."""


def print_json(results: Any) -> None:
    """Prints what `json_option` asks for."""
    click.echo(json.dumps(results, indent=2, ensure_ascii=False))
