"""No power cut and no refusing disk loses a device; and the harness that says so can see."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

if not hasattr(os, "fork"):
    pytest.skip("processes are forked to be killed", allow_module_level=True)

import slot_cuts
from kd_edge_runtime.files import atomic_write, plain_write_errors
from kd_edge_runtime.slots.durable import make_folder, sync_folder, write_new
from power_cuts import Cuts, cut_points, fast_folder, run
from power_model import Disk, Step, lay, tree
from power_steps import REFUSALS


@pytest.mark.parametrize("name", slot_cuts.SCENARIOS)
def test_no_cut_loses_a_device(name):
    cuts = slot_cuts.counts([name])[name]
    # Each file written and synced, each folder synced, each leftover deleted.
    assert cuts.steps >= 6
    assert cuts.killed == cuts.steps
    assert cuts.torn >= 1
    assert cuts.lost > 5 * cuts.steps
    assert cuts.refused > 4 * cuts.steps
    assert cuts.distinct > cuts.steps


# The harness itself, on a file that has to hold "old" or "new" whatever happens.


@pytest.fixture
def disk():
    with fast_folder() as folder:
        lay(folder / "disk", {"file": b"old, long", "beside": b"1"})
        yield folder / "disk"


def old_or_new(disk):
    def check(finished):
        found = (disk / "file").read_bytes()
        assert found in ((b"new, longer",) if finished else (b"old, long", b"new, longer"))
        assert (disk / "beside").read_bytes() == b"1"

    return check


def atomically(disk):
    """The usual way, which is right on a file system with a journal."""
    with plain_write_errors(disk):
        with atomic_write(disk / "file", binary=True) as file:
            file.write(b"new, ")
            file.write(b"longer")
        sync_folder(disk)


def test_what_is_safe_is_found_safe(disk):
    before = tree(disk)
    cuts = cut_points(lambda: atomically(disk), disk, old_or_new(disk), fat=False)
    # create, mode, write, fsync, rename, fsync
    assert (cuts.steps, cuts.killed, cuts.torn) == (6, 6, 1)
    # 6 with all but "full" where no room is needed
    assert cuts.refused == 6 * len(REFUSALS) - 3
    assert cuts.lost == 5 * (2 + 2 + 1 + 2 + 2 + 4 + 1)
    assert tree(disk) == before
    assert cuts + cuts == Cuts(12, 12, 2, 2 * cuts.lost, 2 * cuts.refused, 2 * cuts.distinct)


def test_a_rename_is_not_safe_on_fat(disk):
    with pytest.raises(AssertionError, match="power lost before step 6, fsync"):
        cut_points(lambda: atomically(disk), disk, old_or_new(disk))


def in_place(disk):
    with plain_write_errors(disk), (disk / "file").open("r+b") as file:
        file.write(b"new, longer")
        file.flush()
        os.fsync(file.fileno())


def truncated(disk):
    with plain_write_errors(disk):
        (disk / "file").write_bytes(b"new, longer")


def renamed(disk, sync_file, sync_names):
    with plain_write_errors(disk):
        number = os.open(disk / "other", os.O_WRONLY | os.O_CREAT)
        os.write(number, b"new, longer")
        if sync_file:
            os.fsync(number)
        os.close(number)
        (disk / "other").replace(disk / "file")
        if sync_names:
            sync_folder(disk)


def deleted_first(disk):
    with plain_write_errors(disk):
        (disk / "file").unlink()
        write_new(disk / "file", [b"new, longer"])


def copied(disk):
    with plain_write_errors(disk):
        (disk / "beside").write_bytes(b"1")
        shutil.copyfile(disk / "beside", disk / "file")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (in_place, "torn in step 1, write file, 11 bytes at 0"),
        (truncated, "power lost after the action"),
        (lambda disk: renamed(disk, False, True), "power lost after the action"),
        (lambda disk: renamed(disk, True, False), "power lost after the action"),
        (deleted_first, "killed before step 2, create file"),
        (copied, "after the action"),
    ],
)
def test_what_is_not_safe_is_found(disk, action, told):
    before = tree(disk)
    with pytest.raises(AssertionError, match=told):
        cut_points(lambda: action(disk), disk, old_or_new(disk), fat=False)
    assert tree(disk) == before


@pytest.mark.parametrize(
    ("way", "least"),
    [
        *[("text", 4), ("numbers", 3), ("copies", 3)],
        *[("folders", 9), ("temporary", 3), ("raw", 3)],
    ],
)
def test_each_way_to_write_is_seen(disk, way, least):
    def write():
        if way == "text":
            with (disk / "text").open("w") as file:
                file.write("x" * 5000)
        elif way == "numbers":
            number = os.open(disk / "file", os.O_WRONLY | os.O_APPEND)
            os.write(number, b" and more")
            os.ftruncate(number, 3)
            os.close(number)
            os.truncate(disk / "beside", 7)
        elif way == "copies":
            shutil.copyfile(disk / "file", disk / "copy")
            (disk / "copy").rename(disk / "third")
        elif way == "folders":
            make_folder(disk / "one" / "two")
            (disk / "one" / "two" / "in").write_text("x")
            (disk / "one").rename(disk / "three")
            shutil.rmtree(disk / "three" / "two")
        elif way == "temporary":
            with tempfile.NamedTemporaryFile("w+", dir=disk, delete=False) as file:
                file.write("x")
            Path(file.name).replace(disk / "named")
        else:
            with (disk / "raw").open("ab", buffering=0) as file:
                file.write(b"raw")
            (disk / "raw").chmod(0o600)

    before = tree(disk)
    ran = run(write, disk, before)
    assert (ran.end, ran.expected) == ("done", True)
    assert Disk(before, ran.steps).seen() == tree(disk) != before
    assert len(ran.steps) >= least


def test_what_is_not_seen_is_told(disk):
    def unseen():
        subprocess.run(["touch", disk / "unseen"], check=True)

    with pytest.raises(AssertionError, match="steps that are not seen here: unseen"):
        cut_points(unseen, disk, lambda _: None)
    with pytest.raises(AssertionError, match="NotImplementedError"):
        cut_points(lambda: (disk / "link").symlink_to("file"), disk, lambda _: None)


def test_an_error_that_is_not_meant_for_users_is_told(disk):
    with pytest.raises(AssertionError, match=r"the action itself ends with ZeroDivisionError"):
        cut_points(lambda: 1 / 0, disk, lambda _: None)
    with pytest.raises(AssertionError, match=r"full from step 1 on, create a: ends with OSError"):
        cut_points(lambda: (disk / "a").touch(), disk, lambda _: None)


def test_actions_outside_the_disk_are_no_steps(disk, tmp_path):
    def outside():
        (tmp_path / "a").write_text("x")
        (tmp_path / "a").replace(tmp_path / "b")
        (disk / "file").read_bytes()

    assert cut_points(outside, disk, lambda _: None).steps == 0


# The states after a cut, by hand.


def after(before, *steps, fat=True):
    return {frozenset(state.items()) for state in Disk(before, [*steps], fat).after_cut()}


def test_what_was_written_and_not_synced():
    found = after({"a": b"12"}, Step("write", "a", data=b"3456", at=2))
    contents = {dict(state)["a"] for state in found}
    assert {b"12", b"123456", b"123", bytes(6)} < contents
    assert len(contents) == 5  # and somebody else's bytes
    synced = after({"a": b"12"}, Step("write", "a", data=b"3", at=2), Step("fsync", "a"))
    assert synced == {frozenset({("a", b"123")})}


def test_names_that_are_not_synced():
    made = Step("create", "a"), Step("fsync", "a")
    assert after({}, *made) == {frozenset(), frozenset({("a", b"")})}
    assert after({}, *made, Step("fsync", "")) == {frozenset({("a", b"")})}
    # The folder that the name is in has to be synced, not another.
    folder = ("d", None)
    in_folder = Step("create", "d/a"), Step("fsync", "d/a"), Step("fsync", "")
    assert frozenset({folder}) in after({"d": None}, *in_folder)
    assert after({"d": None}, *in_folder, Step("fsync", "d")) == {frozenset({folder, ("d/a", b"")})}
    # And its own name.
    assert frozenset() in after({}, Step("mkdir", "d"), *in_folder[:2], Step("fsync", "d"))


def test_a_rename():
    before = {"a": b"1", "b": b"2"}
    step = Step("rename", "a", "b")
    old, new = frozenset(before.items()), frozenset({("b", b"1")})
    assert after(before, step, Step("fsync", "")) == {new}
    assert after(before, step, fat=False) >= {old, new}
    lost = {frozenset({("a", b"1")}), frozenset({("a", b"1"), ("b", b"1")}), frozenset()}
    assert not lost & after(before, step, fat=False)
    assert lost < after(before, step)


def test_bytes_of_a_name_that_is_being_deleted_may_be_another_files():
    found = after({"a": b"1" * 40, "b": b"2" * 41}, Step("unlink", "a"))
    contents = {dict(state).get("a") for state in found}
    assert contents == {None, b"1" * 40, bytes(40), b"2" * 40}


def test_a_folder_is_renamed_with_what_is_in_it():
    before = {"d": None, "d/a": b"1"}
    moved = Step("rename", "d", "e"), Step("fsync", "")
    assert after(before, *moved) == {frozenset({("e", None), ("e/a", b"1")})}


def test_many_names():
    steps = [Step("create", str(number)) for number in range(20)]
    states = [len(dict(state)) for state in after({}, *steps)]
    assert {0, 1, 10, 19, 20} <= {*states}
    assert len(states) < 200


def test_folders_are_laid_as_they_were(tmp_path):
    content = {"a": b"1", "d": None, "d/e": None, "d/e/f": b"\0\r\n"}
    lay(tmp_path / "x", {"old": b""})
    lay(tmp_path / "x", content)
    assert tree(tmp_path / "x") == content
    assert Path(tmp_path / "x" / "d" / "e").is_dir()
