"""The figures of an epoch of training, on the held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from kd_edge.data.scale import Scale
    from kd_edge.evaluation.metrics import Scores


@dataclass(frozen=True)
class EpochFigures:
    """The figures of one epoch on the validation rows.

    Attributes:
        epoch: the epoch, from 1.
        train_loss: mean training loss of the epoch's batches.
        loss: mean validation cross entropy, in nats.
        accuracy: share of validation rows whose likeliest class is the human one.
        qwk: quadratic weighted kappa of the likeliest class; 0 where it is not defined, None
            where the classes are words.
    """

    epoch: int
    train_loss: float
    loss: float
    accuracy: float
    qwk: float | None

    @property
    def rank(self) -> tuple[float, float]:
        """The best epoch has the greatest: QWK (accuracy for words), then the least loss."""
        return (self.accuracy if self.qwk is None else self.qwk, -self.loss)

    def __str__(self) -> str:
        kappa = "" if self.qwk is None else f" QWK {self.qwk:.3f}"
        return f"loss {self.loss:.3f}{kappa} accuracy {self.accuracy:.3f}"


def epoch_figures(
    epoch: int,
    train_loss: float,
    probabilities: npt.NDArray[np.floating],
    scores: Scores,
    scale: Scale,
) -> EpochFigures:
    """The figures of an epoch, for teachers and students alike.

    Args:
        epoch: the epoch, from 1.
        train_loss: mean training loss of its batches.
        probabilities: those of the held-out rows; [N, K].
        scores: their human scores as classes; [N].
        scale: the classes; words have no QWK here.
    """
    # Only here: the cards of models hold these figures, and are read without scikit-learn.
    from kd_edge.evaluation.calibration import negative_log_likelihood
    from kd_edge.evaluation.metrics import quadratic_kappa

    guesses = probabilities.argmax(1)
    return EpochFigures(
        epoch=epoch,
        train_loss=train_loss,
        loss=negative_log_likelihood(probabilities, scores),
        accuracy=float((guesses == scores).mean()),
        qwk=quadratic_kappa(scores, guesses, scale.values) if scale.numeric else None,
    )
