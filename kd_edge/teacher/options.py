"""The options of a teacher."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from kd_edge_runtime.errors import InputError, printable

_RESPONSES_SEEN = 330 * 16  # optimizer steps that the default teacher wants, at batch 16
# To compare responses with reference answers takes longer to learn than one question's answers.
# A third of SciEntsBank's questions (950 responses) were known by heart after four epochs.
_PAIRS_SEEN, _MOST_PAIRS_EPOCHS = 950 * 16, 8
_PAIRS_RATE, _PAIRS_PATIENCE = 2e-4, 3
_FEWEST_EPOCHS, _MOST_EPOCHS = 4, 8  # with more a teacher learns few responses by heart
_FEWEST_SEEN, _LONGEST = 53 * 16, 20  # but so many steps, in no more than so many epochs
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,3})?|mps")
_LATER = {
    "label_smoothing": 0.0,  # as before there was any
    "micro_batch": None,
    "checkpointing": False,
    "lora": False,
    "lora_rank": None,
    "lora_targets": (),
    "lora_keep": "adapter",
    "four_bit": False,
    "pairs": False,
}


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
        validation: share of each class held out, > 0 and <= 0.5: no teacher learns from it, and
            later stages choose by it.
        patience: None trains to the end of the schedule, whose rates come down to nothing, and
            keeps a moving average of the second half's weights; a number >= 1 stops after so many
            epochs without a better one on the held-out rows, and keeps the best one's.
        class_weights: weigh each class by the inverse of its share, for rare classes.
        label_smoothing: share of each label that is spread over all classes, >= 0 and < 1.
        ordinal_weight: weight of the squared error of the expected score, >= 0; words have no
            such term.
        seed: of the split, the order of the batches, the new head and the dropout.
        precision: "fp32", "bf16", "fp16", or "auto": bf16 where the processor or GPU has
            it, else fp16 on a GPU, else fp32. fp16 needs a GPU.
        device: "cpu", "cuda", "cuda:<number>", "mps", or "auto": cuda where there is one.
        micro_batch: responses that the network reads at a time, >= 1, for less memory: the
            gradients of a step's add up; None for all of the step.
        checkpointing: compute the forward pass twice, for less memory.
        lora: train an adapter beside the language model's frozen weights, and the head.
        lora_rank: of the adapter's matrices, >= 1; None for what suits the model's family.
        lora_targets: names of the linear layers that it adapts, or "all-linear" alone; none for
            those that suit the family.
        lora_keep: "adapter" to keep it by itself, which needs the language model where it is;
            "merged" for a whole model.
        four_bit: hold the frozen weights in 4 bits; needs an NVIDIA GPU.
        pairs: whether the texts are those of `pair_text`: a reference answer and the response.
            Rare classes get more weight then, by the root of what `class_weights` gives them.

    Raises:
        InputError: a value is out of its range, or needs another that is not there.
    """

    model: str = "packaged"
    epochs: int | None = None
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    batch_size: int = 16
    max_length: int = 192
    validation: float = 0.15
    patience: int | None = None
    class_weights: bool = False
    label_smoothing: float = 0.1
    ordinal_weight: float = 0.5
    seed: int = 0
    precision: str = "auto"
    device: str = "auto"
    micro_batch: int | None = None
    checkpointing: bool = False
    lora: bool = False
    lora_rank: int | None = None
    lora_targets: tuple[str, ...] = ()
    lora_keep: str = "adapter"
    four_bit: bool = False
    pairs: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "lora_targets", tuple(self.lora_targets))  # a list in JSON
        wrong = [name for name, fine in self._fine().items() if not fine]
        if wrong:
            values = ", ".join(f"{name} = {getattr(self, name)!r}" for name in wrong)
            raise InputError(f"teacher options out of range: {values}.")
        if not self.lora and self._of_lora:
            raise InputError(
                f"{' and '.join(self._of_lora)}: only with --lora, which trains an adapter beside "
                "the language model's weights."
            )
        if self.four_bit and self.lora_keep == "merged":
            raise InputError(
                "weights in 4 bits cannot be merged with an adapter without loss: leave "
                "--lora-keep merged out, or --4bit."
            )

    @classmethod
    def kept(cls, values: Mapping[str, Any]) -> TeacherOptions:
        """The options that a teacher.json keeps; those that came after it, as it was without them.

        Raises:
            InputError: it has options that this version does not know.
        """
        unknown = sorted({*values} - {one.name for one in fields(cls)})
        if unknown:
            raise InputError(
                f"the teacher was fine-tuned by a newer version of kd-edge, with options that this "
                f"one does not know ({', '.join(map(printable, unknown))})."
            )
        return cls(**{**_LATER, **values})

    @property
    def _of_lora(self) -> list[str]:
        """The options given that only LoRA has, as the command line calls them."""
        given = {
            "--lora-rank": self.lora_rank is not None,
            "--lora-targets": bool(self.lora_targets),
            "--lora-keep merged": self.lora_keep == "merged",
            "--4bit": self.four_bit,
        }
        return [name for name, there in given.items() if there]

    def as_input(self) -> dict[str, Any]:
        """The options by which a stage knows whether it has to run again.

        Those that came after version 0.2.0 only where they change what it did, so that
        what was fine-tuned before them is kept.
        """
        values = asdict(self)
        for name, default in _LATER.items():
            if values[name] == default:
                del values[name]
        return values

    def for_pairs(self) -> TeacherOptions:
        """The options for texts of `pair_text`, as such teachers were measured.

        They have a higher learning rate unless one is given, the best epoch's weights, and labels
        as they are.
        """
        usual = self.learning_rate == TeacherOptions.learning_rate
        return replace(
            self,
            pairs=True,
            learning_rate=_PAIRS_RATE if usual else self.learning_rate,
            patience=_PAIRS_PATIENCE,
            label_smoothing=0.0,
        )

    def _fine(self) -> dict[str, bool]:
        return {
            "epochs": self.epochs is None or self.epochs >= 1,
            "learning_rate": self.learning_rate > 0,
            "head_learning_rate": self.head_learning_rate > 0,
            "batch_size": self.batch_size >= 1,
            "max_length": self.max_length >= 8,
            "validation": 0 < self.validation <= 0.5,
            "patience": self.patience is None or self.patience >= 1,
            "label_smoothing": 0 <= self.label_smoothing < 1,
            "ordinal_weight": self.ordinal_weight >= 0,
            "seed": 0 <= self.seed < 2**32,
            "precision": self.precision in ("auto", "fp32", "bf16", "fp16"),
            "device": bool(_DEVICE.fullmatch(self.device)),
            "micro_batch": self.micro_batch is None or self.micro_batch >= 1,
            "lora_rank": self.lora_rank is None or self.lora_rank >= 1,
            "lora_keep": self.lora_keep in ("adapter", "merged"),
        }

    def epochs_for(self, rows: int) -> int:
        """How many passes to make over so many training rows.

        Args:
            rows: training rows, >= 1.

        Returns:
            `epochs` where it is set; otherwise as many as show the model about 5,280 responses
            (330 steps of 16), at least 4 and at most 8; with fewer than 106 rows as many as show
            it 848, at most 20. An adapter learns more slowly: up to 20 for it. With `pairs`
            15,200, at least 4 and at most 8.
        """
        if self.epochs is not None:
            return self.epochs
        if self.pairs:
            return min(max(-(-_PAIRS_SEEN // rows), _FEWEST_EPOCHS), _MOST_PAIRS_EPOCHS)
        most = _LONGEST if self.lora else max(_MOST_EPOCHS, -(-_FEWEST_SEEN // rows))
        wanted = max(-(-_RESPONSES_SEEN // rows), _FEWEST_EPOCHS)
        return min(wanted, most, _LONGEST)
