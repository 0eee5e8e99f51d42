"""What the first score of a bundle with many items costs, beside that of a bundle with one.

    make devices
    python -m benchmarks.many_items

Counts the instructions of `kd-edge score` on an emulated Raspberry Pi, from the start of Python to
its end, of one response in a table with an item column; and this machine's peak memory of the
same. The manifests are as long as those of real runs: with flags, copied pairs and provenance of
every item. Writes `results/many_items.json`.
"""

from __future__ import annotations

import csv
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import record, untrained_bundle
from benchmarks.emulated.runtime import build_wheel, unpack
from benchmarks.emulated.setups import SETUPS
from benchmarks.instruction_counter import InstructionCounter, absent_tools
from benchmarks.raspberry_pi import WORDS, Work, least, peak_kib
from kd_edge_export.bundle import write_bundle
from kd_edge_runtime.bundle.manifest import Flags

ITEMS = (1, 20, 100, 500)
SETUP = "pi-64, nothing"

# As long as what `kd-edge run` writes of each item.
_PROVENANCE = {"stages": {f"stage {at}": {"sha256": "0" * 64, "seed": at} for at in range(12)}}


def write(path: Path, items: int) -> None:
    """Writes a bundle of so many items, named by their numbers."""
    flags = Flags(
        0.55, 120, 1.4, (5.5, -4.0, 4.0), (*sorted(random.Random(0).sample(range(65536), 40)),)
    )
    made = [
        replace(untrained_bundle.made_item(str(at), seed=at), flags=flags) for at in range(items)
    ]
    provenance = {"students": {str(at): _PROVENANCE for at in range(items)}}
    write_bundle(path, made, "# made\n", "2026-01-01T00:00:00Z", {"kd-edge": "0.2.0"}, provenance)


def measure(folder: Path, sizes: tuple[int, ...] = ITEMS) -> list[dict[str, Any]]:
    """The figures of bundles of several sizes; in an empty folder."""
    counter, setup = InstructionCounter(folder), SETUPS[SETUP]
    (folder / "wheel").mkdir()
    runtime = unpack(build_wheel(folder / "wheel"), folder / "runtime")
    text = " ".join(" ".join(untrained_bundle.sample_texts()).split()[:WORDS])
    points: list[dict[str, Any]] = []
    for items in sizes:
        bundle, table = folder / f"{items}.kdz", folder / "one.csv"
        write(bundle, items)
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [["response_id", "item_id", "text"], ["1", str(items - 1), text]]
            )
        work = Work(bundle, table, folder / "none", runtime, folder)
        count = least(counter, setup.device, work.score("plain"), setup.path(runtime))
        points.append(
            {
                "items": items,
                "bytes": bundle.stat().st_size,
                "instructions": count,
                "peak_kib": peak_kib(work, "plain"),
                "times": count / points[0]["instructions"] if points else 1.0,
            }
        )
        click.echo(str(points[-1]), err=True)
    return points


@click.command()
def main() -> None:
    """Count what the first score of a bundle with many items costs."""
    if absent := absent_tools():
        raise click.ClickException(f"{', '.join(absent)}: not found")
    if missing := SETUPS[SETUP].device.missing:
        raise click.ClickException(missing)
    with tempfile.TemporaryDirectory() as folder:
        points = measure(Path(folder))
    figures = {"device": SETUP, "words": WORDS, "points": points}
    click.echo(str(record.write("many_items", figures, untrained_bundle.SEED)))


if __name__ == "__main__":
    main()
