"""A table in 8 bits, and what it stands for."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_export.quantize import BagArrays, dequantized, integers, quantize

NUMBER = st.one_of(
    st.floats(-(2.0**100), 2.0**100, width=32),
    st.floats(-1, 1, width=32, allow_subnormal=True),
    st.just(0.0),
)


def of(table):
    dimensions = table.shape[1]
    zeros = np.zeros(dimensions, np.float32)
    return BagArrays(table, zeros, np.ones((2, dimensions), np.float32), np.zeros(2, np.float32))


@given(
    st.integers(1, 4).flatmap(
        lambda d: st.lists(st.lists(NUMBER, min_size=d, max_size=d), max_size=6)
    )
)
def test_no_number_is_off_by_more_than_half_a_step(rows):
    table = np.array(rows, dtype=np.float32).reshape(len(rows), len(rows[0]) if rows else 3)
    weights = quantize(of(table))
    again = dequantized(weights).table
    assert again.shape == table.shape
    scale = np.array(weights.scale)
    assert (scale > 0).all()
    assert np.isfinite(scale).all()
    off = np.abs(again.astype(np.float64) - table)
    # Half a step, and what a float32 rounds; a column of all but nothing is read as nothing.
    nothing = np.abs(table).max(axis=0, initial=0.0) < 127 * np.finfo(np.float32).tiny
    assert (off <= scale * 0.5001 + 1e-44)[:, ~nothing].all()
    assert (again[:, nothing] == 0).all()


def test_each_column_uses_the_whole_range():
    table = bundles_made.arrays(50, 3, 4).table * np.float32([1, 1e-3, 1e3, 1, 1, 1, 1, 1])
    weights = quantize(of(table))
    numbers = np.frombuffer(weights.table, np.int8).reshape(-1, 8)
    assert np.abs(numbers).max(axis=0).tolist() == [127] * 8
    assert weights.scale == pytest.approx(np.abs(table).max(axis=0) / 127)


def test_the_numbers_are_symmetric():
    table = bundles_made.arrays(50, 3, 4).table
    up = np.frombuffer(quantize(of(table)).table, np.int8)
    down = np.frombuffer(quantize(of(-table)).table, np.int8)
    assert (up == -down).all()
    assert up.min() >= -127


def test_a_column_of_zeros():
    table = np.array([[0, 1], [0, -2]], np.float32)
    weights = quantize(of(table))
    assert weights.scale[0] == 1.0
    assert dequantized(weights).table[:, 0].tolist() == [0.0, 0.0]
    assert weights.table == bytes([0, 64, 0, 129])


def test_no_rows():
    weights = quantize(of(np.zeros((0, 3), np.float32)))
    assert (weights.table, weights.scale) == (b"", (1.0, 1.0, 1.0))


def test_the_rest_stays_as_it_is():
    arrays = bundles_made.arrays(20, 3, 9)
    again = dequantized(quantize(arrays))
    assert (again.bias == arrays.bias).all()
    assert (again.head == arrays.head).all()
    assert (again.head_bias == arrays.head_bias).all()
    assert quantize(again).table == quantize(arrays).table


@given(st.integers(2, 8), st.integers(0, 20))
def test_fewer_bits(bits, seed):
    table = np.random.default_rng(seed).normal(size=(30, 3)).astype(np.float32)
    numbers, scale = integers(table, bits)
    most = 2 ** (bits - 1) - 1
    assert np.abs(numbers).max(axis=0).tolist() == [most] * 3
    assert np.abs(numbers * scale - table).max() <= scale.max() * 0.5001
    again, _ = integers(numbers * scale, bits)
    assert (again == numbers).all()


def test_a_table_in_fewer_bits_packs_smaller():
    table = bundles_made.arrays(2000, 3, 4).table
    packed = [len(zlib.compress(integers(table, bits)[0].tobytes(), 9)) for bits in (8, 6, 4)]
    assert packed[1] < 0.8 * packed[0]
    assert packed[2] < 0.75 * packed[1]
