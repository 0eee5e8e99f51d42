"""From answers to the probability of each score."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kd_edge.llm.dialect import Position
from kd_edge.llm.symbols import symbol_of_token

LEAST_MASS = 0.5
"""The least probability of all scores together at a place where a score is said to stand."""


def from_positions(
    positions: Sequence[Position], symbols: Sequence[str], score: int
) -> list[float] | None:
    """The probability of each score where the model wrote the one that it gives.

    p_k is the sum of exp(log-probability) over the tokens that are score k, with and without a
    space, divided by that of all scores. A score that the server does not list is less likely than
    any token that it lists, and all that are not listed share what is left to 1: such a score gets
    the lesser of the two before the division.

    Args:
        positions: the tokens of an answer.
        symbols: K symbols.
        score: the place of that which the answer gives.

    Returns:
        K probabilities that sum to 1; None where no token is that score, or where the scores
        together have less than `LEAST_MASS` there: the model meant to write something else.
    """
    for position in _after_thoughts(positions):
        if symbol_of_token(position.token, symbols) != score:
            continue
        masses = [0.0] * len(symbols)
        listed = [min(1.0, math.exp(log)) for log in position.logs.values()]
        for token, mass in zip(position.logs, listed, strict=True):
            at = symbol_of_token(token, symbols)
            if at is not None:
                masses[at] += mass
        if sum(masses) < LEAST_MASS:
            return None
        missing = [at for at, mass in enumerate(masses) if not mass]
        if missing:
            rest = max(0.0, 1.0 - sum(listed)) / len(missing)
            least = min([*(mass for mass in listed if mass), rest])
            for at in missing:
                masses[at] = least
        return [mass / sum(masses) for mass in masses]
    return None


def _after_thoughts(positions: Sequence[Position]) -> Sequence[Position]:
    written, after = "", 0
    for at, position in enumerate(positions, 1):
        written += position.token
        if written.rstrip().endswith("</think>"):
            after = at
    return positions[after:]


def from_answers(scores: Sequence[int | None], classes: int) -> npt.NDArray[np.float64]:
    """The probability of each score by how often it was given: (c_k + 1/K) / (n + 1).

    c_k of the n answers that were a score gave score k. One more answer, spread evenly over the K
    scores (Perks 1947), keeps a score that nobody gave possible; with no answer at all, all are
    alike.

    Args:
        scores: the class of each answer, None for one that was no score.
        classes: K.

    Returns:
        float64 [K]; sums to 1.
    """
    counts = np.bincount([one for one in scores if one is not None], minlength=classes)
    return np.asarray((counts + 1 / classes) / (counts.sum() + 1))
