"""Power cuts in switches of a device's bundle: what they start from, and what has to hold.

`counts` cuts all of them, in a process of its own: one with as little in memory as a device's
is forked ten times as fast as one that has made bundles.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.installed import open_installed
from kd_edge_runtime.slots.slots import Slots
from kd_edge_runtime.students.bag import FORM
from power_cuts import Cuts, cut_points, fast_folder
from power_model import lay

TEXTS = ("The water gets warm because the stove heats it.", "the ice melts", "")
NAMES = ("first", "second", "third")

Scores = tuple[tuple[float, ...], ...]


class Device:
    """A device's disk, with nothing on it, and the bundles that `make_bundles` has made.

    Args:
        folder: the folder of the bundles.
        disk: the folder of the disk; what is there is deleted.
    """

    def __init__(self, folder: Path, disk: Path) -> None:
        self.disk = disk
        lay(disk, {})
        self.slots = Slots(self.disk / "root")
        self.bundles = {name: folder / f"{name}.kdz" for name in NAMES}
        self.scores = {name: scores(Scorer.open(path)) for name, path in self.bundles.items()}

    def install(self, name: str) -> bool:
        """Installs a bundle."""
        return switch.install(self.slots, self.bundles[name])

    def current(self) -> str | None:
        """The bundle whose scores the device gives, bit for bit; None where it has none."""
        try:
            found = scores(open_installed(self.slots.root, warn=lambda _: None))
        except InputError:
            return None
        return next(name for name, its in self.scores.items() if its == found)

    def names(self) -> list[str]:
        """The files in the root, without numbers."""
        return sorted(re.sub(r"\d", "", name) for name in names(self.slots.root))


def names(root: Path) -> list[str]:
    """The files in a root."""
    return sorted(path.name for path in root.iterdir())


def damage(path: Path) -> None:
    """Changes a byte of a bundle's network: it opens, and is not whole."""
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("items/0/bag.int8").header_offset + 100
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def make_bundles(folder: Path) -> None:
    """Makes bundles that score differently."""
    import bundles_made

    for seed, name in enumerate(NAMES, 1):
        item = bundles_made.item(seed=seed)
        # The one form that plain Python reads: less to copy and to hash, a thousand times.
        item = replace(item, forms={FORM: item.forms[FORM]})
        bundles_made.write(folder / f"{name}.kdz", [item])


def scores(scorer: Scorer) -> Scores:
    """The probabilities of some responses."""
    with scorer:
        return tuple(one.probabilities for one in scorer.score_many(TEXTS))


class Scenario(NamedTuple):
    """A switch, and what is on the device before.

    Attributes:
        before: makes the device what it is before.
        switch: the action.
        old: the current bundle before it.
        new: and after it.
    """

    before: Callable[[Device], object]
    switch: Callable[[Device], object]
    old: str | None
    new: str


def _none(_: Device) -> None:
    pass


def _two(device: Device) -> None:
    device.install("first")
    device.install("second")


def _back(device: Device) -> None:
    _two(device)
    switch.rollback(device.slots)


def _leftovers(device: Device) -> None:
    """What interrupted switches may leave: half a bundle, and one with half a record."""
    _two(device)
    root = device.slots.root
    (root / "slot3.kdz").write_bytes(device.bundles["third"].read_bytes()[:5000])
    (root / "slot4.kdz").write_bytes(device.bundles["third"].read_bytes())
    (root / "slot4.ok").write_bytes((root / "slot2.ok").read_bytes()[:40])


def _third(device: Device) -> None:
    device.install("third")


def _rollback(device: Device) -> None:
    switch.rollback(device.slots)


SCENARIOS = {
    "the first bundle": Scenario(_none, _third, None, "third"),
    "the third bundle": Scenario(_two, _third, "second", "third"),
    "after leftovers": Scenario(_leftovers, _third, "second", "third"),
    "after a rollback": Scenario(_back, _third, "first", "third"),
    "rollback": Scenario(_two, _rollback, "second", "first"),
    "rollback of a rollback": Scenario(_back, _rollback, "first", "second"),
}


def cuts_of(device: Device, scenario: Scenario) -> Cuts:
    """Cuts a scenario at every point.

    After each cut the device scores with the old or the new bundle; an install of the new
    one succeeds and cleans up; and then there is a way back.
    """
    lay(device.disk, {})
    scenario.before(device)
    assert device.current() == scenario.old

    def check(finished: bool) -> None:
        found = device.current()
        allowed = (scenario.new,) if finished else (scenario.old, scenario.new)
        assert found in allowed, f"the device scores with {found}"
        device.install(scenario.new)
        assert device.current() == scenario.new
        kept = 1 if scenario.old is None else 2
        assert device.names() == sorted(["lock", *["slot.kdz", "slot.ok"] * kept])
        assert not any(state.problem for state in device.slots.status())
        if scenario.old is not None:
            switch.rollback(device.slots)
            assert device.current() == scenario.old

    return cut_points(lambda: scenario.switch(device), device.disk, check)


def counts(scenarios: Iterable[str] = SCENARIOS) -> dict[str, Cuts]:
    """Cuts scenarios; the counts by scenario.

    Raises:
        AssertionError: a cut was not survived, with what was found after which step.
    """
    with fast_folder() as folder:
        make_bundles(folder)
        done = subprocess.run(
            [sys.executable, __file__, str(folder), *scenarios], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return {name: Cuts(**found) for name, found in json.loads(done.stdout).items()}


def _main(folder: str, *names: str) -> None:
    device = Device(Path(folder), Path(folder, "disk"))
    json.dump({name: asdict(cuts_of(device, SCENARIOS[name])) for name in names}, sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])
