"""Two students of an item: who scores what, what both say, and where there is only one."""

from __future__ import annotations

import random
import sys
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
import seconds_made
from kd_edge_runtime import backends, flags
from kd_edge_runtime.backends import with_onnx
from kd_edge_runtime.backends.cascade import together
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.errors import BackendError
from kd_edge_runtime.scorer import Scorer, decide, expectation
from kd_edge_runtime.students.item import LoadedItem

POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]
BELOW, WEIGHT, TEMPERATURE, REVIEW = 0.6, 0.75, 0.8, 0.9


def some_texts(number=60, seed=3):
    rng = random.Random(seed)
    made = [" ".join(rng.choices(POOL, k=rng.randint(1, 40))) for _ in range(number)]
    return [*made, "", "?!", "Größe 日本語 🙂", "\ud800 half", *bundles_made.SENTENCES]


TEXTS = some_texts()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("cascade") / "item.kdz"
    limited = replace(bundles_made.item(), flags=Flags(review=0.3, longest=35))
    made = seconds_made.item(BELOW, WEIGHT, TEMPERATURE, REVIEW, limited)
    bundles_made.write(path, [made, bundles_made.two_items()[1]])
    return path


@pytest.fixture
def lacking(monkeypatch):
    """Hides the packages of the second student."""
    for name in ("onnxruntime", "tokenizers"):
        monkeypatch.setitem(sys.modules, name, None)
    installed = backends.is_installed
    monkeypatch.setattr(
        backends,
        "is_installed",
        lambda name: name not in ("onnxruntime", "tokenizers") and installed(name),
    )


def expected(path, texts):
    """What FORMAT.md says, computed step by step."""
    with Scorer.open(path, "plain", first_only=True, review_below=0) as scorer:
        firsts = scorer.score_many(texts, "stove")
        entry = scorer.bundle.manifest.item("stove")
        second = with_onnx.load(LoadedItem(scorer.bundle, of_second(entry)), "onnx-int8")
        for text, one in zip(texts, firsts, strict=True):
            if one.confidence >= BELOW:
                shares = one.probabilities
            else:
                (other,) = second.probabilities([text])
                mixed = [
                    ((1 - WEIGHT) * a + WEIGHT * b) ** (1 / TEMPERATURE)
                    for a, b in zip(one.probabilities, other, strict=True)
                ]
                shares = [share / sum(mixed) for share in mixed]
            at = decide(shares, entry.worth, entry.decision)
            flag = one.flag or (flags.REVIEW if shares[at] < REVIEW else "")
            yield entry.classes[at], expectation(entry.worth)(shares), flag, shares


@pytest.mark.parametrize("backend", ["auto", "core", "plain", "numpy", "tflite", "onnx"])
def test_the_second_is_asked_where_the_first_is_not_sure(path, backend):
    lacking = () if backend == "auto" else backends.missing(backend)
    if lacking:
        pytest.skip(f"the backend {backend} needs {' and '.join(lacking)}")
    with Scorer.open(path, backend) as scorer:
        found = scorer.score_many(TEXTS, "stove")
        assert scorer.second("stove") == ("onnx", "")
        if backend != "auto":
            assert scorer.backend("stove") == backend
    wanted = list(expected(path, TEXTS))
    assert [(one.predicted, one.flag) for one in found] == [(one[0], one[2]) for one in wanted]
    for one, (_, mean, _, shares) in zip(found, wanted, strict=True):
        assert one.expected == pytest.approx(mean, abs=1e-6)
        assert one.probabilities == pytest.approx(shares, abs=1e-6)
        assert one.confidence == one.probabilities[int(one.predicted)]
    assert {one.flag for one in found} == {"", "empty", "long", "review"}


def test_some_are_asked_and_some_are_not(path):
    with Scorer.open(path, first_only=True) as first, Scorer.open(path) as both:
        alone = first.score_many(TEXTS, "stove")
        found = both.score_many(TEXTS, "stove")
    asked = [one.confidence < BELOW for one in alone]
    assert 5 < sum(asked) < len(TEXTS) - 5
    changed = [a.probabilities != b.probabilities for a, b in zip(alone, found, strict=True)]
    assert changed == asked


def test_a_score_does_not_depend_on_the_others(path):
    with Scorer.open(path) as scorer:
        together_ = scorer.score_many(TEXTS, "stove")
        assert scorer.score_many(TEXTS, "stove", threads=4) == together_
        assert scorer.score_many(TEXTS[::-1], "stove")[::-1] == together_
        assert [scorer.score(text, "stove") for text in TEXTS] == together_
    with Scorer.open(path, threads=3) as scorer:
        assert scorer.score_many(TEXTS, "stove") == together_


def test_another_item_has_no_second(path):
    with Scorer.open(path) as scorer:
        assert scorer.second("spoon") is None
        assert scorer.score("The ice melts.", "spoon").predicted in bundles_made.WORDS


