"""Quantizes a bag's table once, so that every form in the bundle holds the same numbers.

Each column of the table (one dimension of all n-grams) has its own factor, its
largest absolute value divided by the largest integer: symmetric integers, no zero point.

Integers of fewer than 8 bits still take one byte each: the format of the forms stays the same,
and the bundle's compression saves what packing would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge_runtime.students.bag import BagWeights

_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class BagArrays:
    """A bag's trained numbers, with V n-grams, D dimensions and K classes.

    Attributes:
        table: float32 [V, D].
        bias: float32 [D].
        head: float32 [K, D].
        head_bias: float32 [K].
    """

    table: _Floats
    bias: _Floats
    head: _Floats
    head_bias: _Floats


def integers(table: _Floats, bits: int = 8) -> tuple[npt.NDArray[np.int8], _Floats]:
    """Quantizes a table to integers and factors.

    Args:
        table: float32 [V, D].
        bits: bits per integer, 2 to 8.

    Returns:
        Integers [V, D] of at most 2^(bits - 1) - 1 in absolute value, and each column's factor,
        float32 [D].
    """
    most = (1 << (bits - 1)) - 1
    scale = (np.abs(table).max(axis=0, initial=0.0) / most).astype(np.float32)
    # A column of zeros, or of numbers close to zero, has no usable factor: any will do.
    scale[scale < np.finfo(np.float32).tiny] = 1.0
    return np.clip(np.rint(table / scale), -most, most).astype(np.int8), scale


def quantize(arrays: BagArrays, bits: int = 8) -> BagWeights:
    """Quantizes a bag's table to 2 to 8 bits a number; bias and head stay in floats."""
    table, scale = integers(arrays.table, bits)
    return BagWeights(
        table=table.tobytes(),
        scale=tuple(scale.tolist()),
        bias=tuple(arrays.bias.tolist()),
        head=tuple(tuple(row) for row in arrays.head.tolist()),
        head_bias=tuple(arrays.head_bias.tolist()),
    )


def dequantized(weights: BagWeights) -> BagArrays:
    """A bag with its quantized table as floats."""
    table = np.frombuffer(weights.table, dtype=np.int8).reshape(-1, weights.dimensions)
    return BagArrays(
        table=table.astype(np.float32) * np.array(weights.scale, dtype=np.float32),
        bias=np.array(weights.bias, dtype=np.float32),
        head=np.array(weights.head, dtype=np.float32),
        head_bias=np.array(weights.head_bias, dtype=np.float32),
    )
