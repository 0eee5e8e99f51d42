"""`kd-edge doctor`: whether this device can score, how, and what to do if it cannot."""

from __future__ import annotations

import json
import os
import platform
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime._version import __version__
from kd_edge_runtime.backends.cascade import try_seconds
from kd_edge_runtime.backends.choose import check, choose
from kd_edge_runtime.backends.networks import tried
from kd_edge_runtime.backends.probe import DAMAGED, MISSING, forget, probe, versions
from kd_edge_runtime.bench.machine import memory
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.cli.options import root_option
from kd_edge_runtime.errors import BackendError, KdEdgeError
from kd_edge_runtime.slots.root import default_root
from kd_edge_runtime.slots.slots import Slots
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.system.open_folders import warn_of_open_root

_Row = dict[str, Any]


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@root_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(bundle: Path | None, root: Path | None, as_json: bool) -> None:
    """Check whether this device can score, with which backends, and what to do if it cannot.

    Each installed backend is tested in a separate process: it must reproduce the golden rows
    (inputs with known scores) of the BUNDLE, or of the installed one.

    Exit codes: 0 this device can score; 4 it cannot.

    \b
    Examples:
      kd-edge doctor
      kd-edge doctor item.kdz
      kd-edge doctor --root /media/card/kd-edge --json
    """
    slots = Slots(root or default_root())
    # os.path: pathlib raises an error if a parent folder may not be entered.
    cache = slots.cache if os.path.isdir(slots.root) else None  # noqa: PTH112
    # The root itself is created by the first install.
    folders = (slots.root, *slots.root.absolute().parents)
    disk = next(folder for folder in folders if os.path.isdir(folder))  # noqa: PTH112
    warn_of_open_root(slots.root)
    forget(cache)
    states = slots.status()
    problems = [f"{slot.file}: {slot.problem}" for slot in states if slot.current and slot.problem]
    items: list[LoadedItem] = []
    seconds: dict[str, LoadedItem] = {}
    with ExitStack() as stack:
        try:
            if bundle or root or states:
                opened = stack.enter_context(Bundle(bundle) if bundle else slots.first(_checked))
                opened.check()  # a damaged member must not be mistaken for a bad backend
                for entry in opened.manifest.items:
                    items.append(LoadedItem(opened, entry))
                    if second := of_second(entry):
                        seconds[entry.item_id] = LoadedItem(opened, second)
        except KdEdgeError as error:
            if bundle:
                raise
            problems.append(str(error))
        tables = {
            "backends": [_backend(name, items, cache) for name in backends.NAMES],
            "items": [_item(item, cache) for item in items],
            **({"seconds": _seconds(seconds, cache)} if seconds else {}),
            "slots": [
                {"file": slot.file, "current": slot.current, "problem": slot.problem}
                for slot in states
            ],
        }
    # Plain Python needs no packages: if it fails, this package or the bundle is damaged.
    problems += [
        f"plain: {row['state']}"
        for row in tables["backends"]
        if row["backend"] == "plain" and row["advice"]
    ]
    problems += [row["problem"] for row in tables["items"] if row["problem"]]
    facts = {
        "runtime": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "memory_mib": memory() >> 20,
        "root": str(slots.root),
        "writable": os.access(disk, os.W_OK),
        "free_mib": shutil.disk_usage(disk).free >> 20,
    }
    if as_json:
        report = {**facts, **tables, "problems": problems}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        for name, fact in facts.items():
            click.echo(f"{name:<10}  {_cell(fact)}")
        for rows in filter(None, tables.values()):
            click.echo("\n" + _table(rows))
    if problems:
        raise BackendError("\n  ".join(("this device cannot score:", *problems)))


def _checked(bundle: Bundle) -> Bundle:
    check(bundle, bundle.manifest.items)
    return bundle


def _backend(name: str, items: list[LoadedItem], cache: Path | None) -> _Row:
    item = next((item for item in items if backends.forms(item.entry, name)), None)
    form = backends.forms(item.entry, name)[0] if item else ""
    outcome = tried(name, item, form, cache) if item else probe(name, cache=cache)
    packages = versions(backends.packages(name))
    advice = ""
    if outcome.verdict == MISSING:
        advice = backends.pip_install(backends.missing(name))
    elif outcome.verdict == DAMAGED:
        advice = "write the bundle anew"
    elif not outcome.usable:
        advice = f"try another version of {[*packages, 'kd-edge-runtime'][len(packages) - 1]}"
    return {
        "backend": name,
        "state": str(outcome),
        "runs": [*backends.students(name)],
        "packages": packages,
        "advice": advice,
    }


def _item(item: LoadedItem, cache: Path | None) -> _Row:
    entry = item.entry
    backend = problem = ""
    try:
        backend, _ = choose(item, cache)
    except KdEdgeError as error:
        problem = str(error)
    return {
        "item": entry.item_id,
        "student": entry.student,
        "backend": backend,
        "problem": problem,
    }


def _seconds(items: dict[str, LoadedItem], cache: Path | None) -> list[_Row]:
    """Second students; one that does not run is no problem, as the first scores alone."""
    return [
        {
            "second": item_id,
            "student": item.entry.student,
            "backend": state.backend,
            "without": f"the first scores alone: {state.why}" if state.why else "",
        }
        for (item_id, item), state in zip(items.items(), try_seconds([*items.values()], cache))
    ]


def _table(rows: list[_Row]) -> str:
    cells = [[*rows[0]], *([*map(_cell, row.values())] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = [f"{name} {version}" for name, version in value.items()]
    return ", ".join(value) if isinstance(value, list) else str(value)
