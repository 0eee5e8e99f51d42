"""An item's second student in the manifest: read whole, or refused with what is wrong."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bundles_made
import seconds_made
from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest
from kd_edge_runtime.bundle.second import (
    GREATEST_TEMPERATURE,
    LEAST_TEMPERATURE,
    of_second,
    students,
)
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.scorer import Scorer
from wrong_bundles import refused

NUMBERS = ("below", "weight", "temperature", "review")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    path = tmp_path_factory.mktemp("second") / "item.kdz"
    return bundles_made.write(path, [seconds_made.item()])


@pytest.fixture
def raw(manifest):
    return json.loads(manifest.to_json())


def test_there_and_back(manifest):
    again = Manifest.from_json(manifest.to_json())
    assert again == manifest
    assert again.to_json() == manifest.to_json()
    second = again.items[0].second
    assert (second.student, second.below, second.weight) == ("transformer", 0.6, 0.75)
    assert set(second.members) == {
        f"items/0/second/{name}"
        for name in ("tokenizer.json", "golden.json", "int8.onnx", "fp32.onnx")
    }


def test_without_one_nothing_is_written(tmp_path):
    manifest = bundles_made.write(tmp_path / "one.kdz")
    assert "second" not in manifest.to_json()
    assert students(manifest.items) == manifest.items
    assert of_second(manifest.items[0]) is None


def test_a_second_student_as_an_item(manifest):
    first, alone = students(manifest.items)
    assert isinstance(alone, ItemEntry)
    assert alone.item_id == "stove (second)"
    assert alone.second is None
    assert (alone.classes, alone.worth, alone.decision) == (
        first.classes,
        first.worth,
        first.decision,
    )
    assert alone.forms == first.second.forms
    assert not any(asdict(alone.flags).values())


WRONG = {
    **dict.fromkeys(("student", "vectorizer", "golden"), (None, True, [], 1.5, {})),
    **dict.fromkeys(NUMBERS, (None, True, [], "x", {})),
    "parameters": (None, True, [], "x", 1.5, {}),
    "text": (None, True, [], "x", 1.5),
    "forms": (None, True, [], "x", 1.5, {"onnx-int8": 1}),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_field(raw, name):
    second = raw["items"][0]["second"]
    for wrong in WRONG[name]:
        second[name] = wrong
        refused(raw, f"item 1, second: '{name}'")
    del second[name]
    refused(raw, f"item 1, second: '{name}' is missing")


@pytest.mark.parametrize("value", [None, [], "x", 0])
def test_it_is_an_object(raw, value):
    raw["items"][0]["second"] = value
    refused(raw, "item 1, second is not an object")


@pytest.mark.parametrize("name", ["below", "weight", "review"])
@pytest.mark.parametrize("value", [-1e-9, 1.0000001, -5, 2, 1e300])
def test_shares_are_shares(raw, name, value):
    raw["items"][0]["second"][name] = value
    refused(raw, f"second: '{name}' is not between 0 and 1")


@pytest.mark.parametrize("value", [0, -1, LEAST_TEMPERATURE / 2, GREATEST_TEMPERATURE * 2])
def test_a_temperature_is_one(raw, value):
    raw["items"][0]["second"]["temperature"] = value
    refused(raw, "second: 'temperature' is not between 0.01 and 100")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "-1e999"])
def test_numbers_that_are_none(manifest, name, value):
    text = manifest.to_json()
    number = json.dumps(getattr(manifest.items[0].second, name))
    start = text.index('"second"')
    text = text[:start] + text[start:].replace(f'"{name}": {number}', f'"{name}": {value}')
    with pytest.raises(BundleError):
        Manifest.from_json(text)


def test_it_needs_a_form(raw):
    raw["items"][0]["second"]["forms"] = {}
    refused(raw, "second: there is no form of the network")


@pytest.mark.parametrize("name", ["vectorizer", "golden"])
def test_its_members_are_listed(raw, name):
    raw["items"][0]["second"][name] = "elsewhere"
    refused(raw, "item 'stove', second names the member 'elsewhere'")


def test_fields_of_later_versions_are_ignored(raw, manifest):
    raw["items"][0]["second"]["mood"] = {"good": True}
    assert Manifest.from_json(json.dumps(raw)) == manifest


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), value=ANY)
def test_any_value_anywhere_is_read_or_refused(manifest, data, value):
    raw = json.loads(manifest.to_json())
    second = raw["items"][0]["second"]
    second[data.draw(st.sampled_from([*second]))] = value
    try:
        found = Manifest.from_json(json.dumps(raw, allow_nan=False)).items[0].second
    except (BundleError, ValueError):
        return
    assert 0 <= found.weight <= 1
    assert 0 <= found.below <= 1
    assert 0 <= found.review <= 1
    assert LEAST_TEMPERATURE <= found.temperature <= GREATEST_TEMPERATURE


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("student", "oracle", "(onnx-int8, onnx-fp32) of the kind 'oracle': update it"),
        ("forms", {"quantum": "items/0/second/int8.onnx"}, "runs none of its forms (quantum)"),
    ],
)
def test_what_no_reader_knows_yet_leaves_the_first_alone(tmp_path, field, value, why):
    """A kind or a form of a later version is no reason to refuse the bundle, or to stop."""
    path, changed = tmp_path / "item.kdz", tmp_path / "changed.kdz"
    bundles_made.write(path, [seconds_made.item(below=1.0)])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                raw = json.loads(data)
                raw["items"][0]["second"][field] = value
                data = json.dumps(raw).encode()
            new.writestr(name, data)
    with Scorer.open(changed) as both, Scorer.open(changed, first_only=True) as first:
        texts = [*bundles_made.SENTENCES, ""]
        assert both.score_many(texts) == first.score_many(texts)
        state = both.second()
        assert not state.backend
        assert why in state.why


def test_a_reader_that_does_not_know_it_scores_with_the_first(tmp_path):
    """To an older version, its members are listed and named nowhere."""
    path, older = tmp_path / "item.kdz", tmp_path / "older.kdz"
    bundles_made.write(path, [seconds_made.item()])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(older, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                raw = json.loads(data)
                del raw["items"][0]["second"]
                data = json.dumps(raw).encode()
            new.writestr(name, data)
    with Scorer.open(older) as scorer, Scorer.open(path, first_only=True) as first:
        assert scorer.second() is None
        assert scorer.score_many(bundles_made.SENTENCES) == first.score_many(bundles_made.SENTENCES)
