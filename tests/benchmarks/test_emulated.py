"""How emulated devices are built: once, whole, and by one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.emulated import KINDS, Device, build, parts
from benchmarks.emulated.parts import Wheels
from benchmarks.emulated.setups import SETUPS

ONE = Wheels("one", ("pi-64",), ("one==1",))
TWO = Wheels("two", ("pi-64",), ("two==2",), "aarch64")


@pytest.fixture
def workshop(monkeypatch, tmp_path):
    """A folder of two parts, each made by writing its name; `made` says what was made when."""
    made = []

    def wheels(folder, part):
        made.append(part.name)
        (folder / "content").write_text(part.name)

    monkeypatch.setattr(build, "ROOT", tmp_path / "devices")
    monkeypatch.setattr(build, "TOOLS", ())
    monkeypatch.setattr(build, "_wheels", wheels)
    monkeypatch.setattr(parts, "SYSTEMS", ())
    monkeypatch.setattr(parts, "WHEELS", (ONE, TWO))
    return made


def built():
    said = []
    build.build(said.append)
    return [line.partition(":")[0] for line in said]


def test_each_part_is_built_once(workshop):
    assert not build.ready("one")
    assert built() == ["one", "two"] == workshop
    assert all(map(build.ready, ("one", "two")))
    assert [(build.ROOT / name / "content").read_text() for name in ("one", "two")] == workshop
    assert built() == []
    assert len(workshop) == 2


@pytest.mark.usefixtures("workshop")
def test_a_part_is_built_anew_when_its_recipe_changes(monkeypatch):
    built()
    newer = Wheels("two", ("pi-64",), ("two==3",), "aarch64")
    monkeypatch.setattr(parts, "WHEELS", (ONE, newer))
    assert (build.ready("one"), build.ready("two")) == (True, False)
    (build.ROOT / "two" / "left over").touch()
    assert built() == ["two"]
    assert not (build.ROOT / "two" / "left over").exists()


@pytest.mark.usefixtures("workshop")
def test_what_was_stopped_is_begun_again(monkeypatch):
    make = build._wheels

    def stopped(folder, part):
        make(folder, part)
        if part is TWO:
            raise KeyboardInterrupt

    monkeypatch.setattr(build, "_wheels", stopped)
    with pytest.raises(KeyboardInterrupt):
        built()
    assert (build.ready("one"), build.ready("two")) == (True, False)
    assert not (build.ROOT / "two").exists()
    monkeypatch.setattr(build, "_wheels", make)
    assert built() == ["two"]
    assert sorted(path.name for path in build.ROOT.iterdir()) == ["lock", "one", "two"]


@pytest.mark.skipif(os.name != "posix", reason="nothing is emulated elsewhere")
def test_a_second_build_waits_for_the_first(workshop):
    build.ROOT.mkdir()
    hold = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
        "print(flush=True); sys.stdin.read()"
    )
    said = []
    command = [sys.executable, "-c", hold, str(build.ROOT / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()

        def say(line):
            said.append(line)
            if "waiting" in line:
                time.sleep(0.1)
                assert workshop == []
                other.stdin.close()

        build.build(say)
    assert said[0] == "another build is running: waiting for it"
    assert workshop == ["one", "two"]


@pytest.mark.usefixtures("workshop")
def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr(build, "TOOLS", ("sh", "no-such-emulator"))
    with pytest.raises(build.BuildError, match=r"^no-such-emulator: not found.*qemu-user"):
        built()
    assert Device("pi-64").missing == "no-such-emulator not installed: see 'make devices'"


def test_without_devices_it_is_said_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "TOOLS", ())
    for kind in KINDS:
        assert Device(kind).missing == "no emulated device: run 'make devices'"


def test_a_command_that_fails_is_quoted():
    with pytest.raises(build.BuildError, match=r"failed:\n.*no-such-module"):
        build._run(sys.executable, "-m", "no-such-module")


def test_the_mirror_is_the_machines_own(monkeypatch):
    monkeypatch.setenv(build.MIRROR, "file:///somewhere")
    assert build._mirror() == "file:///somewhere"
    monkeypatch.delenv(build.MIRROR)
    monkeypatch.setattr(build, "_output", lambda _: "")
    with pytest.raises(build.BuildError, match="apt-get update"):
        build._mirror()
    monkeypatch.setattr(build, "_output", lambda _: "first\nsecond\n")
    assert build._mirror() == "first"


def test_a_device_has_nothing_of_this_machines_python(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "anything")
    device = Device("pi-64")
    found = device.environment(["a", Path("b")], {"KD_EDGE_ROOT": "r"})
    assert found.keys() == {"PATH", "LANG", "PYTHONPATH", "KD_EDGE_ROOT"}
    assert found["PYTHONPATH"] == os.pathsep.join("ab")
    assert found["PATH"].startswith(str(device.python.parent) + os.pathsep)
    assert "PYTHONPATH" not in device.environment()


def test_every_setup_uses_parts_that_there_are():
    names = {part.name for part in parts.WHEELS}
    for setup in SETUPS.values():
        folders = [path.name for path in setup.path(Path("runtime"))]
        assert folders[0] == "runtime"
        assert set(folders[1:]) <= names
        for wheels in parts.WHEELS:
            assert setup.kind in wheels.devices or wheels.name not in folders
