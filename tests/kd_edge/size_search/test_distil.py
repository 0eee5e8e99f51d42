"""Bags of several sizes, and the most accurate that fits."""

from __future__ import annotations

import pytest

from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.distillation.train import Training
from kd_edge.size_search.distil import distil_to_size
from kd_edge.size_search.search import SHAPES, Search
from kd_edge.size_search.tried import Limits, TooSmallError
from kd_edge_runtime.errors import InputError
from workshop import certain, item_of

ITEM = item_of(120)
ROWS, HELD_OUT = ITEM.rows[:90], ITEM.rows[90:]
LABELS = certain(ITEM.rows, 3)
OPTIONS = DistilOptions(epochs=3, teacher_share=1.0)


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
    with pytest.raises(InputError, match="only a bag"):
        to_size(4_400, tmp_path / "other", DistilOptions(student="rnn"))
