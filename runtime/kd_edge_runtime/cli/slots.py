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
    """Install a BUNDLE on this device, and keep the previous one.

    It is copied, read back, and must reproduce its golden rows (inputs with known scores); then
    the device switches to it in one step. If something interrupts that, the device scores with
    the old bundle or the new one.

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
        "installed and in use" if done else "this bundle is in use already",
        done,
    )


@click.command()
@root_option
@_json_option
def rollback(root: Path | None, as_json: bool) -> None:
    """Go back to the previous bundle; a second time, forward again.

    \b
    Examples:
      kd-edge rollback
      kd-edge rollback --root /media/card/kd-edge
    """
    slots = Slots(root or default_root())
    switch.rollback(slots)
    _show(slots, as_json, "switched to the previous bundle", True)


@click.command()
@root_option
@_json_option
def status(root: Path | None, as_json: bool) -> None:
    """Show the current and the previous bundle, and whether they are intact.

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
        click.echo(f"  created {one.created}, {one.bytes:,} bytes")
        click.echo(f"  sha256 {one.sha256}")
        click.echo(f"  {one.problem or 'intact'}")
