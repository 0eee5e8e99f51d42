"""Quantizes a bag's table once, so that every form of the bundle holds the same numbers.

Each column of the table (one dimension of all n-grams) gets a factor of its own, its
greatest absolute value over the greatest integer: symmetric integers, no zero point.

Integers of fewer than 8 bits are kept in bytes all the same: every form stays what it is, and
the bundle's compression makes of 15 different bytes what packing would.
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
    """A table as integers and factors.

    Args:
        table: float32 [V, D].
        bits: of an integer, 2 to 8.

    Returns:
        Integers [V, D] of at most 2^(bits - 1) - 1, and for each column what one of them is
        worth, float32 [D].
    """
    most = (1 << (bits - 1)) - 1
    scale = (np.abs(table).max(axis=0, initial=0.0) / most).astype(np.float32)
    # A column of zeros, or of what is next to them, has no scale: any will do.
    scale[scale < np.finfo(np.float32).tiny] = 1.0
    return np.clip(np.rint(table / scale), -most, most).astype(np.int8), scale


def quantize(arrays: BagArrays, bits: int = 8) -> BagWeights:
    """The bag with its table in so many bits, 2 to 8; bias and head stay as they are."""
    table, scale = integers(arrays.table, bits)
    return BagWeights(
        table=table.tobytes(),
        scale=tuple(scale.tolist()),
        bias=tuple(arrays.bias.tolist()),
        head=tuple(tuple(row) for row in arrays.head.tolist()),
        head_bias=tuple(arrays.head_bias.tolist()),
    )


def dequantized(weights: BagWeights) -> BagArrays:
    """What the quantized numbers stand for, as floats."""
    table = np.frombuffer(weights.table, dtype=np.int8).reshape(-1, weights.dimensions)
    return BagArrays(
        table=table.astype(np.float32) * np.array(weights.scale, dtype=np.float32),
        bias=np.array(weights.bias, dtype=np.float32),
        head=np.array(weights.head, dtype=np.float32),
        head_bias=np.array(weights.head_bias, dtype=np.float32),
    )
