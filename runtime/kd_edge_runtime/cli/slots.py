"""`kd-edge install`, `rollback` and `status`: the current and the previous bundle."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kd_edge_runtime.cli.options import root_option
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.root import default_root
from kd_edge_runtime.slots.slots import Slots, SlotState
from kd_edge_runtime.system.open_folders import warn_of_open_root

_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@root_option
@click.option(
    "--allow-older", is_flag=True, help="Install it even if the one in use was created later."
)
@_json_option
def install(bundle: Path, root: Path | None, allow_older: bool, as_json: bool) -> None:
    """Install a BUNDLE on this device, and keep the previous one.

    The bundle is copied and read back, and must reproduce its golden rows (inputs with known
    scores). Only then does the device switch to it, in one step: after an interruption it
    scores with either the old or the new bundle.

    Where the root has a file allowed_signers, the bundle must be signed by one of them
    (kd-edge sign).

    \b
    Examples:
      kd-edge install item.kdz
      kd-edge install item.kdz --root /media/card/kd-edge
      kd-edge install last-year.kdz --allow-older
    """
    slots = Slots(root or default_root())
    switched = switch.install(slots, bundle, allow_older)
    _show(
        slots,
        as_json,
        "installed and in use" if switched else "this bundle is already in use",
        switched,
    )


@click.command()
@root_option
@_json_option
def rollback(root: Path | None, as_json: bool) -> None:
    """Go back to the previous bundle; a second rollback goes forward again.

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
    """Show the current and the previous bundle, and whether they can be used.

    Exit codes: 0 both can, or nothing is installed; 3 one is damaged, or is not signed by anybody
    whom this device allows.

    \b
    Examples:
      kd-edge status
      kd-edge status --root /media/card/kd-edge --json
    """
    states = _show(Slots(root or default_root()), as_json, "the installed bundles", False)
    unusable = [f"{slot.file}: {slot.problem}" for slot in states if slot.problem]
    if unusable:
        headline = "a bundle cannot be used here, install it again or another one:"
        raise BundleError("\n  ".join((headline, *unusable)))


def _show(slots: Slots, as_json: bool, headline: str, switched: bool) -> list[SlotState]:
    warn_of_open_root(slots.root)
    states = slots.status()
    if as_json:
        report = {
            "root": str(slots.root),
            "switched": switched,
            "slots": [state._asdict() for state in states],
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return states
    click.echo(f"{slots.root}: {headline if states else 'nothing is installed'}")
    for slot in states:
        items = ", ".join(slot.items[:10]) + (
            f" and {len(slot.items) - 10} more" if slot.items[10:] else ""
        )
        role = "current" if slot.current else "unusable" if slot.problem else "previous"
        click.echo(f"{role:<8}  {slot.file}: {items or '?'}")
        click.echo(f"  created {slot.created}, {slot.bytes:,} bytes")
        click.echo(f"  sha256 {slot.sha256}")
        click.echo(f"  {slot.problem or 'intact'}")
    return states
