"""Scoring goes on with the bundle before, where the current one is damaged."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest

import bundles_made
import seconds_made
from kd_edge_runtime.backends import probe
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.installed import open_installed
from kd_edge_runtime.slots.slots import Slots
from slot_cuts import TEXTS, damage
from wrong_bundles import with_wrong_rows


def test_a_current_bundle_whose_members_are_damaged_gives_way_to_the_one_before(device, root):
    device.install("first")
    device.install("second")
    damage(root / "slot2.kdz")
    told = []
    with open_installed(root, warn=told.append) as scorer:
        assert scorer.bundle.path == root / "slot1.kdz"
        assert (
            tuple(one.probabilities for one in scorer.score_many(TEXTS)) == (device.scores["first"])
        )
    assert len(told) == 1
    assert "slot2.kdz: 'items/0/bag.int8'" in told[0]
    with pytest.warns(UserWarning, match="installed before"):
        open_installed(root).bundle.close()
    damage(root / "slot1.kdz")
    with pytest.raises(BundleError, match=r"slot2\.kdz"):
        open_installed(root)


def test_any_damaged_item_of_several_is_noticed_before_the_first_is_scored(root, tmp_path):
    made = tmp_path / "two.kdz"
    bundles_made.write(made, bundles_made.two_items())
    slots = Slots(root)
    switch.install(slots, made)
    bundles_made.write(made, [bundles_made.item("spoon", seed=3), bundles_made.item()])
    switch.install(slots, made)
    current = root / "slot2.kdz"
    with zipfile.ZipFile(current) as archive:
        at = archive.getinfo("items/1/bag.int8").header_offset + 100
    data = bytearray(current.read_bytes())
    data[at] ^= 1
    current.write_bytes(data)
    told = []
    with open_installed(root, warn=told.append) as scorer:
        assert scorer.bundle.path == root / "slot1.kdz"
        assert "items/1/bag.int8" in told[0]
    # What is not scored may be damaged.
    with open_installed(root, item_id="spoon", warn=told.append) as scorer:
        assert scorer.bundle.path == current
    assert len(told) == 1


def test_a_second_student_is_tried_when_it_is_installed(tmp_path, monkeypatch):
    """Later starts need no child process to know that it works."""
    bundle, slots = tmp_path / "two.kdz", Slots(tmp_path / "root")
    bundles_made.write(bundle, [seconds_made.item(below=1.0)])
    switch.install(slots, bundle)
    monkeypatch.setattr(probe, "in_child", lambda *_, **__: pytest.fail("tried again"))
    with open_installed(slots.root) as scorer:
        scorer.score("The ice melts.")
        assert scorer.second() == ("onnx", "")
    with open_installed(slots.root, first_only=True) as scorer:
        assert not scorer.second().backend


def test_one_that_does_not_run_is_installed_all_the_same(tmp_path):
    bundle, slots = tmp_path / "two.kdz", Slots(tmp_path / "root")
    item = seconds_made.item(below=1.0)
    wrong = with_wrong_rows(item.second.parts, "onnx-int8", (1,))
    wrong = with_wrong_rows(wrong, "onnx-fp32", (1,))
    bundles_made.write(bundle, [replace(item, second=replace(item.second, parts=wrong))])
    assert switch.install(slots, bundle)
    with open_installed(slots.root) as scorer:
        assert scorer.score("The ice melts.").predicted in bundles_made.SCORES
        assert "golden rows differ" in scorer.second().why
