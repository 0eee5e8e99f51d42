"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import click

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the installed bundles.  [default: KD_EDGE_ROOT, /var/lib/kd-edge, or "
    "kd-edge in your data folder]",
)

first_only_option = click.option(
    "--first-only",
    is_flag=True,
    help="Leave out the second model of items that have two: quicker, less accurate.",
)

# What a file is read as; also for the workshop's verbs, which read the same files.
ENCODING = (
    "The table's encoding, e.g. cp1251 or gb18030.  "
    "[default: UTF-8, UTF-16 or, where plain, cp1252]"
)
SHEET = "Sheet of a spreadsheet.  [default: the first that is not empty]"
QUOTING = "'none': quotation marks are text, as in many TSV files; 'double': they enclose fields."
MARKUP = "Responses are rich text: HTML, entities and LaTeX are read as plain text, also later."
QUOTINGS = ("auto", "none", "double")


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say how a file of responses is read."""
    added = (
        click.option("--encoding", metavar="NAME", help=ENCODING),
        click.option("--sheet", metavar="NAME", help=SHEET),
        click.option(
            "--quoting",
            type=click.Choice(QUOTINGS),
            default="auto",
            help=QUOTING + "  [default: auto]",
        ),
    )
    for option in reversed(added):
        command = option(command)
    return command
