"""What a search tried, and the limits it looks within."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kd_edge.students.registry import BOTH, SECOND
from kd_edge.students.registry import DEFAULT as BAG
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
        share: the largest share of responses that a transformer beside a bag is asked about.
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
    student: str = BAG
    layers: tuple[int, ...] = ()
    share: float = 0.0

    @property
    def name(self) -> str:
        """What it is, in words."""
        if not self.layers:
            return f"{self.student} of {self.ngrams:,} n-grams"
        cut = f"transformer of {layers_in_words(self.layers)}"
        return f"bag with a {cut}" if self.student == BOTH else cut


@dataclass(frozen=True)
class Untrained:
    """A transformer that was not trained, since no bundle with it can be within the limits.

    Attributes:
        layers: the teacher's layers in it.
        bytes: of the smallest bundle with it, estimated from the teacher's shape.
        ms: milliseconds that it takes for a response on this machine; None where its bytes alone
            exclude it.
    """

    layers: tuple[int, ...]
    bytes: int
    ms: float | None = None

    @property
    def name(self) -> str:
        """What it is, in words."""
        return f"transformer of {layers_in_words(self.layers)}"


def layers_in_words(layers: Sequence[int]) -> str:
    """Layers of a teacher, as in "layers 0, 5"."""
    return f"layer{'' if len(layers) == 1 else 's'} {', '.join(map(str, layers))}"


ALL = (BAG, SECOND, BOTH)
"""What is searched where nothing is named: bags, transformers, and a bag with a transformer."""


def check_kinds(kinds: Sequence[str]) -> None:
    """Refuses kinds of student that have one size.

    Raises:
        InputError: one of them is none of `ALL`.
    """
    unfit = [kind for kind in kinds if kind not in ALL]
    if unfit:
        raise InputError(
            f"students of kind {unfit[0]} have one size: only bag, transformer and both can be "
            "trained to fit into a number of bytes or milliseconds"
        )


class TooSmallError(InputError):
    """Nothing is within the limits asked for; the message says what is nearest to them.

    Attributes:
        tried: what was trained.
        untrained: what was not.
    """

    def __init__(
        self, limits: Limits, tried: Sequence[Tried], untrained: Sequence[Untrained] = ()
    ) -> None:
        super().__init__(_nearest(limits, tried, untrained))
        self.tried, self.untrained = tuple(tried), tuple(untrained)


def _nearest(limits: Limits, tried: Sequence[Tried], untrained: Sequence[Untrained]) -> str:
    every: list[Tried | Untrained] = [*tried, *untrained]
    timed = [one for one in every if limits.within_bytes(one.bytes) and one.ms is not None]
    if timed:
        fastest = min(timed, key=lambda one: one.ms or 0)
        return (
            f"no bundle is within {limits}: the fastest that was tried takes {fastest.ms:.3g} ms "
            f"a response on this machine ({fastest.name})"
        )
    least = min(every, key=lambda one: one.bytes)
    limit = f"no bundle fits into {limits.bytes:,} bytes"
    if isinstance(least, Untrained):
        return f"{limit}: the smallest takes about {least.bytes:,} ({least.name})"
    text = f"{limit}: the smallest that was tried takes {least.bytes:,}"
    return text + (f" with {least.ngrams} n-grams" if least.ngrams else "")
