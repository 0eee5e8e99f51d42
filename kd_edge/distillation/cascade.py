"""Two students together: which responses go to the second, and how both count.

The first scores every response and is cheap; the second, larger, is asked about those of which the
first is not sure (FORMAT.md, section 15). All is chosen on held-out responses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.evaluation.calibration import (
    Floats,
    Right,
    confidence_in,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores, quadratic_kappa, rounded
from kd_edge.evaluation.review import ACCURACY, Review, choose_review
from kd_edge_runtime.backends.cascade import together
from kd_edge_runtime.errors import InputError

SHARE = 0.3
"""Default of the largest share of responses that the second student is asked about, 0 to 1."""

# Centre and standard deviation of the weight's prior: both count alike unless many say otherwise.
_USUAL_WEIGHT = 0.5
_WEIGHT_SD = 0.25
_WEIGHTS = np.linspace(0, 1, 41)

_DIGITS = 4  # of what is chosen


@dataclass(frozen=True)
class CascadeOptions:
    """What a cascade is to be.

    Attributes:
        share: the largest share of responses that the second student is asked about, 0 to 1.
        agreement: the exact agreement with people wanted of both together, 0 to 1: the second is
            asked about as few as this needs. None to ask about as many as `share` allows.

    Raises:
        InputError: a number is out of its range.
    """

    share: float = SHARE
    agreement: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(
                f"the second model's share is {self.share}, it must be above 0, up to 1"
            )
        if self.agreement is not None and not 0 < self.agreement < 1:
            raise InputError(
                f"the agreement wanted with the second model is {self.agreement}, it must be "
                "between 0 and 1"
            )


@dataclass(frozen=True)
class Figures:
    """What a cascade does on held-out responses.

    Attributes:
        responses: number of held-out responses.
        share: share of them that the second student was asked about, 0 to 1.
        wanted: the agreement that was asked for; None for none.
        reached: whether it was reached; true if none was asked for.
        first: exact agreement of the first student alone with people, 0 to 1.
        second: that of the second alone.
        both: that of both together.
        first_qwk: QWK of the first alone, -1 to 1.
        second_qwk: that of the second alone.
        both_qwk: that of both together.
        error: expected calibration error of both together, 0 to 1.
    """

    responses: int
    share: float
    wanted: float | None
    reached: bool
    first: float
    second: float
    both: float
    first_qwk: float
    second_qwk: float
    both_qwk: float
    error: float

    def __str__(self) -> str:
        """The figures in a sentence or two, for a school."""
        text = (
            f"The second model is asked about the {self.share:.0%} of {self.responses} held-out "
            f"responses of which the first is least sure. Both together, {self.both:.0%} of the "
            f"scores equal people's scores (the first alone {self.first:.0%}, the second alone "
            f"{self.second:.0%})."
        )
        if not self.reached and self.wanted is not None:
            text += f" {self.wanted:.0%} was asked for, and is not reached."
        return text


@dataclass(frozen=True)
class Cascade:
    """How two students score together.

    Attributes:
        below: the second is asked where the first has less confidence, 0 to 1.
        weight: how much the second counts beside the first, 0 to 1.
        temperature: by which the logits of both together are divided, > 0.
        review: which scores of both together a person should see.
        figures: what it does on held-out responses.
    """

    below: float
    weight: float
    temperature: float
    review: Review
    figures: Figures

    def shares(
        self, first: Floats, second: Floats, scale: Scale, decision: str
    ) -> npt.NDArray[np.float64]:
        """What both say of N responses: [N, K] probabilities from those of each."""
        confidence = confidence_in(first, decided(first, scale, decision))
        return _together(first, second, confidence < self.below, self.weight, self.temperature)

    def provenance(self) -> dict[str, Any]:
        """How it was chosen, JSON types."""
        return {
            **{name: getattr(self, name) for name in ("below", "weight", "temperature")},
            **rounded(asdict(self.figures)),
            "review": rounded(asdict(self.review)),
        }


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Both students on N held-out responses, whose classes are known."""

    first: Floats
    second: Floats
    scores: Scores
    scale: Scale
    decision: str

    def confidence(self, shares: Floats) -> tuple[Floats, Right]:
        """The probability of each class decided, and whether it is the people's; [N] each."""
        classes = decided(shares, self.scale, self.decision)
        return confidence_in(shares, classes), classes == self.scores

    def qwk(self, shares: Floats) -> float:
        """The QWK with people of what probabilities decide."""
        classes = decided(shares, self.scale, self.decision)
        return quadratic_kappa(self.scores, classes, self.scale.values)


