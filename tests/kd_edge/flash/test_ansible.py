"""The Ansible collection: its files, and a fleet of two behind a real sshd."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import bundles_made
import kd_edge
from benchmarks.fleet_update import COLLECTION, Fleet, kits
from ssh_devices import Sshd, require_sshd


def test_the_collection_has_the_version_of_the_package():
    lines = (COLLECTION / "galaxy.yml").read_text().splitlines()
    assert f"version: {kd_edge.__version__}" in lines
    assert Path(kd_edge.__file__).parent / "flash" / "ansible" == COLLECTION


@pytest.mark.slow
def test_a_fleet_is_updated(tmp_path):
    require_sshd()
    playbook = shutil.which("ansible-playbook", path=Path(sys.executable).parent)
    if playbook is None:
        pytest.skip("no Ansible here: pip install ansible-core")
    bundles = [tmp_path / f"{name}.kdz" for name in "abc"]
    bundles_made.write(bundles[0])
    bundles_made.write(bundles[1], bundles_made.two_items())
    bundles_made.write(bundles[2], bundles_made.two_items()[1:])
    first, second, third = kits(tmp_path, bundles)
    (tmp_path / "sshd").mkdir()
    sshd = Sshd(tmp_path / "sshd")
    sshd.start()
    try:
        fleet = Fleet(tmp_path, 2, 0, playbook, sshd.path / "ssh")
        # A folder that is named from where Ansible was started, and devices that have nothing.
        one = "--limit", "device-0"
        recap = fleet.play("update", Path(os.path.relpath(first)), *one, "--check")
        assert recap["device-0"]["changed"] == 1 and recap["device-0"]["failed"] == 0
        assert not any([*root.parent.iterdir()] for root in fleet.roots)
        assert not first.with_suffix(".tar").exists()
        assert fleet.play("drift", first / "kit", *one)["device-0"]["failed"] == 1
        fleet.install(first)
        old, same = fleet.scoring()
        assert old == same != ""
        # The service does not start: the bundle before is back, and the next run tries again.
        fleet.faults = {0: "service", 1: "staging"}
        fleet.break_some()
        both = "-e", '{"kd_edge_serial": 2, "kd_edge_max_fail": 100}'
        recap = fleet.play("update", second, *both)
        assert [one["failed"] for one in recap.values()] == [1, 1]
        assert [one["rescued"] for one in recap.values()] == [1, 1]
        assert fleet.scoring() == [old, old]
        # Two groups of one part of the play have kits of their own.
        fleet.kits = {0: second, 1: third}
        fleet.mend()
        recap = fleet.play("update", None, *both)
        assert [one["failed"] for one in recap.values()] == [0, 0]
        _, other = fleet.scoring()
        assert len({old, *fleet.scoring()}) == 3
        recap = fleet.play("drift", second)
        assert [one["failed"] + one["changed"] for one in recap.values()] == [0, 1]
        # Only the device that runs this kit's bundle goes back from it.
        recap = fleet.play("rollback", second)
        assert [one["changed"] for one in recap.values()] == [1, 0]
        assert fleet.scoring() == [old, other]
    finally:
        sshd.stop()
