"""Sums of several criteria's scores against people's sums."""

from __future__ import annotations

import numpy as np
import pytest

from kd_edge.data.responses import Scale
from kd_edge.evaluation.sums import PartScores, sum_agreement, sums_table

POINTS, HALVES = Scale.from_range(0, 2), Scale.from_values([0, 0.5, 1])


def part(name, scale, ids, human, machine):
    return PartScores(name, scale, ids, np.array(human), {"student": np.array(machine)})


def test_points_of_the_same_responses_are_added():
    content = part("content", POINTS, ("a", "b", "c"), [0, 1, 2], [0, 2, 2])
    language = part("language", HALVES, ("c", "b", "x"), [2, 1, 0], [1, 1, 0])
    found = sum_agreement("essay", [content, language])
    assert (found.name, found.items, found.responses) == ("essay", ("content", "language"), 2)
    # People's sums are 1.5 and 3, the machine's 2.5 and 2.5.
    (line,) = found.lines
    assert line.accuracy == 0
    assert line.smd == pytest.approx((2.5 - 2.25) / np.std([1.5, 3], ddof=1))
    assert line.qwk == pytest.approx(0)


def test_equal_sums_of_other_parts_agree():
    found = sum_agreement(
        "essay",
        [
            part("content", POINTS, ("a", "b"), [0, 2], [1, 1]),
            part("language", POINTS, ("a", "b"), [1, 1], [0, 2]),
        ],
    )
    assert (found.lines[0].accuracy, found.lines[0].qwk) == (1, 1)
    assert found.lines[0].name in "student"
    assert "2 criteria" in sums_table(found).title


def test_no_response_of_all_parts():
    parts = [part("content", POINTS, ("a",), [0], [0]), part("language", POINTS, ("b",), [0], [0])]
    assert sum_agreement("essay", parts) is None
