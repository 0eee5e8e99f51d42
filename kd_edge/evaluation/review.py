"""Which scores a person should see: those below a confidence that is chosen on held-out rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from kd_edge.evaluation.calibration import (
    Floats,
    Right,
)
from kd_edge.students.store import Student

ACCURACY = 0.9
"""Exact agreement that is wanted of the scores nobody looks at, unless another is asked for."""

# Where that cannot be had: the share sent to a person.
_SHARE = 0.2

# Whoever looks at more than this might as well score them all.
_MOST = 0.5

# Of a normal distribution, above which a tenth lies.
_TENTH = 1.2816


@dataclass(frozen=True)
class Review:
    """A threshold, and what it did on held-out responses.

    Attributes:
        below: scores of less confidence are flagged; 0 flags none.
        wanted: exact agreement asked for, 0 to 1.
        reached: whether the rest has it, as far as so few responses can tell.
        responses: how many were held out.
        share: of them below the threshold, 0 to 1.
        accuracy: exact agreement of the rest with people, 0 to 1.
        at_least: what that is at least, with nine chances in ten (Wilson 1927).
        all: exact agreement of all of them, 0 to 1.
    """

    below: float
    wanted: float
    reached: bool
    responses: int
    share: float
    accuracy: float
    at_least: float
    all: float

    def __str__(self) -> str:
        """What a teacher needs to know of it."""
        on = f"{self.responses} held-out responses"
        if not self.below:
            said = f"No score is flagged 'review': {on} agree with people's at {self.all:.0%}"
        else:
            said = (
                f"Scores with a confidence below {self.below:.2f} are flagged 'review': of {on} "
                f"{self.share:.0%} are, and the rest agrees with people's at {self.accuracy:.0%}"
            )
        said += f" (at least {self.at_least:.0%}, nine chances in ten)"
        if self.below:
            said += f", all of them at {self.all:.0%}"
        if not self.reached:
            said += f". {self.wanted:.0%} was asked for; these responses cannot promise that"
        return said + "."


def review_curve(
    confidence: Floats, correct: Right, shares: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Exact agreement of the rest when the least confident share is sent to a person.

    Args:
        confidence: the probability of the class given out; [N], N > 0.
        correct: whether that is the people's; [N].
        shares: S shares, 0 to 1; at least one response stays.

    Returns:
        An agreement for each share; [S].
    """
    kept = correct[np.argsort(-confidence, kind="stable")]
    left = [max(1, round(len(kept) * (1 - share))) for share in shares]
    return np.array([kept[:number].mean() for number in left])


def choose_review(confidence: Floats, correct: Right, wanted: float = ACCURACY) -> Review:
    """The threshold that sends as few as possible to a person, and leaves what is wanted.

    Few responses make anything look reached by chance: what counts is what the agreement of
    the rest is at least. Where it cannot be had by sending half of them, the least confident
    fifth is sent.

    Args:
        confidence: the probability of the class given out, on held-out responses; [N], N > 0.
        correct: whether that is the people's; [N].
        wanted: exact agreement wanted of the rest, 0 to 1.
    """
    found = [
        _review(confidence, correct, below, wanted) for below in _thresholds(confidence.tolist())
    ]
    for one in found:
        if one.share > _MOST:
            break
        if one.reached:
            return one
    return min(found, key=lambda one: (abs(one.share - _SHARE), one.share))


def _thresholds(confidence: list[float]) -> Iterator[float]:
    """Thresholds that part the responses, from 0 on, with four decimals."""
    yield 0.0
    rising = sorted(set(confidence))
    for low, high in zip(rising, rising[1:], strict=False):
        middle = round((low + high) / 2, 4)
        if low < middle <= high:
            yield middle


def _review(confidence: Floats, correct: Right, below: float, wanted: float) -> Review:
    rest = correct[confidence >= below]
    least = at_least(int(rest.sum()), len(rest))
    return Review(
        below=below,
        wanted=wanted,
        reached=bool(least >= wanted),
        responses=len(correct),
        share=float(1 - len(rest) / len(correct)),
        accuracy=float(rest.mean()),
        at_least=least,
        all=float(correct.mean()),
    )


def at_least(right: int, number: int) -> float:
    """The lower end of Wilson's interval for a share, one-sided, with nine chances in ten.

    Args:
        right: how many are.
        number: of so many, > 0.
    """
    share, square = right / number, _TENTH**2
    middle = share + square / (2 * number)
    width = _TENTH * sqrt(share * (1 - share) / number + square / (4 * number**2))
    return max(0.0, (middle - width) / (1 + square / number)) if right else 0.0


def review_of(student: Student) -> Review | None:
    """What is known of a student's threshold; None for one of an older version."""
    found = student.provenance.get("review")
    return None if found is None else Review(**found)
