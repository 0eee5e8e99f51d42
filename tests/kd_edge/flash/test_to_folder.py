from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import flash_cuts
from flash_cuts import make_bundles, scored_with, tiny_kit
from kd_edge.flash.device.disk import Refused
from kd_edge.flash.device.kit import open_kit
from kd_edge.flash.fleet import Device
from kd_edge.flash.kit.payload import read_payload
from kd_edge.flash.parallel import ALREADY_THERE, FAILED, INSTALLED, flash
from kd_edge.flash.targets import FolderTarget
from kd_edge.flash.to_folder import current_hash, flash_folder
from kd_edge_runtime.errors import BundleError, InputError, KdEdgeError
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return make_bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def payloads(bundles):
    return {name: read_payload(path) for name, path in bundles.items()}


@pytest.fixture
def disk(tmp_path):
    """A file system with little room, which can be made read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "none", place], capture_output=True
        ).returncode
    ):
        pytest.skip("nothing may be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_bundle_is_put_into_a_folder_and_only_once(tmp_path, bundles, payloads):
    root = tmp_path / "card"
    assert flash_folder("card", root, payloads["old"], None) == len(payloads["old"].data)
    assert scored_with(root, bundles) == "old"
    before = _tree(root)
    assert flash_folder("card", root, payloads["old"], None) == 0
    assert _tree(root) == before, "nothing is written that is there"
    assert flash_folder("card", root, payloads["new"], None) > 0
    assert scored_with(root, bundles) == "new"
    assert current_hash(root) == payloads["new"].sha256
    switch.rollback(Slots(root))
    assert scored_with(root, bundles) == "old"


def test_what_is_there_is_read_and_not_believed(tmp_path, bundles, payloads):
    root = tmp_path / "card"
    flash_folder("card", root, payloads["old"], None)
    [file] = root.glob("slot*.kdz")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert current_hash(root) != payloads["old"].sha256
    assert flash_folder("card", root, payloads["old"], None) > 0
    assert scored_with(root, bundles) == "old"


def test_a_kit_is_put_beside_the_bundle_and_only_once(tmp_path, payloads):
    root = tmp_path / "stick"
    old, new = tiny_kit("old"), tiny_kit("new")
    assert flash_folder("s", root, payloads["new"], old) > len(payloads["new"].data) + old.size
    assert open_kit(root / "kit") == old.files
    assert flash_folder("s", root, payloads["new"], old) == 0
    assert flash_folder("s", root, payloads["new"], new) == new.size
    assert open_kit(root / "kit") == new.files
    for path in (root / "kit" / "kit.json", root / "install.sh"):
        path.write_bytes(path.read_bytes() + b" ")
        assert flash_folder("s", root, payloads["new"], new) > 0, "a damaged file"
        assert flash_folder("s", root, payloads["new"], new) == 0
    (root / "kit" / "stray.whl").touch()
    assert flash_folder("s", root, payloads["new"], new) == new.size
    assert flash_folder("s", root, payloads["new"], None) == 0
    assert open_kit(root / "kit") == new.files, "left alone where none is asked for"


def test_a_folder_of_another_purpose_keeps_its_files(tmp_path, payloads):
    root = tmp_path / "stick"
    (root / "kit").mkdir(parents=True)
    (root / "kit" / "drums.txt").write_text("a drum kit")
    with pytest.raises(KdEdgeError, match="did not make"):
        flash_folder("s", root, payloads["new"], tiny_kit("new"))
    assert (root / "kit" / "drums.txt").read_text() == "a drum kit"


def test_a_card_that_is_not_mounted_is_named(tmp_path, payloads):
    with pytest.raises(InputError, match=r"no folder .*is the card mounted"):
        flash_folder("card", tmp_path / "media" / "kd-edge", payloads["new"], None)
    assert not (tmp_path / "media").exists()
    (tmp_path / "file").touch()
    for place in ("file", "file/kd-edge"):
        with pytest.raises(KdEdgeError):
            flash_folder("card", tmp_path / place, payloads["new"], None)


def test_a_disk_that_gives_back_something_else_is_told(tmp_path, payloads, monkeypatch):
    root = tmp_path / "card"
    flash_folder("card", root, payloads["old"], None)

    def forgetful(_: Path) -> str:
        return "0" * 64

    with monkeypatch.context() as patch:
        patch.setattr("kd_edge.flash.to_folder.hash_uncached", forgetful)
        with pytest.raises(KdEdgeError, match="returns other data than was written"):
            flash_folder("card", root, payloads["new"], None)
    with monkeypatch.context() as patch:
        patch.setattr("kd_edge.flash.to_folder.intact", lambda _: False)
        with pytest.raises(KdEdgeError, match="returns other data than was written"):
            flash_folder("card", root, payloads["new"], tiny_kit("new"))
    with pytest.raises((Refused, OSError)):
        open_kit(root / "kit")


def test_a_full_disk_keeps_the_old_bundle(disk, bundles, payloads):
    root = disk / "kd-edge"
    flash_folder("card", root, payloads["old"], None)
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - (4 << 10)))
    with pytest.raises(KdEdgeError, match=r"room|full"):
        flash_folder("card", root, payloads["new"], None)
    assert scored_with(root, bundles) == "old"
    with filler.open("ab") as file:
        file.write(bytes(shutil.disk_usage(disk).free))
    with pytest.raises(KdEdgeError, match=r"room|full"):
        flash_folder("card", root, payloads["old"], tiny_kit("x" * (64 << 10)))
    filler.unlink()
    flash_folder("card", root, payloads["new"], tiny_kit("new"))
    assert scored_with(root, bundles) == "new"


def test_a_read_only_disk_keeps_the_old_bundle(disk, bundles, payloads):
    root = disk / "kd-edge"
    flash_folder("card", root, payloads["old"], None)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(KdEdgeError, match="read-only"):
        flash_folder("card", root, payloads["new"], None)
    assert scored_with(root, bundles) == "old"
    assert flash_folder("card", root, payloads["old"], None) == 0
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def test_a_stick_pulled_out_meanwhile_is_told(tmp_path, bundles, payloads, monkeypatch):
    """Its mount point takes the files then: it must not pass for the stick."""
    root = tmp_path / "media" / "kd-edge"
    root.parent.mkdir()
    flash_folder("card", root, payloads["old"], None)
    install = switch.install

    def pulled(slots: Slots, source: Path, allow_older: bool) -> bool:
        root.parent.rename(tmp_path / "pulled")
        root.parent.mkdir()
        return install(slots, source, allow_older)

    monkeypatch.setattr(switch, "install", pulled)
    with pytest.raises(KdEdgeError, match="disk removed"):
        flash_folder("card", root, payloads["new"], None)
    assert scored_with(tmp_path / "pulled" / "kd-edge", bundles) == "old"


def test_no_power_cut_and_no_refusal_leaves_a_folder_or_a_runtime_in_pieces():
    counts = flash_cuts.counts()
    assert len(counts) == 4
    for name, cuts in counts.items():
        assert min(cuts.killed, cuts.torn, cuts.lost, cuts.refused) > 0, name
        assert cuts.killed == cuts.steps


def test_a_damaged_bundle_is_refused_before_anything_is_touched(tmp_path, bundles):
    broken = tmp_path / "broken.kdz"
    data = bytearray(bundles["new"].read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    with pytest.raises(BundleError):
        read_payload(broken)


# Several


def test_one_that_fails_stops_no_other(tmp_path, payloads, capsys):
    places = [tmp_path / f"card{number}" for number in range(5)]
    flash_folder("card1", places[1], payloads["new"], None)
    places[2].touch()
    devices = [Device(place.name, FolderTarget(place)) for place in places]
    outcomes = flash(payloads["new"], devices, None, jobs=3)
    assert [one.name for one in outcomes] == [place.name for place in places]
    kinds = [INSTALLED, ALREADY_THERE, FAILED, INSTALLED, INSTALLED]
    assert [one.outcome for one in outcomes] == kinds
    size, sha256 = len(payloads["new"].data), payloads["new"].sha256
    for one in outcomes:
        assert one.bytes == (size if one.outcome == INSTALLED else 0)
        assert one.sha256 == ("" if one.outcome == FAILED else sha256)
        assert bool(one.reason) == (one.outcome == FAILED)
    err = capsys.readouterr().err
    assert f"card0: {size}/{size}" in err
    assert "flashing: 5/5" in err
    places[2].unlink()
    outcomes = flash(payloads["new"], devices, None, jobs=1)
    assert [one.outcome for one in outcomes].count(ALREADY_THERE) == 4
    assert outcomes[2].outcome == INSTALLED


def test_what_is_unforeseen_at_one_stops_no_other(tmp_path, payloads, monkeypatch):
    def wrong(slots: Slots, source: Path, allow_older: bool) -> bool:
        if slots.root.name == "b":
            raise RuntimeError("a student's words")
        return install(slots, source, allow_older)

    install = switch.install
    monkeypatch.setattr(switch, "install", wrong)
    devices = [Device(name, FolderTarget(tmp_path / name)) for name in "abc"]
    outcomes = flash(payloads["new"], devices, None, jobs=2)
    assert [one.outcome for one in outcomes] == [INSTALLED, FAILED, INSTALLED]
    assert outcomes[1].reason == "an unexpected error (RuntimeError)"


def _tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_card_that_anybody_may_change_is_warned_of(tmp_path, payloads, capsys):
    root = tmp_path / "card"
    flash_folder("card", root, payloads["old"], None)
    assert "anybody" not in capsys.readouterr().err
    root.chmod(0o777)
    flash_folder("card", root, payloads["old"], None)
    assert f"Warning: anybody on this computer may write into '{root}'" in capsys.readouterr().err


def test_a_card_to_which_nothing_came_has_no_new_folder(tmp_path, payloads, monkeypatch):
    def refused(*_):
        raise KdEdgeError("it does not reproduce its golden rows")

    monkeypatch.setattr("kd_edge.flash.to_folder._put_bundle", refused)
    with pytest.raises(KdEdgeError, match="golden rows"):
        flash_folder("card", tmp_path / "card", payloads["old"], None)
    assert not (tmp_path / "card").exists()