def test_another_limit_of_review(path):
    with Scorer.open(path, review_below=0.97) as scorer:
        for one in scorer.score_many(TEXTS, "stove"):
            if one.flag in ("", flags.REVIEW):
                assert (one.flag == flags.REVIEW) == (one.confidence < 0.97)
    with Scorer.open(path, review_below=0) as scorer:
        assert flags.REVIEW not in {one.flag for one in scorer.score_many(TEXTS, "stove")}


@pytest.mark.usefixtures("lacking")
def test_without_its_packages_the_first_scores_alone(path):
    with Scorer.open(path) as both, Scorer.open(path, first_only=True) as first:
        assert both.score_many(TEXTS, "stove") == first.score_many(TEXTS, "stove")
        backend, why = both.second("stove")
        assert not backend
        assert "needs" in why
        assert "onnxruntime" in why
        assert "pip install" in why
        assert first.second("stove") == ("", "it is switched off")


def changed(path, target, name, data):
    """A bundle in which one of the second's members has other bytes, and the hash of these."""
    import hashlib
    import json

    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        raw = json.loads(old.read("manifest.json"))
        member = f"items/0/second/{name}"
        entry = raw["members"][member]
        entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
        for one in old.namelist():
            content = json.dumps(raw).encode() if one == "manifest.json" else old.read(one)
            new.writestr(one, data if one == member else content)
    return target


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("int8.onnx", b"not a graph", "write the bundle anew"),
        ("tokenizer.json", b"{}", "the bundle's tokenizer cannot be loaded"),
        ("golden.json", b"[]", "does not contain valid golden rows"),
    ],
)
def test_one_that_does_not_load_leaves_the_first_alone(path, tmp_path, name, data, why):
    other = changed(path, tmp_path / "other.kdz", name, data)
    if name == "int8.onnx":
        other = changed(other, tmp_path / "third.kdz", "fp32.onnx", data)
    with Scorer.open(other) as both, Scorer.open(path, first_only=True) as first:
        # Also where the failure comes in the middle of a batch.
        assert both.score_many(TEXTS, "stove") == first.score_many(TEXTS, "stove")
        state = both.second("stove")
        assert not state.backend
        assert why in state.why


def test_one_that_does_not_score_as_it_did(path, tmp_path):
    with Bundle(path) as bundle:
        golden = bundle.read("items/0/second/golden.json").decode()
    wrong = golden.replace('"tolerance": 0.0001', '"tolerance": 1e-12').encode()
    other = changed(path, tmp_path / "other.kdz", "golden.json", wrong)
    with Scorer.open(other) as scorer:
        state = scorer.second("stove")
        assert not state.backend
        assert "golden rows differ" in state.why


def test_a_first_that_does_not_load_is_an_error(path, monkeypatch):
    monkeypatch.setattr(backends, "is_installed", lambda _: False)
    with Scorer.open(path, "onnx") as scorer, pytest.raises(BackendError):
        scorer.score("ice", "stove")


def test_it_is_loaded_only_when_it_is_needed(path):
    with Scorer.open(path, first_only=True) as first:
        scores = first.score_many(TEXTS, "stove")
        sure = [text for text, one in zip(TEXTS, scores, strict=True) if one.confidence >= BELOW]
    with Scorer.open(path) as scorer:
        scorer.score_many(sure, "stove")
        assert scorer.cascades["stove"].state is None
        scorer.score_many(TEXTS, "stove")
        assert scorer.cascades["stove"].state == ("onnx", "")


def test_a_closed_scorer_scores_on_once_the_second_is_loaded(path):
    with Scorer.open(path) as scorer:
        scorer.second("stove")
    assert len(scorer.score_many(TEXTS, "stove")) == len(TEXTS)


def test_rich_text_goes_to_both_as_what_it_shows(tmp_path):
    one = bundles_made.item()
    rich = replace(one, text={**one.text, "rules": 101, "markup": 1})
    for name, first in (("plain.kdz", one), ("rich.kdz", rich)):
        bundles_made.write(tmp_path / name, [seconds_made.item(below=1.0, first=first)])
    with Scorer.open(tmp_path / "plain.kdz") as plain, Scorer.open(tmp_path / "rich.kdz") as other:
        assert other.score_many(["<p>The <b>ice</b> melts.</p>"]) == plain.score_many(
            ["The ice melts."]
        )


SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=6)


@given(st.data(), SHARES, st.floats(0, 1), st.floats(0.01, 100))
def test_what_both_say_is_a_distribution(data, first, weight, temperature):
    second = data.draw(st.lists(st.floats(0, 1), min_size=len(first), max_size=len(first)))
    first, second = (
        [share / sum(one) for share in one] if sum(one) > 1e-6 else None for one in (first, second)
    )
    if first is None or second is None:
        return
    found = together(first, second, weight, temperature)
    assert sum(found) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found)


def test_weights_of_nothing_and_of_all():
    first, second = (0.2, 0.5, 0.3), (0.7, 0.1, 0.2)
    assert together(first, second, 0, 1) == pytest.approx(first)
    assert together(first, second, 1, 1) == pytest.approx(second)
    assert together(first, second, 1, 0.5) == pytest.approx((0.49 / 0.54, 0.01 / 0.54, 0.04 / 0.54))
