from __future__ import annotations

import gc

import pytest

import bundles_made
from kd_edge_runtime.backends import shared
from kd_edge_runtime.backends.shared import again, member_key, next_round, once
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.item import LoadedItem


class Members:
    def read(self, name):
        return name.encode()


def test_a_value_is_made_once_for_a_bundle():
    one, other, made = Members(), Members(), []

    def make():
        made.append(1)
        return len(made)

    assert [once(one, "a", make), once(one, "a", make), once(one, "b", make)] == [1, 1, 2]
    assert once(other, "a", make) == 3
    again(one, "a", 7)
    assert once(one, "a", make) == 7


def test_nothing_is_a_value_too():
    members = Members()
    assert once(members, "a", lambda: None) is None
    assert once(members, "a", lambda: pytest.fail("made twice")) is None


def test_an_error_is_not_kept():
    members = Members()

    def damaged():
        raise BundleError("damaged")

    with pytest.raises(BundleError):
        once(members, "a", damaged)
    assert once(members, "a", lambda: 1) == 1


def test_what_two_rounds_did_not_ask_for_is_forgotten():
    members = Members()
    for at in range(5):
        once(members, "all", lambda: "all")
        once(members, at, str)
        next_round(members)
        made = shared._made[members]
        assert {**made.before, **made.now} == {"all": "all", at: ""}
    next_round(members)
    assert once(members, "all", lambda: "another") == "another"


def test_nothing_outlives_its_bundle():
    gc.collect()
    before = len(shared._made)
    members = Members()
    once(members, "a", lambda: 1)
    assert len(shared._made) == before + 1
    del members
    gc.collect()
    assert len(shared._made) == before


def test_members_with_the_same_bytes(tmp_path):
    twice = bundles_made.two_items()
    bundles_made.write(tmp_path / "a.kdz", twice)
    with Bundle(tmp_path / "a.kdz") as bundle:
        items = [LoadedItem(bundle, entry) for entry in bundle.manifest.items]
        keys = [member_key(item, item.entry.vectorizer) for item in items]
        assert keys[0] == keys[1]  # both know the same n-grams
        forms = [member_key(item, item.entry.forms["plain-int8"]) for item in items]
        assert forms[0] != forms[1]
    assert member_key(LoadedItem(Members(), items[0].entry), "x.onnx") == "x.onnx"
