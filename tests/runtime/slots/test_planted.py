"""What somebody else has put into the root: names, records and links."""

from __future__ import annotations

import os

import pytest

from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.signatures.check import SignatureError
from kd_edge_runtime.slots import durable, slots
from kd_edge_runtime.system.open_folders import warn_of_open_root


def test_names_that_no_switch_gives_are_passed_over(device, root):
    device.install("first")
    for name in (f"slot{'9' * 150}.kdz", f"slot{'9' * 150}.ok", "slot٣.kdz", "slot.kdz"):
        (root / name).touch()
    assert device.install("second")
    assert device.current() == "second"
    assert (root / "slot2.ok").is_file()


def test_a_record_that_names_a_file_elsewhere_is_none(device, root, tmp_path):
    device.install("first")
    outside = tmp_path / "outside.kdz"
    outside.write_bytes(device.bundles["second"].read_bytes())
    name = os.path.relpath(outside, root)
    (root / "slot7.ok").write_bytes(slots.record(7, name, durable.sha256_of(outside)))
    assert device.current() == "first"


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_planted_links_are_not_followed(device, root, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    root.mkdir(parents=True)
    (root / "probe.json").symlink_to(victim)
    device.install("first")
    assert device.current() == "first"
    assert victim.read_text() == "precious"
    (root / "lock").unlink()
    (root / "lock").symlink_to(tmp_path / "made")
    with pytest.raises(InputError, match="there is a link in the place of a file"):
        device.install("second")
    assert not (tmp_path / "made").exists()
    assert device.current() == "first"


@pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")
def test_pipes_and_links_in_the_place_of_slots_are_passed_over(device, root, tmp_path):
    device.install("first")
    outside = tmp_path / "outside.kdz"
    outside.write_bytes(device.bundles["second"].read_bytes())
    line = slots.record(7, "slot7.kdz", durable.sha256_of(outside))
    (root / "slot7.ok").write_bytes(line)
    (root / "slot7.kdz").symlink_to(outside)
    (root / "elsewhere").write_bytes(slots.record(8, "slot8.kdz", "0" * 64))
    (root / "slot8.ok").symlink_to("elsewhere")
    os.mkfifo(root / "slot9.ok")
    (root / "slot10.ok").write_bytes(slots.record(10, "slot10.kdz", "0" * 64))
    os.mkfifo(root / "slot10.kdz")
    (root / "probe.json").unlink(missing_ok=True)
    os.mkfifo(root / "probe.json")
    assert device.current() == "first"
    assert device.install("second")
    assert device.current() == "second"


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_nobody_else_can_hold_the_lock(device, root):
    before = os.umask(0)
    try:
        device.install("first")
    finally:
        os.umask(before)
    assert (root / "lock").stat().st_mode & 0o007 == 0


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_root_that_anybody_may_write_into_is_warned_of(tmp_path, capfd):
    tmp_path.chmod(0o755)
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    warn_of_open_root(root)
    assert capfd.readouterr().err == ""
    root.chmod(0o1777)  # others can add a bundle, if not replace one
    cli.main(["status", "--root", str(root)], standalone_mode=False)
    assert f"Warning: anybody may write into '{root}'" in capfd.readouterr().err
    root.chmod(0o755)
    tmp_path.chmod(0o777)
    warn_of_open_root(root)
    assert f"'{tmp_path}'" in capfd.readouterr().err
    tmp_path.chmod(0o1777)
    warn_of_open_root(root)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("name", ["", "allowed_signers", "revoked_keys"])
def test_a_list_that_anybody_may_change_allows_nobody(device, root, name):
    device.install("first")
    for file in ("allowed_signers", "revoked_keys"):
        (root / file).touch(mode=0o644)
    (root / name).chmod((root / name).stat().st_mode | 0o002)
    with pytest.raises(SignatureError, match="anybody may write into"):
        device.current()
