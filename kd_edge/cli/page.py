"""`kd-edge page`: bundles as one HTML file that scores in a browser, offline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import (
    FILE,
    FILE_OR_STDOUT,
    PATH,
    STDOUT,
    json_option,
    output_option,
    print_json,
    refuse_missing,
    refuse_overwriting,
    written_to,
)
from kd_edge.cli.prompts import files_by_item, prompt_option, read_prompts

if TYPE_CHECKING:
    from kd_edge.page.assemble import ItemTexts, PageBundle
    from kd_edge_runtime.bundle.manifest import ItemEntry


@click.command(cls=GroupedCommand)
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=FILE)
@prompt_option(
    OptionGroup.BUNDLE,
    PATH,
    "Text file with the item's prompt or rubric, to show (may be repeated); or a folder with files "
    "named after the items. A file with 'rubric' in its name is the rubric.",
)
@output_option(FILE_OR_STDOUT, "The HTML file to write; '-' is standard output.")
@json_option
def page(
    bundles: tuple[Path, ...], prompts: tuple[Path, ...], output: Path | str, as_json: bool
) -> None:
    """Make one HTML file that scores the items of BUNDLEs in a browser.

    The file needs no installation, no network and no other file: opened from a memory stick or a
    share it scores a response or a table there and then, and nothing leaves it. A browser of 2023
    or later is needed. Of items with two small models the first alone scores.

    \b
    Examples:
      kd-edge page item.kdz -o page.html
      kd-edge page item.kdz -o page.html --prompt prompt.txt --prompt rubric.txt
      kd-edge page ice.kdz pond.kdz -o page.html --json
    """
    refuse_missing(*bundles, *prompts)
    from kd_edge.page.assemble import write_page

    with written_to(output, as_json) as path:
        written = write_page(_with_texts(bundles, prompts, path), path)
    if as_json:
        print_json({**written.as_json(), "output": str(output)})
        return
    say = partial(click.echo, err=output == STDOUT)
    for name, kind in written.left_out:
        say(f"Item '{name}' is left out: a page scores no small model of kind '{kind}'.")
    for name in written.first_only:
        say(f"Item '{name}' has two small models: the page scores with the first alone.")
    count = len(written.items)
    say(f"{output}: {written.bytes:,} bytes, {count} item{'' if count == 1 else 's'}")


def _with_texts(bundles: Sequence[Path], prompts: Sequence[Path], output: Path) -> list[PageBundle]:
    """The bundles with the prompts and rubrics of their items, none of which is the output."""
    from kd_edge.page.assemble import PageBundle
    from kd_edge_runtime.bundle.archive import Bundle

    entries: list[tuple[ItemEntry, ...]] = []
    for path in bundles:
        with Bundle(path) as bundle:
            entries.append(bundle.manifest.items)
    every = [entry for items in entries for entry in items]
    files: dict[str, list[Path]] = {entry.item_id: [] for entry in every}
    for path in prompts:
        for name, found in files_by_item(path, every, len(every)).items():
            refuse_overwriting(output, *found)
            files[name] += found
    return [
        PageBundle(path, {entry.item_id: texts_of(files[entry.item_id]) for entry in items})
        for path, items in zip(bundles, entries, strict=True)
    ]


def texts_of(files: Sequence[Path]) -> ItemTexts:
    """The prompt and the rubric in an item's files, which their names tell apart.

    Raises:
        InputError: a file is missing, or is not text.
    """
    from kd_edge.page.assemble import ItemTexts

    texts: dict[bool, list[str]] = {False: [], True: []}
    for file, text in zip(files, read_prompts(files), strict=True):
        texts["rubric" in file.name.lower()].append(text.strip())
    return ItemTexts(*("\n\n".join(parts) for parts in texts.values()))
