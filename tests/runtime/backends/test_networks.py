"""Questions that share a network: it is tried and loaded once, and every question still scored."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import bundles_made
import cross_made
import seconds_made
from kd_edge_export.golden import golden_json
from kd_edge_export.parity import Memory, form_outputs
from kd_edge_runtime import backends
from kd_edge_runtime.backends import networks, probe, token_ids, verify_child, with_onnx
from kd_edge_runtime.backends.cascade import try_seconds, unused
from kd_edge_runtime.backends.verify import verify
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import second_students
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem

NUMBER = 4  # questions
TEXTS = bundles_made.SENTENCES[:5]

# The real package, of which a process may load one graph only.
ONE_GRAPH = """
import os, sys
sys.path.pop(0)
del sys.modules["onnxruntime"]
import onnxruntime
class InferenceSession(onnxruntime.InferenceSession):
    made = 0
    def __init__(self, *given, **named):
        InferenceSession.made += 1
        if InferenceSession.made > 1:
            os.kill(os.getpid(), 9)
        super().__init__(*given, **named)
onnxruntime.InferenceSession = InferenceSession
"""


@pytest.fixture(scope="module")
def made():
    """Questions whose first student is never sure."""
    return cross_made.many(NUMBER, below=1.0)


@pytest.fixture(scope="module")
def path(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "many.kdz"
    bundles_made.write(path, made)
    return path


@pytest.fixture(scope="module")
def transformer():
    """A question with a network of its own."""
    return seconds_made.item(below=1.0)


@pytest.fixture
def counted(monkeypatch):
    """How often something was started or loaded, by name."""
    counts = dict.fromkeys(("child", "session", "tokenizer"), 0)

    def count(module, name, what):
        real = getattr(module, name)

        def noted(*given, **named):
            counts[what] += 1
            return real(*given, **named)

        monkeypatch.setattr(module, name, noted)

    count(probe, "in_child", "child")
    count(with_onnx, "_network", "session")
    count(token_ids, "_read", "tokenizer")
    return counts


def wrong_golden(item):
    """The item with golden rows of its second student that nothing reproduces."""
    parts = item.second.parts
    rows = json.loads(parts.golden)
    golden = golden_json(
        rows["inputs"], {form: [row[::-1] for row in out] for form, out in rows["outputs"].items()}
    )
    return replace(item, second=replace(item.second, parts=replace(parts, golden=golden)))


def seconds(bundle):
    return [LoadedItem(bundle, entry) for entry in second_students(bundle.manifest.items)]


def test_all_questions_take_one_child_one_session_and_one_tokenizer(path, made, counted, tmp_path):
    with Scorer.open(path) as scorer:
        found = [scorer.score_many(TEXTS, item.item_id) for item in made]
        assert {scorer.second(item.item_id) for item in made} == {("onnx", "")}
    assert counted == {"child": 1, "session": 1, "tokenizer": 1}
    # Each is scored as in a bundle of its own, beside its own reference answers.
    bundles_made.write(tmp_path / "one.kdz", made[-1:])
    with Scorer.open(tmp_path / "one.kdz") as scorer:
        assert scorer.score_many(TEXTS) == found[-1]
    assert len({tuple(scores) for scores in found}) == NUMBER


def test_another_network_or_tokenizer_is_tried_by_itself(made, transformer, counted, tmp_path):
    tokenizer = made[1].second.parts.vectorizer[1] + b" "
    other = replace(made[1].second.parts, vectorizer=("tokenizer.json", tokenizer))
    items = [
        *(made[0], made[2]),
        replace(made[1], second=replace(made[1].second, parts=other)),
        transformer,
    ]
    bundles_made.write(tmp_path / "some.kdz", items)
    with Scorer.open(tmp_path / "some.kdz") as scorer:
        states = [scorer.second(item.item_id) for item in items]
    assert [state.backend for state in states] == ["onnx", "onnx", "", "onnx"]
    assert "was exported for another vectorizer" in states[2].why
    # The third is refused in its child; the last has another network, and the same tokenizer.
    assert counted == {"child": 3, "session": 2, "tokenizer": 1}


@pytest.mark.parametrize("wrong", [0, NUMBER - 1])
def test_the_first_question_speaks_for_all_whichever_is_asked_first(made, tmp_path, wrong):
    """So that processes that share a table agree on what is in use."""
    items = [wrong_golden(item) if at == wrong else item for at, item in enumerate(made)]
    bundles_made.write(tmp_path / "wrong.kdz", items)
    with Scorer.open(tmp_path / "wrong.kdz") as scorer:
        used = {scorer.second(item.item_id).backend for item in items[::-1]}
    assert used == ({""} if wrong == 0 else {"onnx"})


def test_every_golden_row_is_looked_at_where_a_device_is_checked(made, counted, tmp_path):
    """One question that is wrong here takes the network from all, now and later."""
    items = [*made[:2], wrong_golden(made[2]), made[3]]
    cache = tmp_path / "probes"
    bundles_made.write(tmp_path / "wrong.kdz", items)
    with Bundle(tmp_path / "wrong.kdz") as bundle:
        states = try_seconds(seconds(bundle), cache)
        errors = [one.error for one in verify(bundle) if "second" in one.item_id]
    assert [state.backend for state in states] == [""] * NUMBER
    for state in states:
        assert state.why.startswith("no backend runs")
        assert "item 'Q2 (second)', onnx-int8 on onnx: 23 of 23 golden rows differ" in state.why
    assert [bool(error) for error in errors] == [False, False, True, False]
    counted["child"] = 0
    with Scorer.open(tmp_path / "wrong.kdz", cache=cache) as scorer:
        assert {scorer.second(item.item_id).backend for item in items} == {""}
    assert counted["child"] == 0


def with_text(item, **changed):
    """The item whose second student's `text` says something else."""
    parts = item.second.parts
    other = replace(parts, text={**parts.text, **changed})
    return replace(item, second=replace(item.second, parts=other))


