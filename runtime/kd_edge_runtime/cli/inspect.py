"""`kd-edge inspect`: shows what is in a bundle."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kd_edge_runtime.backends.cascade import absent
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import Flags, Manifest
from kd_edge_runtime.bundle.second import Second, of_second, students
from kd_edge_runtime.cli.group import plugins
from kd_edge_runtime.errors import printable
from kd_edge_runtime.signatures.check import SignatureError
from kd_edge_runtime.slots.allowed import signed_by
from kd_edge_runtime.students.describe import Graph, describe
from kd_edge_runtime.students.item import LoadedItem

DESCRIBERS = "kd_edge.describe"

# Longer values, such as hashes, are shortened in the table; --json shows them in full.
_LONGEST = 48


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--card", is_flag=True, help="Print the model card instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest and more as JSON.")
def inspect(bundle: Path, card: bool, as_json: bool) -> None:
    """Show what a BUNDLE contains, and check every hash.

    Lists the items with the tensors and operators of their small models in each format (for ONNX
    and TFLite, only if the full package, kd-edge, is installed), what the bundle was made from,
    and the size of each file in it.

    \b
    Examples:
      kd-edge inspect item.kdz
      kd-edge inspect item.kdz --card
      kd-edge inspect item.kdz --json
    """
    with Bundle(bundle) as opened:
        opened.check()
        manifest = opened.manifest.whole()
        if card:
            click.echo(opened.read(manifest.card).decode("utf-8", "replace"), nl=False)
            return
        packed, (signer, refusal) = opened.packed(), _signer(opened)
        describers = plugins(DESCRIBERS)
        contents = {
            entry.item_id: describe(LoadedItem(opened, entry), describers)
            for entry in students(manifest.items)
        }
        without = {entry.item_id: _without(LoadedItem(opened, entry)) for entry in manifest.items}
    if as_json:
        report = {
            **asdict(manifest),
            "zip_bytes": packed,
            "signed_by": signer,
            "contents": {
                item_id: {form: asdict(graph) for form, graph in graphs.items()}
                for item_id, graphs in contents.items()
            },
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_table(manifest, contents, packed, bundle.stat().st_size, without)))
        if refusal or signer:
            click.echo(refusal or f"signed by {signer}")


def _table(
    manifest: Manifest,
    contents: Mapping[str, Mapping[str, Graph]],
    packed: Mapping[str, int],
    size: int,
    without: Mapping[str, str],
) -> Iterator[str]:
    made_by = _pairs(manifest.created_by)
    yield f"protocol {manifest.protocol}, {size:,} bytes, {manifest.created} by {made_by}"
    for entry in manifest.items:
        yield f"\nitem '{entry.item_id}'"
        yield f"  small model {entry.student}, {entry.parameters:,} parameters"
        yield f"  classes     {', '.join(entry.classes)}"
        yield f"  decision    {entry.decision}"
        yield f"  flagged     {_flagged(entry.flags)}"
        for form, graph in contents[entry.item_id].items():
            yield from _graph(form, graph)
        alone = of_second(entry)
        if entry.second and alone:
            yield from _second(entry.second, without[entry.item_id])
            for form, graph in contents[alone.item_id].items():
                yield from _graph(form, graph)
    if manifest.provenance:
        yield "\nmade from"
    yield from _indented(manifest.provenance, "  ")
    width = max(map(len, packed))
    yield f"\n{'member':<{width}}  {'bytes':>9}  {'in the zip':>10}   share  sha256"
    for name, packed_bytes in sorted(packed.items()):
        member = manifest.members.get(name)
        unpacked, sha256 = (f"{member.bytes:,}", member.sha256[:16]) if member else ("", "")
        sizes = f"{unpacked:>9}  {packed_bytes:>10,}  {packed_bytes / size:6.1%}"
        yield f"{name:<{width}}  {sizes}  {sha256}".rstrip()
    yield "all sizes and hashes are correct"


def _signer(bundle: Bundle) -> tuple[str, str]:
    """Who signed the bundle; and why this device would not take it, though it may be looked at."""
    try:
        return signed_by(bundle), ""
    except SignatureError as error:
        return "", f"not accepted on this device: {error}"


def _without(item: LoadedItem) -> str:
    """Why the item's second student cannot run here; "" if it may, or if there is none."""
    alone = of_second(item.entry)
    return absent(LoadedItem(item.bundle, alone)) if alone else ""


def _second(second: Second, why: str) -> Iterator[str]:
    """A second student, and when it is asked."""
    yield f"  second      {second.student}, {second.parameters:,} parameters"
    yield (
        f"    asked where the first's confidence is below {second.below:g}; counts "
        f"{second.weight:.0%}, temperature {second.temperature:g}"
    )
    yield f"    flagged with it: confidence below {second.review:g}"
    if why:
        yield f"    not in use here, so the first scores alone: {why}"


def _flagged(flags: Flags) -> str:
    """The rules by which responses and scores are flagged, in words."""
    rules = {
        f"confidence below {flags.review:g}": flags.review,
        f"more than {flags.longest} words": flags.longest,
        "repeats": flags.distinct,
        "unlike others, lists": flags.known,
        "copied prompt": flags.prompt,
    }
    return ", ".join(["empty", *(rule for rule, active in rules.items() if active)])


def _graph(form: str, graph: Graph) -> Iterator[str]:
    details = f"({graph.note})" if graph.note else _pairs(graph.versions)
    yield f"  {form:<10}  {details}".rstrip()
    width = max((len(tensor.name) for tensor in graph.tensors), default=0)
    for tensor in graph.tensors:
        shape = " x ".join(map(str, tensor.shape))
        size = tensor.role or f"{tensor.bytes:,} B"
        yield f"    {tensor.name:<{width}}  {tensor.type:<7}  {shape:<10}  {size:>11}"
    if graph.operators:
        yield f"    operators, by version: {_pairs(graph.operators)}"
    if graph.metadata:
        yield f"    metadata: {_pairs(graph.metadata)}"


def _pairs(content: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in content.items())


def _indented(content: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in content.items():
        if _is_long(value):
            value = {str(at): one for at, one in enumerate(value, 1)}
        # The nesting of a bundle's provenance is not limited, so its display is.
        if isinstance(value, dict) and len(indent) < 10:
            yield f"{indent}{printable(name)}"
            yield from _indented(value, indent + "  ")
        else:
            yield f"{indent}{printable(name)}: {_short(value)}"


def _is_long(value: Any) -> bool:
    """Whether this is a list of texts, such as hashes, that does not go into a line."""
    return (
        isinstance(value, list)
        and all(isinstance(one, str) for one in value)
        and sum(map(len, value)) > _LONGEST
    )


def _short(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
