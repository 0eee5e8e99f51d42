"""Golden rows: neutral inputs, and the outputs that devices must give."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_export.golden import TOLERANCE, golden_inputs, golden_json
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.rules import words

PROMPT = "What melts the ice? Say why.\n\nUse what you know about heat!"


def test_the_inputs_are_always_the_same():
    assert golden_inputs([PROMPT]) == golden_inputs([PROMPT])
    assert golden_inputs([PROMPT], 1) != golden_inputs([PROMPT], 2)
    assert len(golden_inputs([])) == len(set(golden_inputs([]))) == 20


def test_the_prompts_sentences_are_among_them():
    inputs = golden_inputs([PROMPT, "", "  \n "])
    for sentence in ("What melts the ice?", "Say why.", "Use what you know about heat!"):
        assert sentence in inputs
    assert all(inputs[1:])


def test_they_hold_what_is_hard():
    inputs = golden_inputs([])
    assert "" in inputs
    assert any(len(word) > 40 for text in inputs for word in words(text))
    assert max(len(words(text)) for text in inputs) > 60
    assert any(not text.isascii() for text in inputs)


def test_a_long_rubric_is_cut():
    rubric = " ".join(f"Point {number} is here." for number in range(100))
    inputs = golden_inputs([rubric])
    assert len(inputs) == 20 + 24
    assert "Point 23 is here." in inputs
    assert "Point 24 is here." not in inputs


def test_no_text_twice():
    inputs = golden_inputs(["No", "No\nNo", "I do not know."])
    assert len(set(inputs)) == len(inputs)


def test_the_generated_are_of_the_given_words():
    given = set(" ".join([*golden_inputs([])[:12], PROMPT]).split())
    for text in golden_inputs([PROMPT])[-8:]:
        assert set(text.split()) <= given
        assert 5 <= len(text.split()) <= 120


def test_the_member():
    data = golden_json(["größe", ""], {"plain-int8": [[0.25, 0.75], [1 / 3, 2 / 3]]})
    assert json.loads(data) == {
        "tolerance": 1e-4,
        "inputs": ["größe", ""],
        "outputs": {"plain-int8": [[0.25, 0.75], [0.3333333, 0.6666667]]},
    }
    assert "größe".encode() in data
    assert TOLERANCE == 1e-4
    assert golden_json(bundles_made.SENTENCES, {}) == golden_json(bundles_made.SENTENCES, {})


# What a device reads, and whether it does as well.


def entry(classes=4):
    parts = bundles_made.item()
    named = parts.entry({"plain-int8": "bag.int8"}, "vocabulary.bin", "golden.json")
    return replace(named, classes=parts.classes[:classes])


def read(data, classes=4):
    """The golden rows in these bytes, of an item with so many classes."""
    bundle = SimpleNamespace(read={"golden.json": data}.__getitem__)
    return golden.read(LoadedItem(bundle, entry(classes)))


GOOD = {
    "tolerance": 1e-4,
    "inputs": ["größe", ""],
    "outputs": {"plain-int8": [[0.25, 0.5, 0, 0.25], [1, 0, 0, 0.0]], "new-int2": [[0.25] * 4] * 2},
}


def encoded(content):
    return json.dumps(content).encode()


def test_what_is_written_is_read():
    rows = [[0.25, 0.75], [1 / 3, 2 / 3]]
    data = golden_json(["größe", ""], {"plain-int8": rows})
    assert read(data, 2) == golden.Golden(
        1e-4, ("größe", ""), {"plain-int8": [[0.25, 0.75], [0.3333333, 0.6666667]]}
    )
    assert read(encoded(GOOD)) == golden.Golden(1e-4, ("größe", ""), GOOD["outputs"])


def test_a_form_may_have_a_tolerance_of_its_own():
    """As the last bit of a float may decide between two integers."""
    rows = [[0.25, 0.25, 0.25, 0.25]] * 2
    outputs = {"plain-int8": rows, "onnx-int8": rows}
    data = golden_json(["größe", ""], outputs, {"onnx-int8": 0.02})
    whole = json.loads(data)
    assert whole["tolerance"] == 0.02  # what an older reader allows
    assert whole["tolerances"] == {"plain-int8": TOLERANCE, "onnx-int8": 0.02}
    off = [[0.26, 0.24, 0.25, 0.25]] * 2
    found = {
        form: golden.compare(entry(), "any", form, read(data), off) for form in whole["tolerances"]
    }
    assert found["onnx-int8"].error is None
    assert found["onnx-int8"].tolerance == 0.02
    assert found["plain-int8"].differing == (1, 2)
    assert "1e-04 is allowed" in str(found["plain-int8"].error)


@pytest.mark.parametrize(
    "change",
    [
        {"tolerance": None},
        {"tolerance": 0},
        {"tolerance": -1e-4},
        {"tolerance": 1},
        {"tolerance": True},
        {"tolerance": "0.0001"},
        {"tolerance": math.nan},
        {"tolerance": math.inf},
        {"tolerance": 10**400},
        {"tolerances": {"a": 0}},
        {"tolerances": {"a": "0.1"}},
        {"tolerances": [0.1]},
        {"inputs": None},
        {"inputs": []},
        {"inputs": [], "outputs": {"a": []}},
        {"inputs": "ab"},
        {"inputs": {"a": 1, "b": 2}},
        {"inputs": ["a", 1]},
        {"inputs": ["a"]},
        {"inputs": ["a", "b", "c"]},
        {"outputs": None},
        {"outputs": [["plain-int8", [[0.25] * 4] * 2]]},
        {"outputs": {"a": None}},
        {"outputs": {"a": []}},
        {"outputs": {"a": "ab"}},
        {"outputs": {"a": ["abcd", "abcd"]}},
        {"outputs": {"a": [dict.fromkeys("abcd", 0.25)] * 2}},
        {"outputs": {"a": {"abcd": 1, "efgh": 1}}},
        {"outputs": {"a": [[0.25] * 4]}},
        {"outputs": {"a": [[0.25] * 4, [0.25] * 3]}},
        {"outputs": {"a": [[0.25] * 4, [0.25] * 5]}},
        {"outputs": {"a": [[0.25] * 4, 1]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, None]]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, "0.25"]]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, True]]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, math.nan]]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, -1e-9]]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, 1.000001]]}},
        {"outputs": {"a": [[0.25] * 4, [0.25, 0.25, 0.25, 10**400]]}},
    ],
    ids=lambda change: repr(change)[:60],
)
def test_what_are_no_golden_rows(change):
    with pytest.raises(BundleError, match=r"^'golden\.json' does not contain valid golden rows$"):
        read(encoded({**GOOD, **change}))


@pytest.mark.parametrize("name", GOOD)
def test_a_part_that_is_missing(name):
    with pytest.raises(BundleError):
        read(encoded({key: value for key, value in GOOD.items() if key != name}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        json.dumps(GOOD).encode("utf-16"),
        "\ufeff".encode() + encoded(GOOD),
        b"[" * 100_000,
        b'{"tolerance": 1' + b"0" * 5000 + b"}",
    ],
    ids=range(9),
)
def test_what_is_no_json(data):
    with pytest.raises(BundleError):
        read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@st.composite
def damaged(draw):
    """`GOOD` with one of its values, at any depth, replaced, dropped or doubled."""
    content = copy.deepcopy(GOOD)
    place = content
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = draw(st.sampled_from(keys))
        if not (isinstance(place[key], (dict, list)) and place[key] and draw(st.booleans())):
            break
        place = place[key]
    what = draw(st.sampled_from(["other", "gone", "twice"]))
    if what == "gone":
        del place[key]
    elif what == "twice" and isinstance(place, list):
        place.insert(key, place[key])
    else:
        place[key] = draw(JSON)
    return content


@given(damaged())
def test_whatever_is_read_is_golden(content):
    try:
        found = read(encoded(content))
    except BundleError:
        return
    assert 0 < found.tolerance < 1
    assert found.inputs
    assert all(isinstance(text, str) for text in found.inputs)
    for rows in found.outputs.values():
        assert [len(row) for row in rows] == [4] * len(found.inputs)
        assert all(0 <= share <= 1 and share is not True for row in rows for share in row)


@given(st.binary(max_size=40) | JSON.map(encoded))
def test_other_bytes_are_refused(data):
    with pytest.raises(BundleError):
        read(data)


@pytest.mark.parametrize(
    ("found", "greatest"),
    [
        ((0.25, 0.75), 0.0),
        ((0.5, 0.5), 0.25),
        ((math.nan, 0.75), 1.0),
        ((0.25, math.nan), 1.0),
        ((math.inf, 0.75), 1.0),
        ((5.0, 0.75), 1.0),
        ((0.25,), 1.0),
        ((0.25, 0.75, 0.0), 1.0),
        ((), 1.0),
    ],
)
def test_what_is_no_probability_differs_by_1(found, greatest):
    assert golden._difference(found, (0.25, 0.75)) == greatest
