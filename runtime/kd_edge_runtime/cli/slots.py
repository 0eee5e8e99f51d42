"""`kd-edge install`, `rollback` and `status`: a device's current and previous bundle."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kd_edge_runtime.cli.options import root_option
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots, default_root

_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@root_option
@_json_option
def install(bundle: Path, root: Path | None, as_json: bool) -> None:
    """Make a BUNDLE the one that this device scores with, and keep the one before.

    It is copied and read back, and has to score its golden rows as it should; then the device
    switches in one step. Whatever stops that, it scores with the old or the new bundle.

    \b
    Examples:
      kd-edge install item.kdz
      kd-edge install item.kdz --root /media/card/kd-edge
    """
    slots = Slots(root or default_root())
    done = switch.install(slots, bundle)
    _show(
        slots,
        as_json,
        "installed, and scored with from now on" if done else "that bundle is current already",
        done,
    )


@click.command()
@root_option
@_json_option
def rollback(root: Path | None, as_json: bool) -> None:
    """Go back to the bundle before; a second time, forward again.

    \b
    Examples:
      kd-edge rollback
      kd-edge rollback --root /media/card/kd-edge
    """
    slots = Slots(root or default_root())
    switch.rollback(slots)
    _show(slots, as_json, "switched to the bundle before", True)


@click.command()
@root_option
@_json_option
def status(root: Path | None, as_json: bool) -> None:
    """Show the current and the previous bundle, and whether they are whole.

    \b
    Examples:
      kd-edge status
      kd-edge status --root /media/card/kd-edge --json
    """
    _show(Slots(root or default_root()), as_json, "the installed bundles", False)


def _show(slots: Slots, as_json: bool, what: str, switched: bool) -> None:
    states = slots.status()
    if as_json:
        said = {
            "root": str(slots.root),
            "switched": switched,
            "slots": [state._asdict() for state in states],
        }
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    click.echo(f"{slots.root}: {what if states else 'nothing is installed'}")
    for one in states:
        named = ", ".join(one.items[:10]) + (
            f" and {len(one.items) - 10} more" if one.items[10:] else ""
        )
        click.echo(f"{'current' if one.current else 'previous':<8}  {one.file}: {named or '?'}")
        click.echo(f"{'':8}  made {one.created}, {one.bytes:,} bytes, sha256 {one.sha256}")
        click.echo(f"{'':8}  {one.problem or 'whole'}")
