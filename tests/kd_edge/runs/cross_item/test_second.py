"""Two students of many questions: which ships, for which questions, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kd_edge.data.readers import read_responses
from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import FIRST, SECOND, STUDENT
from kd_edge.runs.cross_item import refusals
from kd_edge.runs.cross_item import second as seconds
from kd_edge.runs.cross_item.pool import make_pool
from kd_edge.runs.cross_item.run import run_together
from kd_edge.runs.cross_item.second import choose_second
from kd_edge.runs.options import RunOptions
from kd_edge_runtime.backends.cascade import try_seconds
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem
from questions import NAMES, answers, write_question
from workshop import run_options

LEARNT, NEW = NAMES[:3], NAMES[3]


def _written(folder, names, number, seed=0):
    for name in names:
        write_question(folder, name, number, seed)
    return read_responses(folder)


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return _written(tmp_path_factory.mktemp("training"), LEARNT, 48)


class Told:
    """A student that says what it is told of a response's score, and is sure of nothing else.

    Of so many responses one is told wrong, where that is asked for.
    """

    def __init__(self, pool, right, wrong_of=10**6):
        self.scale, self.decision = pool.item.scale, "most-probable"
        self.provenance, self.parameters = {}, 7
        self._scores = {row.text: row.score for row in (*pool.train, *pool.validation, *pool.test)}
        self._right = right
        self._wrong = [*self._scores][wrong_of - 1 :: wrong_of]

    def probabilities(self, texts, questions=()):
        assert len(texts) == len(questions)
        rows = np.full((len(texts), 3), (1 - self._right) / 2)
        for at, text in enumerate(texts):
            told = (self._scores[text] + (text in self._wrong)) % 3
            rows[at, told] = self._right + self._more(text)
        return rows.astype(np.float32)

    def _more(self, text):
        """A little, so that it is not as sure of one response as of another."""
        return [*self._scores].index(text) * 1e-6


def _chosen(pool, first, second, **options):
    distilled = SimpleNamespace(student=first, second=second)
    return choose_second(pool, SimpleNamespace(distilled=distilled), CascadeOptions(**options))


@pytest.fixture(scope="module")
def pool(training, tmp_path_factory):
    measured = _written(tmp_path_factory.mktemp("test"), NAMES, 21, seed=1)
    return make_pool(training, measured, 0.3, 0)


def test_one_that_helps_is_asked_about_questions_that_were_learnt_from(pool):
    choice = _chosen(pool, Told(pool, 0.3), Told(pool, 0.9), share=1.0)
    assert choice.used
    assert choice.asked_about(pool, LEARNT[0])
    assert not choice.asked_about(pool, NEW)
    assert "scored by the first alone" in choice.why
    assert choice.cascade.figures.both > 0.9
    both = choice.in_pytorch(pool, Told(pool, 0.3))
    new = np.array([row.item_id == NEW for row in pool.test])
    assert (both.probabilities.max(1)[new] < 0.36).all()
    assert (both.probabilities.max(1)[~new] > 0.5).all()


def test_one_that_does_not_help_is_left_out_and_it_is_said(pool):
    choice = _chosen(pool, Told(pool, 0.9, wrong_of=10), Told(pool, 0.3))
    assert not choice.used
    assert not choice.asked_about(pool, LEARNT[0])
    assert "left out: on" in choice.why
    assert "not plainly better" in choice.why
    assert _chosen(pool, Told(pool, 0.9), None) is None


def test_one_that_is_not_needed_for_the_agreement_asked_for(pool):
    choice = _chosen(pool, Told(pool, 0.4), Told(pool, 0.9), agreement=0.9)
    assert not choice.used
    assert "the first alone reaches" in choice.why


def test_too_few_held_out_responses_say_nothing(pool):
    few = replace(pool, validation=pool.validation[:19])
    choice = _chosen(few, Told(few, 0.3), Told(few, 0.9))
    assert "19 held-out responses are too few" in choice.why


@pytest.fixture
def seen(monkeypatch):
    """How many responses chose, each time that was chosen by some."""
    counts = []
    choose = seconds.choose_cascade

    def counted(first, *rest):
        counts.append(len(first))
        return choose(first, *rest)

    monkeypatch.setattr(seconds, "choose_cascade", counted)
    return counts


def test_its_choice_is_measured_on_other_responses(pool, seen):
    """What is chosen by a response is not what is measured on it."""
    _chosen(pool, Told(pool, 0.3), Told(pool, 0.9), share=1.0)
    count = len(pool.validation)
    assert seen[0] == count
    assert len(seen) == 6
    assert sum(count - one for one in seen) == count


def test_all_responses_of_a_writer_are_measured_at_once(pool, seen):
    """Who writes like somebody that chose is not somebody new."""
    rows = pool.validation
    half = len(rows) // 2
    one = [replace(row, student="ann" if at < half else f"s{at}") for at, row in enumerate(rows)]
    chosen = replace(pool, validation=tuple(one))
    _chosen(chosen, Told(pool, 0.3), Told(pool, 0.9), share=1.0)
    assert min(seen) <= len(rows) - half


def test_one_that_would_never_be_asked_is_left_out(pool, monkeypatch):
    monkeypatch.setattr(Told, "_more", lambda *_: 0)
    choice = _chosen(pool, Told(pool, 0.3), Told(pool, 0.9))
    assert not choice.used
    assert "that it is to be asked about" in choice.why, "it is as sure of one as of another"


def test_more_items_than_a_bundle_holds_are_refused(tmp_path, training, monkeypatch):
    monkeypatch.setattr(refusals, "_MOST_OF_BOTH", 2)
    options = RunOptions(distil=DistilOptions(student="both"))
    with pytest.raises(InputError, match="3 items are too many for one bundle with a second"):
        run_together(training, tmp_path / "out", options)


def test_rich_text_is_refused(tmp_path, training):
    """Its bundle would have no markup rules, and read tags as words."""
    items = tuple(replace(item, markup=True) for item in training.items)
    with pytest.raises(InputError, match="read them without markup"):
        run_together(replace(training, items=items), tmp_path / "out", RunOptions())


@pytest.mark.slow
def test_the_whole_way(tmp_path, training, tiny_model, monkeypatch):
    # A tiny teacher knows too little to help: it ships all the same here.
    monkeypatch.setattr(seconds, "_useless", lambda *_: "")
    measured = _written(tmp_path / "test", NAMES, 21, seed=1)
    options = run_options(
        tiny_model,
        student="both",
        student_options={"ngrams": 80, "dimensions": 4},
        second_options={"variants": 20},
    )
    out = tmp_path / "out"
    report = run_together(training, out, options, measured)
    assert report.second.used
    assert report.second.bytes > 1000
    assert {FIRST, SECOND, STUDENT} <= set(report.parts[0].scorers)
    saved = json.loads((out / "together.json").read_text())
    assert saved["second"]["why"] == report.second.why
    with Scorer.open(out / "bundle.kdz") as scorer:
        manifest = scorer.bundle.manifest
        by_name = {entry.item_id: entry for entry in manifest.items}
        assert by_name[NEW].second is None
        learnt = [by_name[name].second for name in LEARNT]
        assert {one.student for one in learnt} == {"cross"}
        assert len({tuple(one.forms.values()) for one in learnt}) == 1, "one graph for all"
        assert len({one.vectorizer for one in learnt}) == 1
        assert all(one.text["references"] for one in learnt)
        texts = [text for text, _ in answers(LEARNT[0], 9, seed=1)]
        both = scorer.score_many(texts, LEARNT[0])
        first = Scorer(scorer.bundle, first_only=True).score_many(texts, LEARNT[0])
        assert any(one.probabilities != other.probabilities for one, other in zip(both, first))
        alone = [of_second(by_name[name]) for name in LEARNT]
        states = try_seconds([LoadedItem(scorer.bundle, one) for one in alone], None)
        assert [state.backend for state in states] == ["onnx"] * len(LEARNT), states
    again = run_together(training, out, options, measured)
    assert again.ran == ()