# What one question may have though the network is sound, and what has to be said of it.
OF_ONE = {
    "beyond": (
        {"tokens": 10**6, "references": [[5000]], "weights": [1]},
        "a token is none of the 67 that its graph knows",
    ),
    "empty": ({"references": [[], []], "weights": []}, "'references' has a value that is no list"),
}


@pytest.mark.parametrize("what", OF_ONE)
def test_what_is_damaged_of_one_question_takes_the_network_from_no_other(made, tmp_path, what):
    changed, why = OF_ONE[what]
    items = [*made[:2], with_text(made[2], **changed), made[3]]
    bundles_made.write(tmp_path / "damaged.kdz", items)
    with Bundle(tmp_path / "damaged.kdz") as bundle:
        checked = try_seconds(seconds(bundle), None)
    with Scorer.open(tmp_path / "damaged.kdz") as both:
        first = Scorer(both.bundle, first_only=True)
        assert both.score_many(TEXTS, "Q2") == first.score_many(TEXTS, "Q2")
        assert both.score_many(TEXTS, "Q3") != first.score_many(TEXTS, "Q3")
        scored = [both.second(item.item_id) for item in items]
    for states in (checked, scored):
        assert [state.backend for state in states] == ["onnx", "onnx", "", "onnx"], states
        assert why in states[2].why
    assert [*unused({"Q2": scored[2], "Q7": scored[2], "Q3": scored[3], "Q4": None})] == [
        ("'Q2', 'Q7'", scored[2].why)
    ]


def test_a_check_of_all_takes_two_children(path, counted, monkeypatch, tmp_path):
    (tmp_path / "packages" / "onnxruntime").mkdir(parents=True)
    (tmp_path / "packages" / "onnxruntime" / "__init__.py").write_text(ONE_GRAPH)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    children = []
    real = verify_child.in_child
    monkeypatch.setattr(
        verify_child,
        "in_child",
        lambda *given, **named: children.append(1) or real(*given, **named),
    )
    with Bundle(path) as bundle:
        assert {state.backend for state in try_seconds(seconds(bundle), None)} == {"onnx"}
    assert (counted["child"], len(children)) == (1, 1)


def test_a_package_that_kills_is_tried_once_for_all(path, made, counted, monkeypatch, tmp_path):
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text("import os; os.kill(os.getpid(), 4)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    with Scorer.open(path) as both, Scorer.open(path, first_only=True) as first:
        for item in made:
            assert both.score_many(TEXTS, item.item_id) == first.score_many(TEXTS, item.item_id)
            assert "dies (SIGILL)" in both.second(item.item_id).why
    assert counted == {"child": 1, "session": 0, "tokenizer": 0}


def test_which_items_share_a_network(made, tmp_path):
    bundles_made.write(tmp_path / "some.kdz", [*made[:2], seconds_made.item(), *made[2:]])
    with Bundle(tmp_path / "some.kdz") as bundle:
        firsts = [networks.first_of(item).entry.item_id for item in seconds(bundle)]
        assert firsts == [f"{name} (second)" for name in ("Q0", "Q0", "stove", "Q0", "Q0")]
        # The questions of a `pairs` are members of their own.
        pairs = LoadedItem(bundle, bundle.manifest.items[1])
        assert networks.first_of(pairs) == pairs
        assert backends.forms(pairs.entry, "onnx") == ("onnx-int8",)


def test_the_exports_parity_loads_what_items_share_once(made, counted):
    memory = Memory()
    for item in made:
        found = form_outputs(item.second.parts, TEXTS, memory)
        assert found["onnx-int8"].shape == (len(TEXTS), len(cross_made.CLASSES))
        assert np.array_equal(
            found["onnx-int8"], form_outputs(item.second.parts, TEXTS)["onnx-int8"]
        )
        memory.next_item()
        assert len(memory._before) == 2, "no more is held than of two items"
    assert counted == {"child": 0, "session": 1 + NUMBER, "tokenizer": 1 + NUMBER}
