"""The bag student's weights: one quantized table and a small head, shared by all backends.

    counts -> sum of table rows / sqrt(number of n-grams) + bias -> ReLU -> linear -> softmax

FORMAT.md describes the bytes of the `plain-int8` form.
"""

from __future__ import annotations

import struct
from math import isfinite

from kd_edge_runtime._light_stdlib import dataclass
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.vocabulary import BagVocabulary

FORM = "plain-int8"


@dataclass(frozen=True)
class BagWeights:
    """The network of a bag student over V n-grams, with D dimensions and K classes.

    Attributes:
        table: V x D signed bytes, row by row.
        scale: D factors, by which the columns of the table are multiplied.
        bias: D numbers, added before the ReLU.
        head: K rows of D numbers.
        head_bias: K numbers.
    """

    table: bytes
    scale: tuple[float, ...]
    bias: tuple[float, ...]
    head: tuple[tuple[float, ...], ...]
    head_bias: tuple[float, ...]

    @property
    def dimensions(self) -> int:
        """D."""
        return len(self.scale)

    @property
    def parameters(self) -> int:
        """The number of parameters: table, bias, head and head bias."""
        return len(self.table) + self.dimensions + (self.dimensions + 1) * len(self.head)

    def to_bytes(self) -> bytes:
        """The table, then scale, bias, head and head bias as little-endian 32-bit floats."""
        numbers: list[float] = [*self.scale, *self.bias]
        for row in self.head:
            numbers += row
        numbers += self.head_bias
        return self.table + struct.pack(f"<{len(numbers)}f", *numbers)

    @classmethod
    def from_bytes(cls, data: bytes, size: int, dimensions: int, classes: int) -> BagWeights:
        """Reads what `to_bytes` wrote.

        Args:
            data: the member's bytes.
            size: the number of n-grams in the vocabulary, V.
            dimensions: D.
            classes: K.

        Raises:
            BundleError: the number of bytes is wrong, or a weight is not finite.
        """
        count = dimensions * (2 + classes) + classes
        if dimensions < 1 or len(data) != size * dimensions + 4 * count:
            raise BundleError("the size of the plain weights does not match the manifest")
        numbers = struct.unpack_from(f"<{count}f", data, size * dimensions)
        if not all(map(isfinite, numbers)):
            raise BundleError("the plain weights contain a value that is not finite")
        head_start = 2 * dimensions
        head = tuple(
            numbers[start : start + dimensions]
            for start in range(head_start, head_start + classes * dimensions, dimensions)
        )
        return cls(
            table=data[: size * dimensions],
            scale=numbers[:dimensions],
            bias=numbers[dimensions:head_start],
            head=head,
            head_bias=numbers[count - classes :],
        )


@dataclass(frozen=True)
class BagStudent:
    """A bag student, read from a bundle: its vocabulary and its weights."""

    vocabulary: BagVocabulary
    weights: BagWeights
