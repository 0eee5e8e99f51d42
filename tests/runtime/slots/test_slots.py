"""A device's slots: what is current, what is kept, and where the slots are."""

from __future__ import annotations

from pathlib import Path

import pytest

import bundles_made
from kd_edge_runtime.errors import BundleError, InputError
from kd_edge_runtime.slots import durable, slots, switch
from slot_cuts import damage, names

# What is current


def test_nothing_is_installed(device, root):
    assert device.slots.all() == device.slots.status() == []
    for action in (device.slots.open, lambda: switch.rollback(device.slots)):
        with pytest.raises(InputError, match=r"nothing is installed in '.*root'"):
            action()
    assert not root.exists()
    root.parent.mkdir(exist_ok=True)
    root.write_bytes(b"a file")
    assert device.slots.all() == []
    with pytest.raises(InputError, match=r"cannot write '.*root': there is a file"):
        device.install("first")
    assert root.read_bytes() == b"a file"


def test_a_folder_that_cannot_be_read(device, monkeypatch):
    def refused(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(InputError, match=r"root: no permission to read this f"):
        device.slots.open()


def test_the_current_and_the_previous(device, root):
    assert device.install("first")
    assert device.current() == "first"
    assert names(root) == ["lock", "slot1.kdz", "slot1.ok"]
    assert (root / "slot1.kdz").read_bytes() == device.bundles["first"].read_bytes()
    assert device.install("second")
    assert device.current() == "second"
    assert names(root) == ["lock", "slot1.kdz", "slot1.ok", "slot2.kdz", "slot2.ok"]
    assert device.install("third")
    assert device.current() == "third"
    assert names(root) == ["lock", "slot2.kdz", "slot2.ok", "slot3.kdz", "slot3.ok"]


def test_back_and_forward_again(device, root):
    device.install("first")
    with pytest.raises(InputError, match=r"root' has no intact previous bundle"):
        switch.rollback(device.slots)
    device.install("second")
    for back, record in (("first", "slot3.ok"), ("second", "slot4.ok"), ("first", "slot5.ok")):
        slot = switch.rollback(device.slots)
        assert device.current() == back
        assert slot == device.slots.all()[0]
        assert record in names(root)
        assert len(names(root)) == 5
    # What is installed now takes the place of the one that was gone back from.
    device.install("third")
    assert device.current() == "third"
    switch.rollback(device.slots)
    assert device.current() == "first"


def test_the_same_bundle_again(device, root):
    device.install("first")
    device.install("second")
    before = {path: path.stat().st_mtime_ns for path in root.iterdir()}
    assert not device.install("second")
    assert {path: path.stat().st_mtime_ns for path in root.iterdir()} == before
    # That of the other slot is installed like any.
    assert device.install("first")
    assert device.current() == "first"
    switch.rollback(device.slots)
    assert device.current() == "second"


def test_the_same_bundle_again_where_it_is_damaged(device):
    device.install("first")
    device.install("second")
    damage(device.slots.all()[0].path)
    assert device.current() == "first"
    assert device.install("second")
    assert device.current() == "second"
    switch.rollback(device.slots)
    assert device.current() == "first"


def test_status(device, root):
    device.install("first")
    device.install("second")
    current, previous = device.slots.status()
    assert current.current
    assert not previous.current
    for state, name, number in ((current, "second", 2), (previous, "first", 1)):
        assert state.items == ("stove",)
        assert state.created == bundles_made.CREATED
        assert state.bytes == device.bundles[name].stat().st_size
        assert state.sha256 == durable.sha256_of(device.bundles[name])
        assert state.file == f"slot{number}.kdz"
        assert state.problem == ""
    (root / "slot2.kdz").write_bytes((root / "slot2.kdz").read_bytes() + b"PK")
    current, previous = device.slots.status()
    assert (current.current, current.problem) == (True, "changed since it was installed")
    damage(root / "slot2.kdz")
    damaged, current = device.slots.status()
    assert (damaged.current, current.current) == (False, True)
    assert "bag.int8" in damaged.problem
    (root / "slot2.kdz").write_bytes(b"")
    damaged, current = device.slots.status()
    assert (damaged.current, current.current) == (False, True)
    assert "not a bundle, or an incomplete copy" in damaged.problem
    assert (damaged.items, damaged.created, damaged.bytes) == ((), "", 0)
    (root / "slot2.kdz").unlink()
    assert "no such file" in device.slots.status()[0].problem


def test_reading_writes_nothing_and_hashes_no_file(device, root, monkeypatch):
    device.install("first")
    before = {path: path.stat().st_mtime_ns for path in [root, *root.iterdir()]}
    (root / "lock").unlink()
    before = {path: path.stat().st_mtime_ns for path in [root, *root.iterdir()]}
    monkeypatch.setattr(durable, "sha256_of", None)
    with device.slots.open() as bundle:
        assert bundle.path == root / "slot1.kdz"
    monkeypatch.undo()
    device.slots.status()
    assert {path: path.stat().st_mtime_ns for path in [root, *root.iterdir()]} == before


# Damage


@pytest.mark.parametrize("what", ["cut", "empty", "gone"])
def test_a_newest_bundle_that_does_not_open(device, root, what):
    device.install("first")
    device.install("second")
    path = root / "slot2.kdz"
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:3000] if what == "cut" else b"")
    told = []
    with device.slots.open(told.append) as bundle:
        assert bundle.path == root / "slot1.kdz"
    assert len(told) == 1
    assert "slot2.kdz: " in told[0]
    assert told[0].endswith("using the bundle installed before, slot1.kdz")
    with pytest.raises(InputError, match="no intact previous bundle"):
        switch.rollback(device.slots)
    # The next one takes its place, and what is scored with is kept.
    assert device.install("third")
    switch.rollback(device.slots)
    assert device.current() == "first"


