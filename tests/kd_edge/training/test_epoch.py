"""An epoch's figures on the held-out rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kd_edge.data.scale import Scale
from kd_edge.training.epoch import epoch_figures

FOUND = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.6, 0.4, 0.0]])


def test_the_figures_of_an_epoch():
    figures = epoch_figures(3, 0.9, FOUND, np.array([0, 2, 1]), Scale.from_range(0, 2))
    assert (figures.epoch, figures.train_loss) == (3, 0.9)
    assert figures.loss == pytest.approx(-(math.log(0.5) + math.log(0.7) + math.log(0.4)) / 3)
    assert figures.accuracy == pytest.approx(2 / 3)
    assert figures.qwk == pytest.approx(0.8)  # observed 1 / 3, by chance 5 / 3


def test_words_have_no_kappa_and_what_was_ruled_out_no_infinite_loss():
    figures = epoch_figures(1, 0.0, FOUND, np.array([0, 2, 2]), Scale(("a", "b", "c"), False))
    assert figures.qwk is None
    assert math.isfinite(figures.loss)
