"""Students of several kinds and sizes, and the most accurate that fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.distillation.cascade import Figures
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.train import Training
from kd_edge.size_search import search as search_module
from kd_edge.size_search.cost import Cost
from kd_edge.size_search.distil import distil_to_size
from kd_edge.size_search.search import SHAPES, Search
from kd_edge.size_search.trainer import Trainer
from kd_edge.size_search.tried import ALL, Limits, TooSmallError
from kd_edge.stages.record import StoppedError
from kd_edge.students.registry import BOTH, SECOND
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import certain, item_of

ITEM = item_of(120)
ROWS, HELD_OUT = ITEM.rows[:90], ITEM.rows[90:]
LABELS = certain(ITEM.rows, 3)
OPTIONS = DistilOptions(epochs=3, teacher_share=1.0)
CUT = {"longest": 40, "layers": (0,)}
EVERY = replace(OPTIONS, student=BOTH, second_options={"longest": 40})
ONE = replace(OPTIONS, student=BOTH, second_options=CUT)


def to_size(limit, work, options=OPTIONS):
    data = LearningData(ITEM, ROWS, HELD_OUT, LABELS)
    return distil_to_size(data, options, work, Search(Limits(limit), HELD_OUT))


def test_a_student_that_fits(tmp_path):
    made, sized = to_size(4_400, tmp_path / "work")
    assert sized.chosen.bytes <= 4_400 < sized.tried[0].bytes
    assert sized.student.network is made.student.network
    assert (made.student.options.dimensions, made.student.options.bits) in SHAPES
    assert made.student.text.vocabulary.size == sized.chosen.ngrams
    assert made.student.held_out == tuple(row.response_id for row in HELD_OUT)
    # the baseline differs in what it learnt from, and in nothing else
    assert made.baseline.options == made.student.options
    assert made.baseline.text.vocabulary == made.student.text.vocabulary
    assert made.baseline.provenance["weight"] == 0
    assert not (tmp_path / "work").exists()


def test_a_stopped_search_goes_on(tmp_path, monkeypatch):
    whole, _ = to_size(4_400, tmp_path / "whole")
    runs = []
    real = Training._leg

    def stopping(self, epoch, encoded, tracker):
        runs.append(epoch)
        if len(runs) == 8:
            raise KeyboardInterrupt
        return real(self, epoch, encoded, tracker)

    monkeypatch.setattr(Training, "_leg", stopping)
    with pytest.raises(Exception, match="Start the same command again"):
        to_size(4_400, tmp_path / "work")
    done = len(runs) - 1
    runs.clear()
    monkeypatch.setattr(Training, "_leg", lambda *all_: runs.append(all_[1]) or real(*all_))
    again, sized = to_size(4_400, tmp_path / "work")
    trainings = len(sized.tried) + 2  # and the largest and the smaller baseline
    assert len(runs) == 3 * trainings - done
    for name, part in whole.student.network.state_dict().items():
        assert (part == again.student.network.state_dict()[name]).all()


def test_what_fits_at_once_is_trained_once(tmp_path):
    made, sized = to_size(100_000, tmp_path / "work")
    assert len(sized.tried) == 1
    assert made.student.options.bits == 8


def test_nothing_fits(tmp_path):
    with pytest.raises(TooSmallError):
        to_size(1_000, tmp_path / "work")
    with pytest.raises(InputError, match="only bag, transformer and both"):
        to_size(4_400, tmp_path / "other", DistilOptions(student="rnn"))


@pytest.fixture(scope="module")
def teacher(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher") / "teacher"
    return untrained_teacher(folder, tiny_model, ITEM.scale.classes)


@pytest.fixture
def unmeasured(monkeypatch):
    """Bundles that are not written; two students agree best, and take a third of the time."""
    figures = Figures(30, 0.3, None, True, 0.5, 0.5, 0.6, 0.5, 0.5, 0.99, 0.1)

    def cost(item, options, _texts, _contents):
        if item.second is None:
            return Cost(10_000, 0.1 if item.student.kind == "bag" else 1.1)
        return Cost(20_000, 0.1 + options.cascade.share, figures)

    monkeypatch.setattr(search_module, "cost_of", cost)


def searched(teacher, limits, work, kinds=ALL, options=EVERY):
    data = LearningData(ITEM, ROWS, HELD_OUT, LABELS, teacher=teacher)
    return distil_to_size(data, options, work, Search(limits, HELD_OUT), kinds)


def test_every_kind_where_all_fit(teacher, tmp_path, capsys):
    made, sized = searched(teacher, Limits(8_000_000), tmp_path / "work")
    found = [(one.student, one.layers) for one in sized.tried]
    cuts = [((0,), SECOND), ((0,), BOTH), ((0, 1), SECOND), ((0, 1), BOTH)]
    assert found == [("bag", ()), *((kind, layers) for layers, kind in cuts)]
    assert all(one.fits and one.ms > 0 for one in sized.tried)
    assert sized.chosen.qwk == max(one.qwk for one in sized.tried)
    by_kind = {(one.student, one.layers): one for one in sized.tried}
    bag, cut = by_kind["bag", ()], by_kind[SECOND, (0,)]
    pair = by_kind[BOTH, (0,)]
    assert max(bag.bytes, cut.bytes) < pair.bytes < 1.1 * (bag.bytes + cut.bytes)
    assert (pair.ngrams, pair.share) == (bag.ngrams, 0.3)
    assert pair.parameters == bag.parameters + cut.parameters
    assert (cut.ngrams, cut.dimensions, cut.bits, cut.share) == (0, 0, 0, 0.0)
    assert not (tmp_path / "work").exists()
    assert (made.second is not None) == (sized.chosen.student == BOTH)
    told = capsys.readouterr().err
    assert "training transformers, by their layers: 3/3, 2 of 2: transformer of" in told


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("kind", [SECOND, BOTH])
def test_one_kind_alone(teacher, tmp_path, kind):
    options = ONE if kind == BOTH else replace(ONE, student=kind, student_options=CUT)
    made, sized = searched(teacher, Limits(8_000_000), tmp_path / "work", (), options)
    assert [(one.student, one.layers) for one in sized.tried] == [(kind, (0,))]
    assert made.baseline.kind == "bag"
    assert made.baseline.provenance["weight"] == 0
    assert made.student.kind == ("bag" if kind == BOTH else SECOND)
    assert (made.second is not None) == (kind == BOTH)
    assert (made.second or made.student).options.layers == (0,)


def test_no_transformer_is_trained_where_none_can_fit(teacher, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "transformer", lambda *_: pytest.fail("it was trained"))
    _, sized = searched(teacher, Limits(4_400), tmp_path / "work")
    assert {one.student for one in sized.tried} == {"bag"}
    assert [one.layers for one in sized.untrained] == [(0,), (0, 1)]
    monkeypatch.setattr(Training, "run", lambda *_: pytest.fail("something was trained"))
    with pytest.raises(TooSmallError, match=r"smallest takes about [\d,]+ \(transformer of"):
        searched(teacher, Limits(4_400), tmp_path / "other", (BOTH,))


@pytest.mark.usefixtures("unmeasured")
def test_a_time_that_asks_the_second_less_often(teacher, tmp_path):
    _, sized = searched(teacher, Limits(8_000_000, 0.31), tmp_path / "work", ALL, ONE)
    found = [(one.student, one.share, one.fits) for one in sized.tried]
    # 0.21 ms are left for the second, which takes 1 ms, and a tenth is to spare
    assert found == [("bag", 0.0, True), (BOTH, 0.3, False), (BOTH, 0.18, True)]
    assert sized.chosen.share == 0.18


def test_a_teacher_that_cannot_be_cut_leaves_the_bags(tmp_path, capsys):
    _, sized = searched(None, Limits(100_000), tmp_path / "work")
    assert {one.student for one in sized.tried} == {"bag"}
    assert "Only bags are tried: a transformer student is cut out" in capsys.readouterr().err
    for kinds, options in (((BOTH,), EVERY), (ALL, ONE)):  # asked for, by kind or by layers
        with pytest.raises(InputError, match="name the teacher's folder"):
            searched(None, Limits(100_000), tmp_path / "work", kinds, options)


@pytest.mark.usefixtures("unmeasured")
def test_a_stopped_search_does_not_train_a_transformer_again(teacher, tmp_path, monkeypatch):
    real = Training._leg

    def stopping(self, leg, encoded, tracker):
        if self._options.student == SECOND and len(self._options.student_options["layers"]) > 1:
            raise KeyboardInterrupt
        return real(self, leg, encoded, tracker)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_leg", stopping)
        with pytest.raises(StoppedError, match="Start the same command again"):
            searched(teacher, Limits(8_000_000), tmp_path / "work")
    trained = []
    monkeypatch.setattr(
        Training,
        "_leg",
        lambda self, *rest: trained.append(self._options.student_options) or real(self, *rest),
    )
    searched(teacher, Limits(8_000_000), tmp_path / "work")
    assert {options.get("layers") for options in trained if "layers" in options} == {(0, 1)}
