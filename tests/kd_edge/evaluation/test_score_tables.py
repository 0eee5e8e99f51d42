"""Tables of scores: the order of weeks, and what is not told by names alone."""

from __future__ import annotations

import pytest

from kd_edge.evaluation.score_tables import in_order


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["week-1", "week-10", "week-2"], ["week-1", "week-2", "week-10"]),
        (["2026-W10", "2025-W51", "2026-W09"], ["2025-W51", "2026-W09", "2026-W10"]),
        (["1.2.2026", "31.1.2026", "15.12.2025"], ["15.12.2025", "31.1.2026", "1.2.2026"]),
        (["3/1/2026", "1/2/2026"], ["3/1/2026", "1/2/2026"]),
        (["2026/3/1", "2026/1/2"], ["2026/3/1", "2026/1/2"]),
        (["7b", "7a", "10c"], ["7b", "7a", "10c"]),
        (["second", "first"], ["second", "first"]),
        ([], []),
    ],
)
def test_weeks_are_in_the_order_of_their_numbers(names, wanted):
    assert in_order(names) == wanted
