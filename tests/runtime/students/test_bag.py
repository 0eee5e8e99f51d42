"""The bag's numbers as bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.students.bag import FORM, BagWeights

FLOAT = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def networks(draw):
    size, dimensions, classes = (draw(st.integers(low, 5)) for low in (0, 1, 2))

    def numbers(count):
        return tuple(draw(st.lists(FLOAT, min_size=count, max_size=count)))

    table = draw(st.binary(min_size=size * dimensions, max_size=size * dimensions))
    head = tuple(numbers(dimensions) for _ in range(classes))
    return BagWeights(table, numbers(dimensions), numbers(dimensions), head, numbers(classes))


@given(networks())
def test_there_and_back(weights):
    size = len(weights.table) // weights.dimensions
    data = weights.to_bytes()
    assert BagWeights.from_bytes(data, size, weights.dimensions, len(weights.head)) == weights


def test_the_order_of_the_bytes():
    weights = BagWeights(
        b"\x01\xff\x7f\x81", (1.0, 2.0), (3.0, 4.0), ((5.0, 6.0), (7.0, 8.0)), (9.0, 10.0)
    )
    assert weights.to_bytes() == b"\x01\xff\x7f\x81" + struct.pack("<10f", *range(1, 11))
    assert weights.parameters == 4 + 2 + 4 + 2
    assert weights.dimensions == 2
    assert FORM == "plain-int8"


def test_parameters_of_the_made_student():
    assert bundles_made.student().weights.parameters == 60 * 8 + 8 + 4 * 8 + 4


@pytest.mark.parametrize(
    ("size", "dimensions", "classes"),
    [(59, 8, 4), (61, 8, 4), (60, 7, 4), (60, 8, 3), (60, 0, 4), (60, -8, 4), (0, 0, 0)],
)
def test_other_sizes_are_refused(size, dimensions, classes):
    data = bundles_made.student().weights.to_bytes()
    with pytest.raises(BundleError, match="size of the plain weights"):
        BagWeights.from_bytes(data, size, dimensions, classes)


@given(st.integers(0, 700))
def test_cut_short_is_refused(length):
    data = bundles_made.student().weights.to_bytes()
    assert len(data) == 688
    if length == 688:
        return
    with pytest.raises(BundleError, match="size of the plain weights"):
        BagWeights.from_bytes((data + bytes(20))[:length], 60, 8, 4)


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("at", [0, 8, 16, 51])
def test_what_is_no_number_is_refused(strange, at):
    data = bytearray(bundles_made.student().weights.to_bytes())
    struct.pack_into("<f", data, 480 + 4 * at, strange)
    with pytest.raises(BundleError, match="not finite"):
        BagWeights.from_bytes(bytes(data), 60, 8, 4)
