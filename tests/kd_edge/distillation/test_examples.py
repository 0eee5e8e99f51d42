"""What a student learns from."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.distillation.examples import with_soft_labels, without_soft_labels
from kd_edge.soft_labels.label_variants import Variants
from workshop import certain, item_of

ROWS = item_of(6).rows
LABELS = certain(ROWS, 3)


def test_rows_then_variants():
    variants = Variants(("more ice", "less ice"), np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]))
    found = with_soft_labels(ROWS, LABELS, variants)
    assert len(found) == 8
    assert list(found.texts) == [row.text for row in ROWS] + ["more ice", "less ice"]
    assert found.scores.tolist() == [0, 1, 2, 0, 1, 2, -1, -1]
    assert found.scores.dtype == np.int64
    assert found.soft.dtype == np.float32
    assert np.allclose(found.soft[:6], [LABELS[row.response_id] for row in ROWS])
    assert np.allclose(found.soft[6:], variants.probabilities)


def test_labels_are_found_by_id():
    backwards = dict(reversed(LABELS.items()))
    more = {**backwards, "another": np.array([1.0, 0.0, 0.0])}
    assert np.array_equal(
        with_soft_labels(ROWS, more, None).soft, with_soft_labels(ROWS, LABELS, None).soft
    )
    with pytest.raises(KeyError):
        with_soft_labels(ROWS, {}, None)


def test_without_variants():
    found = with_soft_labels(ROWS, LABELS, None)
    assert (len(found), found.soft.shape) == (6, (6, 3))


def test_untaught_rows_have_scores_alone():
    found = without_soft_labels(ROWS, 3)
    assert list(found.texts) == [row.text for row in ROWS]
    assert found.scores.tolist() == [0, 1, 2, 0, 1, 2]
    assert found.soft.tolist() == [[0.0] * 3] * 6
    assert found.soft.dtype == np.float32


def test_fewer_variants_are_spread_over_all_and_rows_stay():
    texts = [f"variant {at}" for at in range(10)]
    found = with_soft_labels(ROWS, LABELS, Variants(texts, np.full((10, 3), 1 / 3)))
    assert found.with_variants(None) is found
    assert found.with_variants(10) is found
    fewer = found.with_variants(4)
    assert list(fewer.texts) == [*found.texts[:6], *(texts[at] for at in (0, 2, 5, 7))]
    assert fewer.scores.tolist() == [*found.scores[:6], -1, -1, -1, -1]
    assert fewer.soft.shape == (10, 3)
    assert len(fewer.questions) == 10
