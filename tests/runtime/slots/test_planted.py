"""What somebody else has put into the root: names, records and links."""

from __future__ import annotations

import os

import pytest

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.slots import durable, slots


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
