"""The figures of an epoch on the held-out rows, for teachers and students alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kd_edge.data.scale import Scale
from kd_edge.evaluation.metrics import Scores, quadratic_kappa
from kd_edge.training.epoch import EpochFigures

_LEAST = 1e-12  # probability; below, a logarithm says nothing


def epoch_figures(
    epoch: int,
    train_loss: float,
    probabilities: npt.NDArray[np.floating],
    scores: Scores,
    scale: Scale,
) -> EpochFigures:
    """The figures of an epoch.

    Args:
        epoch: the epoch, from 1.
        train_loss: mean training loss of its batches.
        probabilities: those of the held-out rows; [N, K].
        scores: their human scores as classes; [N].
        scale: the classes; words have no QWK here.
    """
    right = probabilities[np.arange(len(scores)), scores]
    guesses = probabilities.argmax(1)
    return EpochFigures(
        epoch=epoch,
        train_loss=train_loss,
        loss=float(-np.log(np.maximum(right, _LEAST)).mean()),
        accuracy=float((guesses == scores).mean()),
        qwk=quadratic_kappa(scores, guesses, scale.values) if scale.numeric else None,
    )
