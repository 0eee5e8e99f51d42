"""Power cuts and refusing disks while a device is given another bundle: how many, and what is lost.

    python -m benchmarks.power_cuts

Runs the harness of `tests/support/power_cuts.py` over `kd-edge install`, `rollback` and
`kd-edge flash`: the process is killed before every step and in the middle of every write, what was
not on the disk yet is lost, and every step is refused once. After each the device must score with
the old or the new bundle, bit for bit, and the next install must succeed. Writes
`results/cuts.json`.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import flash_cuts
import slot_cuts


@click.command()
def main() -> None:
    """Cut everywhere; a device that is lost ends it with an error."""
    figures = {
        f"{verb}: {scenario}": {**asdict(cuts), "devices lost": 0}
        for verb, found in (("slots", slot_cuts.counts()), ("flash", flash_cuts.counts()))
        for scenario, cuts in found.items()
    }
    click.echo(str(record.write("cuts", figures, 0)))


if __name__ == "__main__":
    main()
