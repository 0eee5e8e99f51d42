"""Which transformers are worth training, by what they take untrained."""

from __future__ import annotations

import pytest

from kd_edge.distillation.distil import train_student
from kd_edge.distillation.examples import with_soft_labels
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.size_search.cost import Cost
from kd_edge.size_search.cuts import _TRAINED_BYTES, plan_cuts
from kd_edge.size_search.search import Search
from kd_edge.size_search.tried import SLACK, Limits, Untrained
from kd_edge.students.registry import BOTH, SECOND
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import certain, item_of

ITEM = item_of(60)
ROWS, HELD_OUT = ITEM.rows[:45], ITEM.rows[45:]
OPTIONS = DistilOptions(student=SECOND, epochs=1)
ONE = DistilOptions(student=SECOND, epochs=1, student_options={"layers": (0,)})


@pytest.fixture(scope="module")
def data(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher") / "teacher"
    teacher = untrained_teacher(folder, tiny_model, ITEM.scale.classes)
    return LearningData(ITEM, ROWS, HELD_OUT, certain(ITEM.rows, 3), None, teacher)


def plan(data, limits, options=OPTIONS, kinds=(SECOND, BOTH)):
    planned, untrained = plan_cuts(data, options, Search(limits, HELD_OUT), kinds)
    return [*planned, *untrained]


@pytest.fixture
def measured(monkeypatch):
    """What an untrained transformer takes, as if it had been measured."""
    cost = Cost(100_000, 2.0)
    monkeypatch.setattr(Search, "bundle_cost", lambda *_: cost)
    return cost


@pytest.mark.usefixtures("measured")
def test_every_number_of_layers_where_all_fit(data):
    planned = plan(data, Limits(8_000_000, 1_000))
    assert [one.layers for one in planned] == [(0,), (0, 1)]  # the teacher has two
    assert all(one.kinds == {SECOND, BOTH} for one in planned)
    assert str(planned[1]) == "transformer of layers 0, 1"


@pytest.mark.usefixtures("measured")
def test_layers_that_were_named(data):
    named = DistilOptions(student=SECOND, student_options={"layers": (1,)})
    assert [one.layers for one in plan(data, Limits(8_000_000), named)] == [(1,)]


def test_layers_that_are_not_there_are_refused_also_where_none_would_fit(data):
    named = DistilOptions(student=SECOND, student_options={"layers": (0, 7)})
    with pytest.raises(InputError, match="no layer 7: the teacher has 2 layers, 0 to 1"):
        plan(data, Limits(4_000), named)


def test_what_the_teachers_shape_excludes_is_not_even_cut(data, monkeypatch):
    monkeypatch.setattr(LearningData, "learn_text", lambda *_: pytest.fail("it was cut"))
    planned = plan(data, Limits(4_000))
    assert [type(one) for one in planned] == [Untrained, Untrained]
    assert [one.layers for one in planned] == [(0,), (0, 1)]
    assert planned[0].bytes > 4_000
    assert planned[0].ms is None


def test_the_bytes_are_those_of_a_trained_one(data, tmp_path):
    text, examples = data.learn_text(ONE), with_soft_labels(data.rows, data.labels, None)
    student = train_student(ITEM, examples, HELD_OUT, text, ONE, tmp_path, "a transformer")
    trained = Search(Limits(), HELD_OUT).measure(student).bytes
    (no,) = plan(data, Limits(1_000_000, 1e-7), ONE)
    assert isinstance(no, Untrained)
    assert no.bytes == pytest.approx(trained, rel=0.03)
    assert no.ms > 1e-7


def test_fewer_pieces_where_they_help(data, measured):
    whole = measured.bytes + _TRAINED_BYTES
    (usual,) = plan(data, Limits(whole + SLACK), ONE)
    (fewer,) = plan(data, Limits(whole), ONE)
    assert "min_responses" not in usual.options.student_options
    assert fewer.options.student_options["min_responses"] > 3
    vocabulary = [one.text.tokenizer.get_vocab_size() for one in (usual, fewer)]
    assert vocabulary[1] < vocabulary[0]
    (no,) = plan(data, Limits(50_000), ONE)
    assert isinstance(no, Untrained)
    assert 50_000 < no.bytes < whole


def test_a_time_that_only_a_share_of_the_responses_can_keep(data, measured):
    assert plan(data, Limits(ms=measured.ms), ONE)[0].kinds == {SECOND, BOTH}
    assert plan(data, Limits(ms=0.5 * measured.ms), ONE)[0].kinds == {BOTH}
    for limit, kinds in ((0.5, (SECOND,)), (0.04, (SECOND, BOTH))):
        (slow,) = plan(data, Limits(ms=limit * measured.ms), ONE, kinds)
        assert isinstance(slow, Untrained)
        assert slow.ms == measured.ms


def test_without_a_teacher():
    data = LearningData(ITEM, ROWS, HELD_OUT, certain(ITEM.rows, 3))
    with pytest.raises(InputError, match="name the teacher's folder"):
        plan(data, Limits(8_000_000))