def test_nothing_that_opens(device, root):
    device.install("first")
    device.install("second")
    for name in ("slot1.kdz", "slot2.kdz"):
        (root / name).write_bytes(b"")
    with pytest.raises(BundleError, match=r"slot2\.kdz: not a bundle"):
        device.slots.open()
    assert device.install("first")
    assert device.current() == "first"
    assert names(root) == ["lock", "slot3.kdz", "slot3.ok"]


def test_a_damaged_previous_bundle_is_not_gone_back_to(device, root):
    device.install("first")
    device.install("second")
    damage(root / "slot1.kdz")
    with pytest.raises(InputError, match="no intact previous bundle"):
        switch.rollback(device.slots)
    assert device.current() == "second"


def test_what_is_whole_is_kept_and_not_what_is_newer(device, root):
    device.install("first")
    device.install("second")
    damage(root / "slot2.kdz")
    device.install("third")
    assert names(root) == ["lock", "slot1.kdz", "slot1.ok", "slot3.kdz", "slot3.ok"]


def test_a_record_that_is_not_whole_says_nothing(device, root):
    device.install("first")
    device.install("second")
    path = root / "slot2.ok"
    record = path.read_bytes()
    assert len(record) < 512
    torn = [record[:length] for length in range(len(record))]
    torn += [record[:at] + bytes(len(record) - at) for at in range(len(record))]
    torn += [record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :] for at in range(len(record))]
    torn += [record + record, b"\xff" * 84, b"2 slot1.kdz 0 0\n", record.replace(b" ", b"  ", 1)]
    torn += [(root / "slot1.ok").read_bytes()]  # what was in that place before
    for data in torn:
        path.write_bytes(data)
        assert [slot.number for slot in device.slots.all()] == [1]
    path.write_bytes(record)
    assert device.current() == "second"


def test_names_in_capitals_are_the_same(device, root):
    """As on a FAT card that has lost the long names."""
    device.install("first")
    for path in [*root.iterdir()]:
        path.rename(path.with_name(path.name.upper()))
    (root / "slot1.kdz").symlink_to("SLOT1.KDZ")  # FAT finds it by both names
    assert device.current() == "first"
    device.install("second")
    assert {"SLOT1.KDZ", "SLOT1.OK"} < {*names(root)}


def test_files_of_others_are_left_alone(device, root):
    others = [
        "probe.json",
        "slot.kdz",
        "slots1.kdz",
        "slot1.kdz.bak",
        "1.kdz",
        "slot1x.ok",
        "test1.ok",
    ]
    root.mkdir(parents=True)
    for name in others:
        (root / name).write_bytes(b"mine")
    for name in ("first", "second", "third"):
        device.install(name)
    assert {*others} < {*names(root)}
    assert len(names(root)) == len(others) + 5


def test_more_switches_than_digits(device, root):
    device.install("first")
    sha256 = device.slots.all()[0].sha256
    (root / "slot99999.ok").write_bytes(slots.record(99999, "slot1.kdz", sha256))
    device.install("second")
    assert device.current() == "second"
    assert "slot100000.ok" in names(root)
