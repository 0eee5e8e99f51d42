"""What a district takes: hours, bytes and money, computed from what other benchmarks measured.

    python -m benchmarks.district_costs

Nothing is measured here. Each row is a measured part times a number of items, responses or
devices; what is assumed stands in `Assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import click

from benchmarks import record
from benchmarks.items import REAL
from kd_edge.console.tables import markdown, short

_TRAINED = ("teacher", "labels", "variants", "student", "second", "test-labels")
_HOUR = 3600
_TIMES = (1, 10, 100)
_PLAIN_PI = ("pi-64", "plain")


@dataclass(frozen=True)
class District:
    """How much there is to do in a term.

    Attributes:
        items: items that are distilled.
        responses: responses that are scored.
        devices: devices that get one bundle with all items.
    """

    items: int = 400
    responses: int = 10_000_000
    devices: int = 3_000

    def times(self, factor: int) -> District:
        """A district so many times as large."""
        return District(*(factor * one for one in (self.items, self.responses, self.devices)))


@dataclass(frozen=True)
class Assumed:
    """What is not measured.

    Attributes:
        core_hour: of a rented core, US dollars.
        gigabyte_month: of disk, US dollars.
        forks: devices that Ansible updates at a time.
        measured_forks: those of the measured fleet, on two cores.
    """

    core_hour: float = 0.05
    gigabyte_month: float = 0.02
    forks: int = 50
    measured_forks: int = 10


@dataclass(frozen=True)
class Parts:
    """Measured parts.

    Attributes:
        item_seconds: of one core, to distil an item into two students, from teacher to test labels.
        teacher_bytes: of an item's teacher.
        student_bytes: of an item's two students.
        row_seconds: of one core, for one response of a table, in plain Python.
        device_row_seconds: the same on a 64-bit Raspberry Pi, by the emulator and `device.json`'s
            assumptions.
        item_bytes: that an item adds to a bundle of bags.
        opening: instructions until a bundle of one item has scored a response.
        opening_item: instructions more for each further item.
        update_seconds: of Ansible for each device, an update from one bundle to another.
    """

    item_seconds: float
    teacher_bytes: float
    student_bytes: float
    row_seconds: float
    device_row_seconds: float
    item_bytes: float
    opening: float
    opening_item: float
    update_seconds: float


def parts(assumed: Assumed) -> Parts:
    """Read the parts from `results`."""
    runs = [record.read(f"two-students-{name}")["figures"] for name in REAL]
    points = record.read("many_items")["figures"]["points"]
    fewest, most = points[0], points[-1]
    more = most["items"] - fewest["items"]
    device = record.read("device")["figures"]
    second = device["assumed"]["hertz"]["pi-64"] * device["assumed"]["instructions_per_cycle"]
    warm = next(
        row["warm"] for row in device["rows"] if (row["device"], row["backend"]) == _PLAIN_PI
    )
    engines = record.read("scoring_engines")["figures"]["backends"]["plain"]
    play = record.read("fleet_update")["figures"]["plays"][0]
    return Parts(
        item_seconds=fmean(sum(run["seconds"].get(one, 0) for one in _TRAINED) for run in runs),
        teacher_bytes=fmean(run["item"]["sizes"]["teacher_bytes"] for run in runs),
        student_bytes=fmean(run["item"]["sizes"]["plain_bytes"] for run in runs),
        row_seconds=1 / engines["jobs 1"]["rows_per_s"],
        device_row_seconds=warm / second,
        item_bytes=(most["bytes"] - fewest["bytes"]) / more,
        opening=fewest["instructions"],
        opening_item=(most["instructions"] - fewest["instructions"]) / more,
        update_seconds=play["seconds"] / play["targets"] * assumed.measured_forks / assumed.forks,
    )


def table() -> str:
    """A district, one ten times as large, and one a hundred times as large."""
    assumed = Assumed()
    found = parts(assumed)
    columns = [_column(District().times(factor), found, assumed) for factor in _TIMES]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    return markdown(["", *(f"times {factor}" for factor in _TIMES)], rows)


def _column(district: District, found: Parts, assumed: Assumed) -> dict[str, str]:
    hours = district.items * found.item_seconds / _HOUR
    scored = district.responses * found.row_seconds / _HOUR
    kept = district.items * (found.teacher_bytes + found.student_bytes)
    bundle = district.items * found.item_bytes
    each = district.responses / district.devices
    return {
        "items": f"{district.items:,}",
        "responses": f"{district.responses:,}",
        "devices": f"{district.devices:,}",
        "distil all items, core hours": f"{hours:,.0f}",
        "the same, US dollars": f"{hours * assumed.core_hour:,.0f}",
        "keep teachers and students, bytes": short(round(kept)),
        "the same, US dollars a month": f"{kept / 1e9 * assumed.gigabyte_month:,.2f}",
        "score all responses on one core, hours": f"{scored:,.1f}",
        "score a device's share on it, seconds": f"{each * found.device_row_seconds:,.1f}",
        "one bundle with all items, bags, bytes": short(round(bundle)),
        "all copies of it over the network, bytes": short(round(bundle * district.devices)),
        "its first score on a device, million instructions": (
            f"{(found.opening + district.items * found.opening_item) / 1e6:,.0f}"
        ),
        "update all devices by Ansible, hours": (
            f"{district.devices * found.update_seconds / _HOUR:,.1f}"
        ),
    }


@click.command()
def main() -> None:
    """Show what a district takes."""
    click.echo(table())


TABLES = {"district": table}

if __name__ == "__main__":
    main()
