"""The options of a teacher."""

from __future__ import annotations

from dataclasses import dataclass

from kd_edge_runtime.errors import InputError

_RESPONSES_SEEN = 330 * 16  # optimizer steps that the default teacher wants, at batch 16
_FEWEST_EPOCHS, _MOST_EPOCHS = 4, 20


@dataclass(frozen=True)
class TeacherOptions:
    """How a teacher is fine-tuned. The defaults are those measured on ASAP-SAS.

    Attributes:
        model: "packaged", a model folder, or a hub name with an optional "@revision".
        epochs: passes over the training rows; None chooses by their number (see `epochs_for`).
        learning_rate: highest learning rate of the language model, > 0.
        head_learning_rate: highest learning rate of a new head, > 0.
        batch_size: responses an optimizer step, >= 1.
        max_length: tokens of a response that are read, >= 8; the rest is cut off.
        validation: share of each class held out to choose the best epoch, > 0 and <= 0.5.
        patience: epochs without a better one after which training stops, >= 1.
        class_weights: weigh each class by the inverse of its share, for rare classes.
        ordinal_weight: weight of the squared error of the expected score, >= 0; words have no
            such term.
        seed: of the split, the order of the batches, the new head and the dropout.
        precision: "fp32", "bf16", "fp16", or "auto": bf16 where the processor or GPU has
            it, else fp16 on a GPU, else fp32. fp16 needs a GPU.
        device: "cpu", "cuda", or "auto": cuda where there is one.

    Raises:
        InputError: a value is out of its range.
    """

    model: str = "packaged"
    epochs: int | None = None
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    batch_size: int = 16
    max_length: int = 192
    validation: float = 0.15
    patience: int = 3
    class_weights: bool = False
    ordinal_weight: float = 0.5
    seed: int = 0
    precision: str = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        wrong = [name for name, fine in self._fine().items() if not fine]
        if wrong:
            values = ", ".join(f"{name} = {getattr(self, name)!r}" for name in wrong)
            raise InputError(f"teacher options out of range: {values}.")

    def _fine(self) -> dict[str, bool]:
        return {
            "epochs": self.epochs is None or self.epochs >= 1,
            "learning_rate": self.learning_rate > 0,
            "head_learning_rate": self.head_learning_rate > 0,
            "batch_size": self.batch_size >= 1,
            "max_length": self.max_length >= 8,
            "validation": 0 < self.validation <= 0.5,
            "patience": self.patience >= 1,
            "ordinal_weight": self.ordinal_weight >= 0,
            "seed": 0 <= self.seed < 2**32,
            "precision": self.precision in ("auto", "fp32", "bf16", "fp16"),
            "device": self.device in ("auto", "cpu", "cuda"),
        }

    def epochs_for(self, rows: int) -> int:
        """How many passes to make over so many training rows.

        Args:
            rows: training rows, >= 1.

        Returns:
            `epochs` where it is set; otherwise as many as show the model about 5,280 responses
            (330 steps of 16), at least 4 and at most 20.
        """
        if self.epochs is not None:
            return self.epochs
        wanted = -(-_RESPONSES_SEEN // rows)
        return min(max(wanted, _FEWEST_EPOCHS), _MOST_EPOCHS)
