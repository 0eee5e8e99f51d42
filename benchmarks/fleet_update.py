"""A fleet updated by Ansible: a rolling update of which a third fails, drift, rollback.

    python -m benchmarks.fleet_update [--targets 20]

Each target is a folder of its own behind a real sshd on the loopback. A third of them fail, in
three ways: nobody answers, the kit cannot be unpacked, and the connection dies in the installation.
After every play each target is asked which bundle it scores with. The first bundle comes from the
kit's own install.sh. Writes `results/fleet_update.json`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from benchmarks import record

ROOT = Path(__file__).parent.parent
COLLECTION = ROOT / "kd_edge" / "flash" / "ansible"
KD_EDGE = str(Path(sys.executable).with_name("kd-edge"))
# Nobody answers; the kit cannot be unpacked; the connection dies as the bundle is installed.
FAULTS = ("away", "staging", "dying")


class Fleet:
    """Targets behind one sshd, and Ansible that knows them.

    Args:
        folder: an empty folder.
        targets: how many.
        failing: how many of them fail an update.
        playbook: the program ansible-playbook.
        ssh: the program ssh, which knows the hosts "ready", "away" and "dying".

    Attributes:
        faults: the targets that are to fail, and how: one of `FAULTS`, or "service".
        kits: kits of single targets, for plays that are given none.
    """

    def __init__(self, folder: Path, targets: int, failing: int, playbook: str, ssh: Path) -> None:
        self.folder, self.playbook, self.ssh = folder, playbook, ssh
        self.roots = [folder / f"device-{at}" / "kd-edge" for at in range(targets)]
        for root in self.roots:
            root.parent.mkdir()
        # Spread over the fleet, the first batch aside.
        self.faults = {targets - 1 - 2 * at: FAULTS[at % len(FAULTS)] for at in range(failing)}
        self.kits: dict[int, Path] = {}
        (folder / "ansible_collections" / "kd_edge").mkdir(parents=True)
        (folder / "ansible_collections" / "kd_edge" / "fleet").symlink_to(COLLECTION)
        self._write({})

    def install(self, kit: Path) -> None:
        """Installs a kit by itself, without Ansible."""
        for root in self.roots:
            command = ["sh", str(kit / "install.sh"), str(root)]
            subprocess.run(command, check=True, capture_output=True)

    def break_some(self) -> None:
        """Breaks those that are to fail."""
        self._write(self.faults)

    def mend(self) -> None:
        """Mends them."""
        self._write({})

    def play(self, name: str, kit: Path | None, *more: str) -> dict[str, dict[str, int]]:
        """Ansible's recap of a playbook of the collection, by target."""
        words = ["-i", str(self.folder / "hosts.json"), f"kd_edge.fleet.{name}"]
        options = {"kd_edge_command": KD_EDGE}
        if kit is not None:
            options["kd_edge_kit"] = str(kit)
        done = subprocess.run(
            [self.playbook, *words, "-e", json.dumps(options), *more],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(self.folder),
                "ANSIBLE_LOCALHOST_WARNING": "False",
                "ANSIBLE_HOME": str(self.folder / "home"),
                "ANSIBLE_PIPELINING": "True",
                "ANSIBLE_FORKS": "10",
                "ANSIBLE_SSH_EXECUTABLE": str(self.ssh),
                "ANSIBLE_NOCOLOR": "1",
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        recap: dict[str, dict[str, int]] = {}
        for line in done.stdout.partition("PLAY RECAP")[2].splitlines()[1:]:
            host, _, counts = line.partition(":")
            if counts:
                pairs = (one.split("=") for one in counts.split())
                recap[host.strip()] = {key: int(value) for key, value in pairs}
        if not recap:
            raise RuntimeError(done.stdout + done.stderr)
        return recap

    def scoring(self) -> list[str]:
        """The hash of the bundle that each target scores with, "" for none."""
        found = []
        for root in self.roots:
            status = ["sh", str(root / "kd-edge"), "status", "--root", str(root), "--json"]
            done = subprocess.run(status, capture_output=True, text=True, check=False)
            slots = json.loads(done.stdout)["slots"] if done.stdout else []
            found.append(next((one["sha256"] for one in slots if one["current"]), ""))
        return found

    def _write(self, faults: Mapping[int, str]) -> None:
        hosts: dict[str, dict[str, str]] = {}
        for at, root in enumerate(self.roots):
            fault = faults.get(at, "")
            hosts[f"device-{at}"] = {
                "ansible_host": fault if fault in ("away", "dying") else "ready",
                "kd_edge_root": str(root),
                "ansible_python_interpreter": "python3",
            }
            if fault == "staging":
                hosts[f"device-{at}"]["kd_edge_staging"] = "/dev/null/kit"
            if fault == "service":
                hosts[f"device-{at}"]["kd_edge_service"] = "kd-edge-no-such"
            if at in self.kits:
                hosts[f"device-{at}"]["kd_edge_kit"] = str(self.kits[at])
        (self.folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))


