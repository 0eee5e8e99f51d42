"""`kd-edge inspect`: what is in a bundle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from kd_edge_runtime.bundle import Bundle
from kd_edge_runtime.manifest import ItemEntry, Manifest


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--card", is_flag=True, help="Print the model card instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def inspect(bundle: Path, card: bool, as_json: bool) -> None:
    """Show what is in a BUNDLE, checking every hash.

    \b
    Examples:
      kd-edge inspect item.kdz
      kd-edge inspect item.kdz --card
      kd-edge inspect item.kdz --json
    """
    with Bundle(bundle) as opened:
        for name in opened.manifest.members:
            opened.read(name)
        if card:
            click.echo(opened.read(opened.manifest.card).decode("utf-8", "replace"), nl=False)
        elif as_json:
            click.echo(json.dumps(asdict(opened.manifest), indent=2, ensure_ascii=False))
        else:
            click.echo(_table(opened.manifest, bundle.stat().st_size))


def _table(manifest: Manifest, size: int) -> str:
    makers = ", ".join(f"{name} {version}" for name, version in manifest.created_by.items())
    lines = [f"protocol {manifest.protocol}, {size:,} bytes, {manifest.created} by {makers}"]
    for entry in manifest.items:
        lines += ["", *_item(entry)]
    width = max(map(len, manifest.members))
    lines += ["", f"{'member'.ljust(width)}  {'bytes':>9}  sha256"]
    for name, member in sorted(manifest.members.items()):
        lines.append(f"{name.ljust(width)}  {member.bytes:>9,}  {member.sha256[:16]}")
    lines.append("all sizes and hashes are as they should be")
    return "\n".join(lines)


def _item(entry: ItemEntry) -> list[str]:
    return [
        f"item '{entry.item_id}'",
        f"  student     {entry.student}, {entry.parameters:,} parameters",
        f"  classes     {', '.join(entry.classes)}",
        f"  decision    {entry.decision}",
        f"  forms       {', '.join(sorted(entry.forms))}",
    ]
