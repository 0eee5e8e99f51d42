"""The manifest: every field there and of the right type, or an error that names it."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.bundle.manifest import (
    DECISIONS,
    OLDEST_PROTOCOL,
    PROTOCOL,
    Flags,
    Manifest,
)
from kd_edge_runtime.errors import BundleError, InputError
from wrong_bundles import refused


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manifest")
    return bundles_made.write(folder / "two.kdz", bundles_made.two_items())


@pytest.fixture
def raw(manifest):
    return json.loads(manifest.to_json())


def test_there_and_back(manifest):
    again = Manifest.from_json(manifest.to_json())
    assert again == manifest
    assert again.to_json() == manifest.to_json()


def test_decisions_are_the_formats():
    assert DECISIONS == ("most-probable", "nearest-expected")


WHOLE = ("protocol", "created", "created_by", "items", "members", "card", "provenance")
ITEM = (
    "item_id",
    "student",
    "classes",
    "values",
    "decision",
    "parameters",
    "text",
    "forms",
    "vectorizer",
    "golden",
)
WRONG = (None, True, 1.5, [1.5], {"a": 1.5})


def wrong_for(value):
    kinds = {dict: 4, list: 3}
    right = kinds.get(type(value))
    return [one for at, one in enumerate((*WRONG[:3], [1.5], {"a": 1.5})) if at != right]


@pytest.mark.parametrize("name", WHOLE)
def test_each_field_of_the_whole(raw, name):
    for wrong in wrong_for(raw[name]):
        refused({**raw, name: wrong}, "no protocol number" if name == "protocol" else f"'{name}'")
    del raw[name]
    refused(raw, "no protocol number" if name == "protocol" else f"'{name}' is missing")


@pytest.mark.parametrize("name", ITEM)
def test_each_field_of_an_item(raw, name):
    for wrong in wrong_for(raw["items"][1][name]):
        changed = deepcopy(raw)
        changed["items"][1][name] = wrong
        refused(changed, f"item 2: '{name}' is missing or not of type")
    del raw["items"][1][name]
    refused(raw, f"item 2: '{name}' is missing")


@pytest.mark.parametrize("name", ["bytes", "sha256"])
def test_each_field_of_a_member(raw, name):
    for wrong in (None, True, 1.5, [], {}):
        changed = deepcopy(raw)
        changed["members"]["card.md"][name] = wrong
        refused(changed, f"'card.md': '{name}' is missing or not of type")
    del raw["members"]["card.md"][name]
    refused(raw, f"'card.md': '{name}' is missing")


@pytest.mark.parametrize("character", ["\x1b", "\n", "\x7f", "\x9b", "\t"])
def test_no_name_holds_a_control_character(raw, character):
    for name in ("item_id", "student", "decision", "part_of", "vectorizer"):
        changed = deepcopy(raw)
        changed["items"][0][name] = f"a{character}b"
        refused(changed, "item 1: a name holds a control character")
    for name, wrong in (("classes", [character, *"123"]), ("forms", {character: "a"})):
        changed = deepcopy(raw)
        changed["items"][0][name] = wrong
        refused(changed, "item 1: a name holds a control character")
    refused({**raw, "created": character}, "a name holds a control character")
    changed = deepcopy(raw)
    changed["members"][f"a{character}"] = changed["members"]["card.md"]
    refused(changed, "members: a name holds a control character")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("classes", ["0", "1", "2", 3]),
        ("classes", ["0", "1", "2", None]),
        ("values", [0, 1, 2, "3"]),
        ("values", [0, 1, 2, True]),
        ("values", [0, 1, 2, 3.0]),
        ("forms", {"plain-int8": 1}),
        ("forms", {"plain-int8": ["items/0/bag.int8"]}),
        ("forms", {"plain-int8": {}}),
        ("forms", {"plain-int8": None}),
    ],
)
def test_what_lists_and_maps_hold(raw, name, wrong):
    raw["items"][0][name] = wrong
    refused(raw, f"item 1: '{name}' has a value not of type")


def test_versions_are_strings(raw):
    refused({**raw, "created_by": {"kd-edge": 1}}, "'created_by' has a value not of type str")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"items": []}, "no items"),
        ({"items": [None]}, "item 1 is not an object"),
        ({"members": {"card.md": 3}}, "member 'card.md' is not an object"),
        ({"format": "zip"}, "is not from a kd-edge bundle"),
        ({"format": None}, "is not from a kd-edge bundle"),
        ({"card": "other.md"}, "the card names the member 'other.md'"),
        ({"protocol": "1"}, "no protocol number"),
        ({"protocol": 0}, "there is no protocol 0"),
        ({"protocol": -1}, "there is no protocol -1"),
    ],
)
def test_the_whole_must_fit(raw, change, why):
    refused({**raw, **change}, why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"item_id": "spoon"}, "listed twice"),
        ({"classes": ["0"]}, "fewer than two classes"),
        ({"classes": ["0", "1", "2", "2"]}, "listed twice"),
        ({"values": [0, 1, 2]}, "the number of values differs from the number of classes"),
        ({"values": [0, 1, 2, 3, 4]}, "the number of values differs from the number of classes"),
        ({"decision": "by coin"}, "unknown decision 'by coin'"),
        ({"forms": {}}, "there is no form of the network"),
        ({"forms": {"plain-int8": "x"}}, "item 'stove' names the member 'x'"),
        ({"vectorizer": "x"}, "names the member 'x', which the bundle does not list"),
        ({"golden": "x"}, "names the member 'x', which the bundle does not list"),
    ],
)
def test_an_item_must_fit(raw, change, why):
    raw["items"][0].update(change)
    refused(raw, why)


@pytest.mark.parametrize(
    "member",
    [
        {"bytes": -1, "sha256": "0" * 64},
        {"bytes": 1, "sha256": "0" * 63},
        {"bytes": 1, "sha256": ""},
    ],
)
def test_a_member_needs_a_size_and_a_hash(raw, member):
    raw["members"]["card.md"] = member
    refused(raw, "member 'card.md': bytes or sha256 is not valid")


def test_a_newer_protocol_says_what_to_do(raw):
    assert OLDEST_PROTOCOL <= PROTOCOL
    for protocol in (PROTOCOL + 1, 10**30):
        # Whatever else a newer protocol holds: the number is looked at first.
        newer = {"format": raw["format"], "protocol": protocol, "items": "new"}
        refused(newer, f"protocol {protocol}, and this.*update kd-edge-runtime on this device")


def test_fields_of_later_versions_are_ignored(raw, manifest):
    raw["new"] = {"a": 1}
    raw["items"][0]["new"] = 1
    raw["members"]["card.md"]["new"] = 1
    assert Manifest.from_json(json.dumps(raw)) == manifest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '"kd-edge-bundle"',
        "[" * 200_000,
        '{"a":' * 200_000,
        "NaN",
        "1" * 10_000,
        "\ufeff{}",
    ],
)
def test_garbage(text):
    with pytest.raises(BundleError, match=r"^manifest\.json is not"):
        Manifest.from_json(text)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have(manifest, constant):
    text = manifest.to_json().replace('"made_by": "tests"', f'"loss": {constant}')
    assert constant in text
    with pytest.raises(BundleError, match="not valid JSON"):
        Manifest.from_json(text)


def test_half_a_surrogate_pair_is_no_text(raw):
    raw["items"][0]["item_id"] = "\ud800"
    refused(raw, "is not valid JSON")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.text() | json_values.map(json.dumps))
@settings(max_examples=200)
def test_any_json_is_refused(text):
    with pytest.raises(BundleError):
        Manifest.from_json(text)


@given(st.data(), json_values)
@settings(max_examples=300)
def test_any_value_anywhere_is_read_or_refused(manifest, data, value):
    raw = json.loads(manifest.to_json())
    place = raw
    while True:
        at = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else [*range(len(place))])
        )
        if not isinstance(place[at], dict | list) or not place[at] or data.draw(st.booleans()):
            break
        place = place[at]
    place[at] = value
    try:
        Manifest.from_json(json.dumps(raw))
    except BundleError:
        return


def test_an_item_by_its_name(manifest, tmp_path):
    assert manifest.item("spoon").classes == bundles_made.WORDS
    with pytest.raises(InputError, match=r"2 items \('stove', 'spoon'\): name one of"):
        manifest.item()
    with pytest.raises(InputError, match=r"no item 'x': it has 2 items \('stove', 'spoon'\)"):
        manifest.item("x")
    one = bundles_made.write(tmp_path / "one.kdz")
    assert one.item().item_id == one.item("stove").item_id == "stove"
    with pytest.raises(InputError, match=r"it has 1 item \('stove'\)"):
        one.item("x")


def test_many_items_are_not_all_named(raw):
    first = raw["items"][0]
    raw["items"] = [{**first, "item_id": f"i{number}"} for number in range(12)]
    with pytest.raises(InputError, match=r"12 items .*'i9' and 2 more"):
        Manifest.from_json(json.dumps(raw)).item()


FLAGS = {
    "review": 0.55,
    "longest": 120,
    "distinct": 1.25,
    "known": [3.5, -6.25, 4.75],
    "prompt": [3, 65535],
}


def test_flags_there_and_back(raw):
    assert Manifest.from_json(json.dumps(raw)).items[0].flags == Flags()
    raw["items"][0]["flags"] = FLAGS
    again = Manifest.from_json(json.dumps(raw))
    assert again.items[0].flags == Flags(0.55, 120, 1.25, (3.5, -6.25, 4.75), (3, 65535))
    assert again.items[1].flags == Flags()
    assert Manifest.from_json(again.to_json()) == again
    assert json.loads(again.to_json())["items"][0]["flags"] == FLAGS


def test_flags_of_an_older_bundle(raw):
    for item in raw["items"]:
        del item["flags"]
    assert {item.flags for item in Manifest.from_json(json.dumps(raw)).items} == {Flags()}
    for name in FLAGS:
        raw["items"][0]["flags"] = {name: FLAGS[name], "invented later": None}
        (flags, _) = (item.flags for item in Manifest.from_json(json.dumps(raw)).items)
        assert getattr(flags, name) == getattr(
            Flags(0.55, 120, 1.25, (3.5, -6.25, 4.75), (3, 65535)), name
        )
        assert [field for field in FLAGS if getattr(flags, field)] == [name]


def test_a_whole_number_is_a_number(raw):
    raw["items"][0]["flags"] = {"review": 1, "distinct": 2, "known": [4, -6, 5]}
    assert Manifest.from_json(json.dumps(raw)).items[0].flags.known == (4, -6, 5)


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (None, "item 1, flags is not an object"),
        ([], "item 1, flags is not an object"),
        ({"review": "0.5"}, "'review' is missing or not of type float"),
        ({"review": None}, "'review' is missing or not of type float"),
        ({"review": True}, "'review' is missing or not of type float"),
        ({"longest": 1.5}, "'longest' is missing or not of type int"),
        ({"distinct": []}, "'distinct' is missing or not of type float"),
        ({"known": 3.5}, "'known' is missing or not of type list"),
        ({"known": [1.0, "2", 3.0]}, "'known' has a value not of type float"),
        ({"known": [1.0, 2.0]}, "'known' needs three numbers"),
        ({"prompt": [1.5]}, "'prompt' has a value not of type int"),
        ({"prompt": [True]}, "'prompt' has a value not of type int"),
        ({"review": 10**400}, "a number is too large"),
        ({"longest": 10**10}, "a number is too large"),
        ({"longest": 10**400}, "'longest' holds a number of more than 53 bits"),
        ({"prompt": [1, 1 << 53]}, "'prompt' holds a number of more than 53 bits"),
        ({"known": [1.0, -(10**10), 1.0]}, "a number is too large"),
    ],
)
def test_flags_must_fit(raw, flags, why):
    raw["items"][0]["flags"] = flags
    refused(raw, why)


def test_flags_beyond_floats(raw):
    text = json.dumps(raw).replace('"review": 0.0', '"review": 1e999')
    with pytest.raises(BundleError, match="a number is too large"):
        Manifest.from_json(text)


def test_points_are_optional_and_take_the_place_of_values(raw):
    assert "points" not in raw["items"][0]
    whole = Manifest.from_json(json.dumps(raw)).items[0]
    assert (whole.points, whole.worth) == ((), whole.values)
    raw["items"][0]["points"] = [0, 0.5, 1, 3]
    manifest = Manifest.from_json(json.dumps(raw))
    assert manifest.items[0].worth == (0, 0.5, 1, 3)
    assert Manifest.from_json(manifest.to_json()) == manifest
    raw["items"][0]["points"] = [4.0, 1.7, 1.3, 1.0]
    assert Manifest.from_json(json.dumps(raw)).items[0].worth == (4.0, 1.7, 1.3, 1.0)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([0, 0.5, 1], "3 points for 4 classes"),
        ([0, 0.5, 0.5, 1], "neither rise nor fall"),
        ([0, 1, 0.5, 2], "neither rise nor fall"),
        ([0, 1, 2, 10**400], "a thousand million"),
        ([0, 1, 2, "3"], "'points' has a value not of type float"),
        ([0, 1, 2, True], "'points' has a value not of type float"),
        (None, "'points' is missing or not of type list"),
        ({}, "'points' is missing or not of type list"),
    ],
)
def test_points_that_cannot_be(raw, points, why):
    raw["items"][0]["points"] = points
    refused(raw, why)


@pytest.mark.parametrize("name", ["values", "parameters"])
@pytest.mark.parametrize("number", [2**53, -(2**53), 10**400])
def test_numbers_of_more_than_53_bits(raw, name, number):
    entry = raw["items"][0]
    entry[name] = [number, *entry[name][1:]] if name == "values" else number
    refused(raw, "more than 53 bits")


def test_more_classes_and_items_than_anybody_has(raw):
    entry = raw["items"][0]
    entry["classes"] = [str(at) for at in range(1001)]
    entry["values"] = [*range(1001)]
    refused(raw, "more than 1000 classes")
    entry["classes"].pop()
    entry["values"].pop()
    Manifest.from_json(json.dumps(raw))
    raw["items"] = [{**raw["items"][1], "item_id": str(at)} for at in range(2001)]
    refused(raw, "more than 2000 items")
