"""`kd-edge index`: a catalogue of the bundles in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from kd_edge.cli.help import GroupedCommand, OptionGroup
from kd_edge.cli.options import NEW_FOLDER, PATH, json_option, print_json
from kd_edge_runtime.errors import note


@click.command(cls=GroupedCommand)
@click.argument("folder", type=PATH)
@OptionGroup.OUTPUT.option(
    "-o",
    "--output",
    type=NEW_FOLDER,
    help="Folder for catalogue.json and catalogue.html.  [default: FOLDER]",
)
@json_option
@click.pass_context
def index(ctx: click.Context, folder: Path, output: Path | None, as_json: bool) -> None:
    """List all bundles below a FOLDER, as JSON and as an HTML page.

    Writes catalogue.json and catalogue.html: of each bundle its hash, items, protocol, agreement
    with people (QWK), date and signer. Every byte is checked: a damaged bundle, or a folder that
    cannot be read, is listed with the reason, and the exit code is 1 then.

    \b
    Examples:
      kd-edge index bundles/
      kd-edge index bundles/ -o site/ --json
    """
    from kd_edge.report.catalogue import JSON, PAGE, write_catalogue
    from kd_edge.report.catalogue import as_json as of_json
    from kd_edge.report.catalogue import index as index_folder
    from kd_edge_runtime.files import plain_write_errors
    from kd_edge_runtime.system.outputs import refuse_unwritable_file

    target = output or folder
    if target.is_dir():  # before every byte of the bundles is read
        for name in (JSON, PAGE):
            refuse_unwritable_file(target / name)
    bundles = index_folder(folder)
    with plain_write_errors(target):
        target.mkdir(parents=True, exist_ok=True)
    written = write_catalogue(bundles, target)
    damaged = [one for one in bundles if one.problem]
    if as_json:
        print_json({"bundles": [of_json(one) for one in bundles], "output": [*map(str, written)]})
    else:
        for one in damaged:
            note(f"{one.file}: {one.problem}")
        items = sum(len(one.items) for one in bundles)
        click.echo(
            f"{len(bundles)} bundle{'s' * (len(bundles) != 1)}, {items} item{'s' * (items != 1)}, "
            f"{len(damaged)} damaged or refused: see {written[1]}"
        )
    ctx.exit(1 if damaged else 0)
