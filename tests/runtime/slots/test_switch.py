"""Switches of a device's bundle: what is refused before, what goes wrong, any sequence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import bundles_made
import slot_cuts
from kd_edge_runtime import backends
from kd_edge_runtime.backends import verify as checks
from kd_edge_runtime.errors import BackendError, BundleError, InputError, ParityError
from kd_edge_runtime.slots import durable, switch
from kd_edge_runtime.slots.slots import Slots
from slot_cuts import Device, damage, names

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to be killed")


# Refused before any switch


def refused(device, kind, told, source):
    before = {path.name: path.read_bytes() for path in device.slots.root.iterdir()}
    with pytest.raises(kind, match=told):
        switch.install(device.slots, source)
    assert {path.name: path.read_bytes() for path in device.slots.root.iterdir()} == before
    assert device.current() == "second"


@pytest.fixture
def second(device):
    device.install("first")
    device.install("second")
    return device


def test_what_is_no_bundle(second, tmp_path):
    refused(second, InputError, "none.kdz: no such file", tmp_path / "none.kdz")
    (tmp_path / "x.kdz").write_bytes(b"x")
    refused(second, BundleError, r"x\.kdz: not a bundle", tmp_path / "x.kdz")
    data = second.bundles["third"].read_bytes()
    for length in (len(data) // 2, len(data) - 1):
        (tmp_path / "x.kdz").write_bytes(data[:length])
        refused(second, BundleError, r"not a bundle, or an incomplete copy", tmp_path / "x.kdz")
    (tmp_path / "x.kdz").write_bytes(data)
    damage(tmp_path / "x.kdz")
    refused(second, BundleError, r"x\.kdz: ", tmp_path / "x.kdz")


def test_golden_rows_that_are_not_reproduced_here(second, tmp_path):
    item = bundles_made.item(seed=3)
    rows = json.loads(item.golden)
    outputs = rows["outputs"]["plain-int8"]
    outputs[1] = outputs[4] = outputs[0][::-1]
    path = tmp_path / "x.kdz"
    bundles_made.write(
        path, [bundles_made.item(), replace(item, item_id="b", golden=json.dumps(rows).encode())]
    )
    told = r"item 'b', plain-int8 on plain: 2 of \d+ golden rows differ by up to \d"
    refused(second, ParityError, told, path)


def test_a_backend_that_is_not_here(second, monkeypatch):
    monkeypatch.setattr(backends, "choose", lambda *_: ("onnx", ""))
    monkeypatch.setattr(backends, "missing", lambda *_: ("onnxruntime",))
    with pytest.raises(BackendError, match="needs onnxruntime"):
        second.install("third")
    monkeypatch.undo()
    assert second.current() == "second"
    assert len(second.slots.all()) == 2


def test_a_card_that_does_not_keep_what_is_written(second, monkeypatch):
    def written(path, data):
        durable.write_new(path, data)
        if path.suffix == ".kdz":
            damage(path)

    monkeypatch.setattr(switch, "write_new", written)
    told = r"slot3\.kdz' reads back differently than it was written: use another card"
    refused(second, InputError, told, second.bundles["third"])


def test_too_little_room(second, monkeypatch):
    size = second.bundles["third"].stat().st_size
    needed = size + 196_608
    usage = shutil.disk_usage(second.disk)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed - 1))
    told = rf"not enough space in '.*root': {needed:,} bytes needed, {needed - 1:,} free"
    refused(second, InputError, told, second.bundles["third"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed))
    assert second.install("third")


def test_a_previous_bundle_that_does_not_score_as_it_did(second, monkeypatch):
    def reproduce(*given):
        return replace(reproduced(*given), differing=(1,), error=ParityError("changed"))

    reproduced = checks.reproduce
    monkeypatch.setattr(checks, "reproduce", reproduce)
    with pytest.raises(ParityError):
        switch.rollback(second.slots)
    assert second.current() == "second"
    with pytest.raises(ParityError):
        second.install("second")  # that it is there already is no reason not to look


def test_leftovers_are_deleted_before_room_is_looked_for(second, root, monkeypatch):
    (root / "slot3.kdz").write_bytes(bytes(1000))
    (root / "slot7.ok").write_bytes(b"torn")
    found = []

    def usage(folder):
        found.extend(names(folder))
        return shutil._ntuple_diskusage(10**9, 0, 10**9)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert second.install("third")
    assert found == ["lock", "slot1.kdz", "slot1.ok", "slot2.kdz", "slot2.ok"]
    # A name is never used twice: what is deleted may be there again after a power cut.
    assert names(root) == ["lock", "slot2.kdz", "slot2.ok", "slot8.kdz", "slot8.ok"]


def test_leftovers_are_deleted_where_there_is_nothing_to_install(second, root):
    (root / "slot3.kdz").write_bytes(b"half")
    assert not second.install("second")
    assert names(root) == ["lock", "slot1.kdz", "slot1.ok", "slot2.kdz", "slot2.ok"]


def test_what_cannot_be_deleted_stops_nothing(second, root, monkeypatch):
    unlink, held_back = Path.unlink, []

    def held(path, missing_ok=False):
        if path.name in held_back or not held_back:
            held_back.append(path.name)
            raise PermissionError(13, "open in another program")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", held)
    assert second.install("third")
    assert second.current() == "third"
    assert held_back[0].startswith("slot1.")
    kept = ["lock", "slot2.kdz", "slot2.ok", "slot3.kdz", "slot3.ok", held_back[0]]
    assert names(root) == sorted(kept)


@forks
def test_what_is_deleted_is_off_the_disk_before_its_clusters_are_taken(made, tmp_path):
    from power_cuts import run
    from power_model import tree

    device = Device(made, tmp_path / "disk")
    slot_cuts.SCENARIOS["after leftovers"].before(device)
    for action in (lambda: device.install("third"), lambda: switch.rollback(device.slots)):
        steps = run(action, device.disk, tree(device.disk)).steps
        assert "unlink" in [step.kind for step in steps]
        unsynced = False
        for step in steps:
            if step.kind == "unlink":
                unsynced = True
            elif step.kind == "fsync" and step.path == "root":
                unsynced = False
            assert not (unsynced and step.kind in ("create", "write")), step
        assert not unsynced


@forks
@pytest.mark.parametrize("refusal", ["read-only", "failing", "gone"])
def test_a_disk_that_refuses_to_delete_after_the_switch(made, tmp_path, refusal):
    from power_cuts import run
    from power_model import tree

    device = Device(made, tmp_path / "disk")
    device.install("first")
    device.install("second")
    before = tree(device.disk)
    steps = run(lambda: device.install("third"), device.disk, before).steps
    at = [step.kind for step in steps].index("unlink") + 1
    assert run(lambda: device.install("third"), device.disk, before, at, refusal).end == "done"
    assert device.current() == "third"


def test_two_at_once(second, root):
    with (root / "lock").open("ab") as file:
        durable.lock(file, root / "lock")
        refused(second, InputError, "is another install running", second.bundles["third"])
        with pytest.raises(InputError, match="is another install running"):
            switch.rollback(second.slots)
        assert not second.install("second")  # reading only
    assert second.install("third")


def test_many_at_once(made, tmp_path):
    root = tmp_path / "root"
    started = {
        name: subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kd_edge_runtime",
                "install",
                made / f"{name}.kdz",
                "--root",
                root,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in slot_cuts.NAMES
    }
    done = []
    for name, process in started.items():
        _, told = process.communicate()
        assert process.returncode in (0, 2), told
        if process.returncode:
            assert "is another install running" in told
        else:
            done.append(name)
    device = Device(made, tmp_path / "disk")
    device.slots = Slots(root)
    assert device.current() in done
    assert not any(state.problem for state in device.slots.status())
    assert len(device.slots.all()) == min(2, len(done))


def test_a_bundle_that_is_open_while_it_is_replaced(second, root):
    with second.slots.open() as bundle:
        second.install("third")
        second.install("first")
        if os.name == "posix":
            assert not (root / "slot2.kdz").exists()
        assert bundle.read(bundle.manifest.card)


# Any sequence of switches and cuts


@forks
class AnySequence(RuleBasedStateMachine):
    """The device scores with what was last switched to, or what was cut; the other is kept."""

    made: Path

    def __init__(self):
        from power_cuts import fast_folder

        super().__init__()
        self._folder = fast_folder()
        self.device = Device(self.made, self._folder.__enter__() / "disk")
        self.current = self.previous = None

    def teardown(self):
        self._folder.__exit__(None, None, None)

    def after(self, name):
        """What is current and previous after an install."""
        return (self.current, self.previous) if name == self.current else (name, self.current)

    @rule(name=st.sampled_from(slot_cuts.NAMES))
    def install(self, name):
        assert self.device.install(name) == (name != self.current)
        self.current, self.previous = self.after(name)

    @rule()
    def rollback(self):
        if self.previous is None:
            with pytest.raises(InputError):
                switch.rollback(self.device.slots)
        else:
            switch.rollback(self.device.slots)
            self.current, self.previous = self.previous, self.current

    @rule(
        name=st.sampled_from((*slot_cuts.NAMES, None)),
        at=st.integers(1, 14),
        fault=st.sampled_from(["killed", "torn", "lost", "full", "read-only", "gone", "ctrl-c"]),
        which=st.integers(0, 2**32),
    )
    def cut(self, name, at, fault, which):
        from power_cuts import run
        from power_model import Disk, lay, tree

        before = tree(self.device.disk)
        if name is None:
            action, after = (
                lambda: switch.rollback(self.device.slots),
                (self.previous, self.current),
            )
        else:
            action, after = (lambda: self.device.install(name)), self.after(name)
        ran = run(action, self.device.disk, before, at, "killed" if fault == "lost" else fault)
        if fault == "lost":
            states = [*Disk(before, ran.steps).after_cut()]
            lay(self.device.disk, states[which % len(states)])
        found = self.device.current()
        if found != self.current:
            assert found == after[0]
            assert found is not None
            self.current, self.previous = after

    @invariant()
    def it_scores(self):
        assert self.device.current() == self.current
        found = [state for state in self.device.slots.status() if not state.problem]
        assert len(found) >= (self.current is not None) + (self.previous is not None)


@pytest.fixture(scope="module", autouse=True)
def _made(made):
    AnySequence.made = made


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=15, stateful_step_count=10, deadline=None)
