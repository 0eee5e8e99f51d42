"""The core against plain Python: the same words and the same scores, to the last bit."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import kd_edge_core
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_students import scores, student, text
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.explain import Explainer
from kd_edge_runtime.text import KNOWN_RULES, words_by

TESTS = Path(__file__).resolve().parents[2]
sys.path.append(str(TESTS / "conformance"))
import make_scores  # noqa: E402 - found by the line above


def core_words(rules: int, read: str) -> list[str]:
    """The words of a text, put together from their pieces."""
    found, begun = [], ""
    for piece, last in kd_edge_core.words(rules, read):
        begun += piece
        if last:
            found.append(begun)
            begun = ""
    assert begun == ""
    return found


@pytest.mark.parametrize("rules", KNOWN_RULES)
def test_words_of_the_conformance_corpus(rules):
    corpus = (TESTS / "conformance" / f"words-{rules}.jsonl").read_text(encoding="ascii")
    rows = [*map(json.loads, corpus.splitlines())]
    assert [row for row in rows if core_words(rules, row["text"]) != row["words"]] == []
    assert len(rows) > 1000


MEANT = "ab xy2 0.5,(-–!~)+*/=<>^√≠≈%−'\u0338\u00a0²⁻ⁿ½\u103a\u1037\u1000\u1039ท\u0e31เ가中\u202f"


@pytest.mark.parametrize("rules", KNOWN_RULES)
@given(st.one_of(st.text(), st.text(MEANT), st.text("0123456789.,\u00a0\u202f ", max_size=150)))
def test_words_of_any_text(rules, written):
    assert core_words(rules, written) == words_by(rules)(written)


@pytest.mark.parametrize("rules", KNOWN_RULES)
@pytest.mark.parametrize("kind", ["bag", "pairs"])
@given(st.integers(0, 1 << 40), st.lists(st.text(), max_size=5))
def test_scores_of_any_student(kind, rules, seed, written):
    rng = random.Random(seed)
    texts = [text(rng) for _ in range(20)] + written
    texts += [texts[0] * 20, texts[1] * 3, " ".join(texts)]
    item = student(rng, texts[:15], kind, rules)
    # Twice, since the core remembers words.
    ours = scores(item, 2 * texts, "core", threads=None)
    plain = scores(item, texts, "plain", threads=None)
    for at, (one, other) in enumerate(zip(ours, 2 * plain, strict=True)):
        assert one == other, (seed, at % len(texts), one, other)


@pytest.mark.parametrize("name", make_scores.FILES)
def test_the_conformance_corpus(name):
    path = TESTS / "conformance" / name
    item, rows = make_scores.read(path)
    for backend in ("core", "plain"):
        found = scores(item, [row["text"] for row in rows], backend, threads=None)
        for one, row in zip(found, rows, strict=True):
            assert (one.predicted, one.flag) == (row["predicted"], row["flag"])
            wanted = [row["expected"], row["confidence"], *row["probabilities"]]
            told = [one.expected, one.confidence, *one.probabilities]
            assert told == wanted


def test_the_corpus_is_what_its_script_writes():
    for name, how in make_scores.FILES.items():
        written = (TESTS / "conformance" / name).read_text(encoding="ascii")
        assert written == "\n".join(make_scores.lines(*how)) + "\n"
    sizes = [path.stat().st_size for path in (TESTS / "conformance").glob("*s-*.jsonl")]
    assert sum(sizes) < 1_000_000


@pytest.mark.parametrize("rules", KNOWN_RULES)
def test_long_responses(rules):
    """More different words than the core counts at once, and more than lanes hold."""
    rng = random.Random(3)
    item = student(rng, [text(rng) for _ in range(20)], "bag", rules)
    for kind in ("bag", "pairs"):
        item = student(rng, [text(rng) for _ in range(20)], kind, rules)
        new = " ".join(f"word{at}" for at in range(3000))
        long = [new, f"{new} {new} {new}", "the ice melts " * 5000, "中文" * 4000, "a" * 100_000]
        ours = scores(item, long, "core", threads=None)
        plain = scores(item, long, "plain", threads=None)
        assert ours == plain


@pytest.mark.parametrize("kind", ["bag", "pairs"])
def test_threads_keep_the_order(kind):
    rng = random.Random(5)
    texts = [text(rng) for _ in range(600)]
    item = student(rng, texts[:20], kind)
    one = scores(item, texts, "core", threads=1)
    assert scores(item, texts, "core", threads=3) == one
    assert scores(item, tuple(texts), "core", threads=700) == one


@pytest.mark.parametrize("path", sorted((TESTS / "bundles").glob("*.kdz")), ids=lambda p: p.name)
def test_every_committed_bundle(path):
    rng = random.Random(1)
    texts = [text(rng) for _ in range(300)]
    with Scorer.open(path, "core") as ours, Scorer.open(path, "plain") as plain:
        for entry in ours.bundle.manifest.items:
            for one, other in zip(
                ours.score_many(texts, entry.item_id), plain.score_many(texts, entry.item_id)
            ):
                assert one == other
            assert ours.score(texts[0], entry.item_id) == ours.score_many(texts, entry.item_id)[0]


def test_explaining_adds_up_to_the_same():
    rng = random.Random(8)
    texts = [text(rng) for _ in range(60)]
    for seed in range(6):
        item = student(random.Random(seed), texts[:20])
        from kd_edge_runtime.backends import with_core

        core, plain = with_core.load(item, "plain-int8")._core, Explainer(item.bag())
        for written in texts:
            told = plain.explain(written)
            sums: dict[tuple[str, ...], list[float]] = {}
            for read, known, pushes in core.explain(written):
                if known:
                    before = sums.get((*read,), [0.0] * len(pushes))
                    sums[(*read,)] = [a + b for a, b in zip(before, pushes)]
            assert sums.pop(()) == pytest.approx(told.start, abs=1e-9)
            assert sums.keys() == {push.words for push in told.pushes}
            for push in told.pushes:
                assert sums[push.words] == pytest.approx(push.pushes, abs=1e-9)


def written(mean: float, share: float) -> str | None:
    parts = (b"<", "\u00a6".encode(), b"|", b"|", b";", b">")
    return kd_edge_core.row(parts, ("class", mean, -mean, "review", (share, -share)))


def as_python_writes(mean: float, share: float) -> str:
    return f"<{mean:.4f}\u00a6{-mean:.4f}|review|{share:.6f};{-share:.6f}>"


@given(st.floats(-3.9e6, 3.9e6), st.floats(-3.9e6, 3.9e6))
def test_numbers_are_written_as_python_does(mean, share):
    assert written(mean, share) == as_python_writes(mean, share)


@given(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7))
def test_numbers_half_way(mean, share):
    assert written(mean / 2**13, share / 2**13) == as_python_writes(mean / 2**13, share / 2**13)


def test_what_is_no_row_is_refused():
    assert written(4e6, 0.5) is written(0.5, float("nan")) is None
    assert kd_edge_core.row((b"a" * 3000, b"", b"", b""), ("class", 1.0, 0.5, "", ())) is None
    for parts, score in (
        ((b"", b"", b""), ("class", 1.0, 0.5, "", ())),
        ((b"", b"", b"", b""), ("class", 1.0, 0.5, "")),
        ((b"", b"", b"", b""), ("class", "1", 0.5, "", ())),
        ((b"", b"", b"", b""), ("class", 1.0, 0.5, None, ())),
        ((b"", b"", b"", b""), ("class", 1.0, 0.5, "", 1)),
        ((b"", "", b"", b""), ("class", 1.0, 0.5, "", ())),
    ):
        with pytest.raises((IndexError, TypeError, SystemError)):
            kd_edge_core.row(parts, score)


def test_members_that_are_not_as_they_have_to_be():
    """Whatever is wrong, it is said, and no test of a student is left out."""
    rng = random.Random(2)
    texts = [text(rng) for _ in range(20)]
    for kind in ("bag", "pairs"):
        item = student(rng, texts, kind)
        for name in ("vectorizer", "network"):
            data = item.bundle.read(name)
            item.bundle.members[name] = data[:-1]
            with pytest.raises(BundleError, match="item 'item': a "):
                scores(item, texts, "core", threads=None)
            item.bundle.members[name] = data