def kits(folder: Path, bundles: Sequence[Path]) -> list[Path]:
    """Makes a kit of each bundle."""
    made = [folder / f"kit-{number}" for number in range(1, len(bundles) + 1)]
    for kit, bundle in zip(made, bundles, strict=True):
        command = [KD_EDGE, "flash", str(bundle), str(kit), "--with-runtime", "x86-64"]
        subprocess.run(command, check=True, capture_output=True)
    return made


def measure(fleet: Fleet, first: Path, second: Path) -> list[dict[str, Any]]:
    """Every play, with what Ansible counts and what the targets score with afterwards."""
    plays: list[dict[str, Any]] = []

    def play(name: str, what: str, kit: Path, *more: str) -> None:
        started = time.monotonic()
        recap = fleet.play(name, kit, *more)
        seconds = time.monotonic() - started
        runs = fleet.scoring()
        plays.append(
            {
                "play": what,
                "seconds": round(seconds, 1),
                "changed": sum(one["changed"] > 0 for one in recap.values()),
                "failed": sum(one["failed"] + one["unreachable"] > 0 for one in recap.values()),
                "targets": len(runs),
                "without a bundle": runs.count(""),
                "bundles": sorted({runs.count(one) for one in runs if one}),
            }
        )
        click.echo(str(plays[-1]), err=True)

    every = "-e", json.dumps({"kd_edge_max_fail": 100, "kd_edge_serial": [1, "50%"]})
    fleet.install(first)
    fleet.break_some()
    play("update", "another bundle, a third fails", second, *every)
    fleet.mend()
    play("drift", "drift report", second)
    play("update", "mended, again", second, *every)
    play("update", "the same again", second, *every)
    play("rollback", "rollback", second)
    play("rollback", "rollback again", second)
    return plays


@click.command()
@click.option("--targets", type=click.IntRange(min=3), default=20, show_default=True)
@click.option("--playbook", default="ansible-playbook", show_default=True, help="The program.")
def main(targets: int, playbook: str) -> None:
    """Update a fleet of which a third fails."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    bundles_made, devices = map(import_module, ("bundles_made", "ssh_devices"))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sshd").mkdir()
        bundles = folder / "a.kdz", folder / "b.kdz"
        bundles_made.write(bundles[0])
        bundles_made.write(bundles[1], bundles_made.two_items())
        made = kits(folder, bundles)
        sshd = devices.Sshd(folder / "sshd")
        sshd.start()
        try:
            fleet = Fleet(folder, targets, targets // 3, playbook, sshd.path / "ssh")
            plays = measure(fleet, *made)
        finally:
            sshd.stop()
    click.echo(str(record.write("fleet_update", {"targets": targets, "plays": plays}, 0)))


if __name__ == "__main__":
    main()
