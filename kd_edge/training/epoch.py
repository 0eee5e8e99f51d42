"""The figures of an epoch of training."""

from __future__ import annotations

from dataclasses import dataclass


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
