"""Whether probabilities mean what they say: temperature scaling, and figures of calibration.

Guo, Pleiss, Sun and Weinberger (2017), "On Calibration of Modern Neural Networks".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.evaluation.metrics import Scores

Floats = npt.NDArray[np.floating]
Right = npt.NDArray[np.bool_]

BINS = 10
"""Bins of confidence, unless another number is asked for."""

# A network's log T lies about so far from 0 before anything is known of it. Over students,
# baselines and teachers of five items, fitted on three quarters of what they held out (21 to 160
# responses), this is among the best on the last quarter; 200 responses outweigh it.
_SPREAD = 0.25

# Log T to choose from; T is 0.25 to 4.
_LOG_TEMPERATURES = np.linspace(-np.log(4), np.log(4), 555)

_LEAST = 1e-12

_DRAWS = 1000


def at_temperature(probabilities: Floats, temperature: float) -> npt.NDArray[np.float64]:
    """What a network would say if its logits were divided by a temperature.

    Args:
        probabilities: rows that add up to 1; [N, K].
        temperature: T > 0; above 1 it makes them less sure.
    """
    logits = np.log(np.maximum(probabilities, _LEAST, dtype=np.float64)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(probabilities: Floats, scores: Scores) -> float:
    """The temperature at which confidence is most likely: Guo et al. 2017, section 4.2.

    They minimise the loss over all classes. Here it is the loss of the most probable class, right
    or wrong, for that is what a threshold acts on: a distilled student is unsure among the
    classes it does not give out, and the other loss would have it pay with its confidence.
    Few responses say little of T: a normal prior of standard deviation 0.25 holds its logarithm
    near 0, so that 30 responses move it a little, 300 as they like, and none not at all.

    Args:
        probabilities: of responses that nothing was learnt from; [N, K].
        scores: their human scores as classes; [N].

    Returns:
        T, 0.25 to 4.
    """
    right = probabilities.argmax(axis=1) == scores

    def loss(log: float) -> float:
        sure = at_temperature(probabilities, np.exp(log)).max(axis=1)
        likely = np.where(right, sure, 1 - sure)
        return float(log**2 / (2 * _SPREAD**2) - np.log(np.maximum(likely, _LEAST)).sum())

    return float(np.exp(min(_LOG_TEMPERATURES, key=loss)))


def negative_log_likelihood(probabilities: Floats, scores: Scores) -> float:
    """The mean of -log p over the people's scores: 0 for certainty that is right.

    Args:
        probabilities: [N, K].
        scores: the human scores as classes; [N], N > 0.
    """
    given = probabilities[np.arange(len(scores)), scores]
    return float(-np.log(np.maximum(given, _LEAST)).mean())


def brier_score(probabilities: Floats, scores: Scores) -> float:
    """The mean squared distance to what people scored (Brier 1950), over all classes: 0 to 2.

    Args:
        probabilities: [N, K].
        scores: the human scores as classes; [N], N > 0.
    """
    wanted = np.eye(probabilities.shape[1])[scores]
    return float(np.square(probabilities - wanted).sum(axis=1).mean())


@dataclass(frozen=True)
class Bin:
    """Responses of like confidence.

    Attributes:
        responses: how many.
        confidence: their mean confidence, 0 to 1.
        exact: share of them whose class is the people's, 0 to 1.
    """

    responses: int
    confidence: float
    exact: float


def reliability(
    confidence: Floats, correct: Right, bins: int = BINS, equal_mass: bool = False
) -> tuple[Bin, ...]:
    """The reliability curve: how often scores of a confidence are right.

    Args:
        confidence: the probability of the class given out, 0 to 1; [N].
        correct: whether that is the people's; [N].
        bins: how many, >= 1.
        equal_mass: bins of as many responses each, in place of those that are equally wide:
            the first is 0 to 1 / bins, each with its upper end.

    Returns:
        The bins that hold responses, the least confident first.
    """
    order = np.argsort(confidence, kind="stable")
    if equal_mass:
        parts = np.array_split(order, bins)
    else:
        place = np.clip(np.ceil(confidence[order] * bins).astype(int), 1, bins)
        parts = [order[place == at] for at in range(1, bins + 1)]
    return tuple(
        Bin(len(part), float(confidence[part].mean()), float(correct[part].mean()))
        for part in parts
        if len(part)
    )


def expected_calibration_error(
    confidence: Floats, correct: Right, bins: int = BINS, equal_mass: bool = False
) -> float:
    """How far confidence is from agreement on average (Naeini, Cooper and Hauskrecht 2015).

    It never comes to 0 on few responses, however right the probabilities: see `chance_error`.

    Args:
        confidence: see `reliability`; [N], N > 0.
        correct: the same.
        bins: the same.
        equal_mass: the same.

    Returns:
        The mean over responses of their bin's |agreement - confidence|, 0 to 1.
    """
    found = reliability(confidence, correct, bins, equal_mass)
    return sum(one.responses * abs(one.exact - one.confidence) for one in found) / len(correct)


def chance_error(confidence: Floats, bins: int = BINS) -> float:
    """The expected calibration error where every confidence is exactly what it says.

    Few responses in a bin agree more or less often than they should, by chance. Consistency
    resampling (Broecker and Smith 2007, "Increasing the Reliability of Reliability Diagrams"):
    each response is right with the probability of its confidence, a thousand times over.

    Args:
        confidence: the probability of the class given out, 0 to 1; [N], N > 0.
        bins: see `reliability`; equally wide.

    Returns:
        The mean of the errors, 0 to 1; the same each time.
    """
    drawn = np.random.default_rng(0).random((_DRAWS, len(confidence))) < confidence
    place = np.clip(np.ceil(confidence * bins).astype(int), 1, bins)
    within = np.eye(bins + 1)[place]
    return float(np.abs((drawn - confidence) @ within).sum(axis=1).mean() / len(confidence))
