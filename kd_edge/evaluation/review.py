"""Which scores a person should see: those below a confidence that is chosen on held-out rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, norm

from kd_edge.evaluation.calibration import Floats, Right

LABELS_ONLY = "labels_only"
"""In the provenance of a student that was chosen by a large model's scores, not by people's."""

ACCURACY = 0.9
"""Default of the exact agreement required of scores that nobody reviews, 0 to 1."""

# The share sent to a person if that agreement cannot be reached.
_FALLBACK_SHARE = 0.2

# Reviewing more than this saves too little work.
_LARGEST_SHARE = 0.5

# 90 %, at a z of 1.2816: recorded thresholds were chosen with this rounded value.
_CHANCE = float(norm.cdf(1.2816))


@dataclass(frozen=True)
class Review:
    """A confidence threshold, and its effect on held-out responses.

    Attributes:
        below: scores with less confidence are flagged; 0 flags none.
        wanted: the exact agreement required, 0 to 1.
        reached: whether the unflagged scores have it; see `at_least`.
        responses: number of held-out responses.
        share: share of them below the threshold, 0 to 1.
        accuracy: exact agreement of the others with people's scores, 0 to 1.
        at_least: lower bound of `accuracy` with a confidence of 90 % (Wilson 1927).
        all: exact agreement over all held-out responses, 0 to 1.
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
        """The threshold and its effect in a sentence or two, for a school."""
        chance = f" (at least {self.at_least:.0%}, with nine chances in ten)"
        if not self.below:
            text = (
                f"No score is flagged 'review': on {self.responses} held-out responses, "
                f"{self.all:.0%} of the scores equal people's scores{chance}."
            )
        else:
            text = (
                f"Scores with a confidence below {self.below:.2f} are flagged 'review': "
                f"{self.share:.0%} of {self.responses} held-out responses. Of the other scores, "
                f"{self.accuracy:.0%} equal people's scores{chance}; of all scores, {self.all:.0%}."
            )
        if not self.reached:
            text += f" {self.wanted:.0%} was asked for; these responses are too few to promise it."
        return text


class ReviewByLabels(Review):
    """The same where a large model's scores stood for people's."""

    def __str__(self) -> str:
        """See `Review`; it promises nothing of people."""
        return super().__str__().replace("people's scores", "the large model's scores")


def review_curve(
    confidence: Floats, correct: Right | Floats, shares: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Exact agreement on the remaining responses when the least confident go to a person.

    Args:
        confidence: probability of the predicted class; [N], N > 0.
        correct: whether that class is the people's, or the probability that it is; [N].
        shares: S shares that go to a person, 0 to 1; at least one response remains.

    Returns:
        Exact agreement for each share; [S].
    """
    most_confident_first = correct[np.argsort(-confidence, kind="stable")]
    counts = [max(1, round(len(correct) * (1 - share))) for share in shares]
    return np.array([most_confident_first[:count].mean() for count in counts])


def choose_review(confidence: Floats, correct: Right, wanted: float = ACCURACY) -> Review:
    """The threshold that sends as few responses as possible to a person.

    The remaining scores must have the required agreement. A high agreement on few responses may be
    chance, so its lower bound counts (`at_least`). If sending half of the responses would not be
    enough, the least confident fifth is sent.

    Args:
        confidence: probability of the predicted class, on held-out responses; [N], N > 0.
        correct: whether that class is the people's; [N].
        wanted: exact agreement required of the remaining scores, 0 to 1.
    """
    reviews = [
        _review(confidence, correct, below, wanted) for below in _thresholds(confidence.tolist())
    ]
    for review in reviews:
        if review.share > _LARGEST_SHARE:
            break
        if review.reached:
            return review
    return min(reviews, key=lambda review: (abs(review.share - _FALLBACK_SHARE), review.share))


def _thresholds(confidence: list[float]) -> Iterator[float]:
    """Thresholds that separate the responses, in rising order from 0, with four decimals."""
    yield 0.0
    rising = sorted(set(confidence))
    for low, high in zip(rising, rising[1:], strict=False):
        middle = round((low + high) / 2, 4)
        if low < middle <= high:
            yield middle


def _review(confidence: Floats, correct: Right, below: float, wanted: float) -> Review:
    rest = correct[confidence >= below]
    bound = at_least(int(rest.sum()), len(rest))
    return Review(
        below=below,
        wanted=wanted,
        reached=bound >= wanted,
        responses=len(correct),
        share=float(1 - len(rest) / len(correct)),
        accuracy=float(rest.mean()),
        at_least=bound,
        all=float(correct.mean()),
    )


def at_least(successes: int, trials: int) -> float:
    """Lower bound of a share with a confidence of 90 %: Wilson's one-sided interval (1927).

    Args:
        successes: 0 to `trials`.
        trials: > 0.

    Returns:
        The bound, 0 to 1; 0 without successes.
    """
    test = binomtest(successes, trials, alternative="greater")
    return float(test.proportion_ci(_CHANCE, method="wilson").low) if successes else 0.0


def review_of(provenance: Mapping[str, Any]) -> Review | None:
    """The review threshold in a student's provenance; None from an older version."""
    saved = provenance.get("review")
    kind = ReviewByLabels if LABELS_ONLY in provenance else Review
    return None if saved is None else kind(**saved)


def wanted_of(provenance: Mapping[str, Any]) -> float:
    """The agreement, 0 to 1, that a student's scores were to have where no person looks at them."""
    review = review_of(provenance)
    return ACCURACY if review is None else review.wanted
