"""What a search tried, and the limits it looks within."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge_runtime.errors import InputError

# A bundle holds its time, which compresses to a few bytes more or less: sizes are compared at
# the same time, with slack for any other.
SLACK = 16


@dataclass(frozen=True)
class Limits:
    """What a bundle may take.

    Attributes:
        bytes: of the whole bundle; None for no limit.
        ms: milliseconds a response takes in the mean, on the machine that searches, on one
            thread; None for no limit.
    """

    bytes: int | None = None
    ms: float | None = None

    def __str__(self) -> str:
        """Both, as in "16,000 bytes and 2 ms a response"."""
        size = [] if self.bytes is None else [f"{self.bytes:,} bytes"]
        return " and ".join([*size, *([] if self.ms is None else [f"{self.ms:g} ms a response"])])

    def within_bytes(self, size: int) -> bool:
        """Whether a bundle of so many bytes is small enough."""
        return self.bytes is None or size + SLACK <= self.bytes

    def hold(self, size: int, ms: float) -> bool:
        """Whether so many bytes and milliseconds are within them."""
        return self.within_bytes(size) and (self.ms is None or ms <= self.ms)


@dataclass(frozen=True)
class Tried:
    """One student, or one pair of students, that was tried.

    Attributes:
        ngrams: V; 0 without a bag.
        dimensions: D; 0 without a bag.
        bits: of a number of the bag's table; 0 without a bag.
        parameters: trained numbers.
        bytes: of the whole bundle.
        qwk: on held-out responses.
        accuracy: on held-out responses, 0 to 1.
        fits: whether the bundle is small enough and fast enough.
        ms: milliseconds that a held-out response takes in the mean, one after the other, on one
            thread of the machine that searches.
        student: the kind of student, or `registry.BOTH` where a bag asks a transformer.
        layers: the teacher's layers in a transformer; none in a bag.
    """

    ngrams: int
    dimensions: int
    bits: int
    parameters: int
    bytes: int
    qwk: float
    accuracy: float
    fits: bool
    ms: float = 0.0
    student: str = "bag"
    layers: tuple[int, ...] = ()


class TooSmallError(InputError):
    """Nothing that was tried is within the limits asked for."""

    def __init__(self, limits: Limits, tried: Sequence[Tried]) -> None:
        least = min(tried, key=lambda one: one.bytes)
        if not limits.within_bytes(least.bytes):
            text = (
                f"no bundle fits into {limits.bytes:,} bytes: the smallest that was tried takes "
                f"{least.bytes:,}" + (f" with {least.ngrams} n-grams" if least.ngrams else "")
            )
        else:
            fastest = min(tried, key=lambda one: one.ms)
            text = (
                f"no bundle is within {limits}: the fastest that was tried takes "
                f"{fastest.ms:.3g} ms a response on this machine"
            )
        super().__init__(text)
        self.tried = tuple(tried)
