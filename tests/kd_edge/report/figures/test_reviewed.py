"""The marks when people score the flagged responses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kd_edge.data.responses import Scale
from kd_edge.evaluation.review import at_least
from kd_edge.report.figures.reviewed import reviewed
from scored_made import POINTS, WORDS, made_scored


@pytest.mark.parametrize("scale", [POINTS, WORDS, Scale.from_values((0, 0.5, 1, 1.5))])
def test_people_score_what_is_flagged(scale):
    scored = made_scored(200, scale)
    flagged = np.array([bool(flag) for flag in scored.bundle.flags])
    assert 0 < flagged.sum() < 200
    found = reviewed(scored, scale)
    right = scored.bundle.predicted == scored.human
    assert (found.responses, found.right) == ((~flagged).sum(), (right & ~flagged).sum())
    assert found.exact == pytest.approx(right[~flagged].mean())
    assert found.at_least == at_least(found.right, found.responses) < found.exact
    assert found.marks.exact == pytest.approx((right | flagged).mean())
    assert [group.name for group in found.groups] == ["a", "b"]
    of_a = np.array(scored.groups) == "a"
    assert found.groups[0].exact == pytest.approx((right | flagged)[of_a].mean())


def test_all_or_none_flagged():
    scored = made_scored(40)
    for flag, responses in (("review", 0), ("", 40)):
        found = reviewed(replace(scored, bundle=replace(scored.bundle, flags=(flag,) * 40)), POINTS)
        assert found.responses == responses
        assert found.marks.exact == (1 if flag else pytest.approx(found.exact))
    assert (found.exact is None) == (responses == 0)
    none = reviewed(replace(scored, bundle=replace(scored.bundle, flags=("long",) * 40)), POINTS)
    assert (none.exact, none.at_least) == (None, 0.0)
