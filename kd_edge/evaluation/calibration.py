"""Calibration: whether confidence equals the chance of being right; temperature scaling.

Guo, Pleiss, Sun and Weinberger (2017), "On Calibration of Modern Neural Networks".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from kd_edge.evaluation.metrics import Scores

Floats = npt.NDArray[np.floating]
Right = npt.NDArray[np.bool_]

BINS = 10
"""Default number of confidence bins."""

# Standard deviation of the prior on log T. Over students, baselines and teachers of five items,
# fitted on three quarters of their held-out responses (21 to 160), this value is among the best on
# the last quarter; 200 responses outweigh it.
_PRIOR_SD = 0.25

# Candidates for log T; T is 0.25 to 4.
_LOG_TEMPERATURES = np.linspace(-np.log(4), np.log(4), 555)

_SMALLEST = 1e-12

_DRAWS = 1000

# Chance alone causes a larger error in one case of twenty.
_MOST = 0.95


def at_temperature(probabilities: Floats, temperature: float) -> npt.NDArray[np.float64]:
    """The probabilities of a network whose logits are divided by a temperature.

    Args:
        probabilities: rows that add up to 1; [N, K].
        temperature: T > 0; above 1 it lowers the confidence.

    Returns:
        Probabilities; [N, K].
    """
    logits = np.log(np.maximum(probabilities, _SMALLEST, dtype=np.float64)) / temperature
    return np.asarray(softmax(logits, axis=1), dtype=np.float64)


def fit_temperature(probabilities: Floats, scores: Scores) -> float:
    """The temperature of greatest likelihood: Guo et al. 2017, section 4.2.

    They minimise the loss over all classes. Here it is the loss of the most probable class, right
    or wrong, because a review threshold acts on that: a distilled student is unsure among the
    classes that it does not predict, and the loss over all classes would lower its confidence.
    A normal prior of standard deviation 0.25 keeps log T near 0 where responses are few: 30
    responses move it a little, 300 freely, none not at all.

    Args:
        probabilities: of responses that were not trained on; [N, K].
        scores: people's scores as classes; [N].

    Returns:
        T, 0.25 to 4.
    """
    correct = probabilities.argmax(axis=1) == scores

    def loss(log: float) -> float:
        confidence = at_temperature(probabilities, np.exp(log)).max(axis=1)
        likelihood = np.where(correct, confidence, 1 - confidence)
        prior = log**2 / (2 * _PRIOR_SD**2)
        return float(prior - np.log(np.maximum(likelihood, _SMALLEST)).sum())

    return float(np.exp(min(_LOG_TEMPERATURES, key=loss)))


def confidence_in(probabilities: Floats, classes: Scores) -> Floats:
    """The probability of each response's class; [N], from [N, K] and [N]."""
    return probabilities[np.arange(len(classes)), classes]


def negative_log_likelihood(probabilities: Floats, scores: Scores) -> float:
    """The mean of `log_losses`, at least 0."""
    return float(log_losses(probabilities, scores).mean())


def log_losses(probabilities: Floats, scores: Scores) -> Floats:
    """-log p of people's classes, [N]: of [N, K] probabilities and [N] classes, N > 0."""
    of_scores = confidence_in(probabilities, scores)
    return np.asarray(-np.log(np.maximum(of_scores, _SMALLEST)))


@dataclass(frozen=True)
class Bin:
    """Responses of similar confidence.

    Attributes:
        responses: how many.
        confidence: their mean confidence, 0 to 1.
        exact: share of them whose predicted class is the people's, 0 to 1.
    """

    responses: int
    confidence: float
    exact: float


def reliability(confidence: Floats, correct: Right, bins: int = BINS) -> tuple[Bin, ...]:
    """The reliability curve: exact agreement by confidence.

    Args:
        confidence: probability of the predicted class, 0 to 1; [N].
        correct: whether that class is the people's; [N].
        bins: number of equally wide bins, >= 1; each includes its upper end.

    Returns:
        The bins that are not empty, the least confident first.
    """
    order = np.argsort(confidence, kind="stable")
    place = _bins_of(confidence[order], bins)
    parts = [order[place == at] for at in range(1, bins + 1)]
    return tuple(
        Bin(len(part), float(confidence[part].mean()), float(correct[part].mean()))
        for part in parts
        if len(part)
    )


def expected_calibration_error(confidence: Floats, correct: Right, bins: int = BINS) -> float:
    """How far confidence is from agreement on average (Naeini, Cooper and Hauskrecht 2015).

    On few responses it stays above 0 even for perfect probabilities: see `chance_error`.
    Arguments are those of `reliability`, with N > 0.

    Returns:
        The mean over responses of their bin's |agreement - confidence|, 0 to 1.
    """
    curve = reliability(confidence, correct, bins)
    return sum(bin_.responses * abs(bin_.exact - bin_.confidence) for bin_ in curve) / len(correct)


@dataclass(frozen=True)
class ChanceError:
    """The expected calibration error that chance alone causes.

    Attributes:
        mean: its mean, 0 to 1.
        most: its 95th percentile, 0 to 1. A larger error shows that the confidence is wrong
            (Vaicenavicius et al. 2019, "Evaluating Model Calibration in Classification").
    """

    mean: float
    most: float


def chance_error(confidence: Floats, bins: int = BINS) -> ChanceError:
    """The expected calibration error of N responses whose confidence is exactly right.

    Consistency resampling (Broecker and Smith 2007, "Increasing the Reliability of Reliability
    Diagrams"): in each of 1,000 draws, every response is right with the probability of its
    confidence. The seed is fixed.

    Args:
        confidence: probability of the predicted class, 0 to 1; [N], N > 0.
        bins: number of equally wide bins.
    """
    drawn = np.random.default_rng(0).random((_DRAWS, len(confidence))) < confidence
    within = np.eye(bins + 1)[_bins_of(confidence, bins)]
    errors = np.abs((drawn - confidence) @ within).sum(axis=1) / len(confidence)
    return ChanceError(float(errors.mean()), float(np.quantile(errors, _MOST)))


def _bins_of(confidence: Floats, bins: int) -> npt.NDArray[np.int_]:
    return np.clip(np.ceil(confidence * bins), 1, bins).astype(int)