def choose_cascade(
    first: Floats,
    second: Floats,
    scores: Scores,
    scale: Scale,
    decision: str,
    options: CascadeOptions | None = None,
    review_accuracy: float = ACCURACY,
) -> Cascade:
    """Chooses on held-out responses how two students score together.

    The weight has the greatest likelihood on the responses that the second is asked about, with a
    normal prior around a half that few responses hardly move; then the temperature, as for a
    student alone.

    Args:
        first: the first student's probabilities of N held-out responses; [N, K].
        second: the second's; [N, K].
        scores: people's scores as classes; [N].
        scale: the item's classes.
        decision: how probabilities become a class.
        options: how many responses the second is asked about.
        review_accuracy: see `choose_review`.
    """
    options = options or CascadeOptions()
    rows = _HeldOut(first.astype(np.float64), second.astype(np.float64), scores, scale, decision)
    confidence, right = rows.confidence(rows.first)
    wanted = options.agreement
    if wanted is None:
        chosen = _at(rows, confidence, _threshold(confidence, options.share))
    else:
        chosen = _fewest(rows, confidence, options.share, wanted)
    both, both_right = rows.confidence(chosen.shares)
    second_right = rows.confidence(rows.second)[1]
    figures = Figures(
        responses=len(scores),
        share=float((confidence < chosen.below).mean()),
        wanted=wanted,
        reached=wanted is None or bool(both_right.mean() >= wanted),
        first=float(right.mean()),
        second=float(second_right.mean()),
        both=float(both_right.mean()),
        first_qwk=rows.qwk(rows.first),
        second_qwk=rows.qwk(rows.second),
        both_qwk=rows.qwk(chosen.shares),
        error=expected_calibration_error(both, both_right),
    )
    review = choose_review(both, both_right, review_accuracy)
    return Cascade(chosen.below, chosen.weight, chosen.temperature, review, figures)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A cascade, see there, and what both students say of all N held-out responses; [N, K]."""

    below: float
    weight: float
    temperature: float
    shares: Floats


def _fewest(rows: _HeldOut, confidence: Floats, most: float, wanted: float) -> _Candidate:
    """The cascade that asks the second least for the wanted agreement; else the best one."""
    best, reached = _at(rows, confidence, 0.0), -1.0
    for below in (0.0, *_thresholds(confidence, most)):
        chosen = _at(rows, confidence, below)
        agreement = float(rows.confidence(chosen.shares)[1].mean())
        if agreement >= wanted:
            return chosen
        if agreement > reached:
            best, reached = chosen, agreement
    return best


def _thresholds(confidence: Floats, most: float) -> Iterator[float]:
    """Thresholds that send more and more responses to the second, up to a share of them."""
    steps = max(1, round(most * min(len(confidence), 40)))
    yield from dict.fromkeys(
        _threshold(confidence, most * step / steps) for step in range(1, steps + 1)
    )


def _threshold(confidence: Floats, share: float) -> float:
    """The greatest threshold with four decimals below which at most a share of N lies."""
    rising = np.sort(confidence)
    at = int(share * len(rising) + 1e-9)
    if at >= len(rising):
        return 1.0
    # Half way to the next, where rounding leaves it above all that are to be asked about.
    low, high = rising[at - 1] if at else 0.0, rising[at]
    middle = round(float((low + high) / 2), _DIGITS)
    return middle if low < middle <= high else float(np.floor(high * 10**_DIGITS) / 10**_DIGITS)


def _at(rows: _HeldOut, confidence: Floats, below: float) -> _Candidate:
    """The cascade with a threshold."""
    asked = confidence < below
    if not asked.any():
        return _Candidate(below, _USUAL_WEIGHT, 1.0, rows.first)
    first, second, scores = rows.first[asked], rows.second[asked], rows.scores[asked]
    weight = _fit_weight(first, second, scores)
    mixed = (1 - weight) * first + weight * second
    temperature = round(fit_temperature(mixed, scores), _DIGITS)
    shares = _together(rows.first, rows.second, asked, weight, temperature)
    return _Candidate(below, weight, temperature, shares)


def _together(
    first: Floats, second: Floats, asked: Right, weight: float, temperature: float
) -> npt.NDArray[np.float64]:
    """The first's probabilities, and those of both where the second is asked; [N, K]."""
    shares = first.astype(np.float64)
    for at in np.flatnonzero(asked):
        shares[at] = together(shares[at].tolist(), second[at].tolist(), weight, temperature)
    return shares


def _fit_weight(first: Floats, second: Floats, scores: Scores) -> float:
    """How much the second counts beside the first; 0 to 1."""

    def loss(weight: float) -> float:
        mixed = (1 - weight) * first + weight * second
        prior = (weight - _USUAL_WEIGHT) ** 2 / (2 * _WEIGHT_SD**2)
        return len(scores) * negative_log_likelihood(mixed, scores) + float(prior)

    return round(float(min(_WEIGHTS, key=loss)), _DIGITS)
