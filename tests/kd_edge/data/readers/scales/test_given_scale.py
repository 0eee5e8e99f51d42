from __future__ import annotations

import pytest

from kd_edge.data.readers.scales.given_scale import given_scale
from kd_edge_runtime.errors import InputError


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ((0, 3), (0, 1, 2, 3)),
        ((0, 1, 0.5), (0, 0.5, 1)),
        ((0, 1, 0.1), tuple(n / 10 for n in range(11))),
        ((-1, 1), (-1, 0, 1)),
        ((0.5, 2.5), (0.5, 1.5, 2.5)),
        ((0, 20, 5), (0, 5, 10, 15, 20)),
    ],
)
def test_ranges(given, values):
    assert given_scale(given, None).values == values
    assert given_scale(given, None, lower_is_better=True).values == values[::-1]


@pytest.mark.parametrize("given", [(0, 1, 0.3), (0, 0.5), (0, 1, 0), (0, 3, -1), (0, 1, 0.001)])
def test_ranges_that_cannot_be(given):
    with pytest.raises(InputError, match="not possible"):
        given_scale(given, None)


@pytest.mark.parametrize(
    ("names", "classes", "numeric"),
    [
        (("0", "0.50", "1"), ("0", "0.5", "1"), True),
        (("0", "5", "10"), ("0", "5", "10"), True),
        (("6", "5", "4"), ("6", "5", "4"), True),
        (("0%", "50 %", "100%"), ("0", "50", "100"), True),
        (("0/2", "1/2", "2/2"), ("0", "1", "2"), True),
        (("2", "1", "3"), ("2", "1", "3"), False),
        (("wrong", "1"), ("wrong", "1"), False),
        ((" bad ", "good"), ("bad", "good"), False),
    ],
)
def test_classes(names, classes, numeric):
    scale = given_scale(None, names)
    assert (scale.classes, scale.numeric) == (classes, numeric)


def test_classes_have_their_own_order():
    with pytest.raises(InputError, match="leave out --lower-is-better"):
        given_scale(None, ("a", "b"), lower_is_better=True)
