"""A student: a text stage that is frozen, and a network that is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.data.responses import Scale
from kd_edge_runtime.bundle.manifest import Flags

# Responses that share a batch are padded to its longest, which has at most so many times the
# tokens of its shortest, and a few more: of a few responses the longest would be nearly all.
_LONGER, _MORE = 1.5, 8


class Encoded(Protocol):
    """N responses after the text stage, ready to be cut into batches.

    Attributes:
        padded: whether a batch costs as much as its longest response times B, so that like
            lengths belong together.
        lengths: how much there is of each response; int64 [N].
    """

    padded: bool
    lengths: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """N."""

    def batch(self, index: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """The network's inputs for the responses at `index`, B of them."""


class TextStage(Protocol):
    """Turns responses into a network's inputs, the same way for ever."""

    def encode(self, texts: Sequence[str], questions: Sequence[str] = (), /) -> Encoded:
        """Encodes N responses; a student of many questions needs the id of each one's item."""


class Network(torch.nn.Module):
    """A student's network.

    `forward` takes what `Encoded.batch` gives and returns logits [B, K].
    """

    @property
    def last(self) -> torch.nn.Linear:
        """The layer that gives the logits."""
        return cast(torch.nn.Linear, self.head)

    @property
    def new_parameters(self) -> list[torch.nn.Parameter]:
        """Those that may learn faster than the others, which were trained before; by default none.

        See `Recipe.head_rate`.
        """
        return []

    def with_vectors(self, *_inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [B, K], and a vector [B, D] of each response that is to be near to the teacher's.

        Only of kinds that have `teacher_vectors`.
        """
        raise NotImplementedError("this network has no vectors of responses")

    def penalty(self) -> torch.Tensor:
        """What the network adds to the loss for large weights; nothing by default."""
        return torch.zeros(())


@dataclass(frozen=True)
class Student:
    """A trained student of one item.

    Attributes:
        kind: one of `registry.REGISTRY`.
        decision: how probabilities become a class, see the runtime's manifest.
        options: the kind's options, a dataclass.
        text: the frozen text stage, a `TextStage` of the kind.
        network: the trained network, in evaluation mode.
        provenance: what it was trained on and how, JSON types.
        held_out: ids of the responses by which its best epoch was chosen and that it did not
            learn from; they stay in the workshop.
        flags: what responses and scores are flagged by; a prompt's pairs of words are added at
            the export.
        markup: whether responses are rich text, which devices turn to plain text first.
    """

    kind: str
    item_id: str
    scale: Scale
    decision: str
    options: Any
    text: Any
    network: Network
    provenance: dict[str, Any]
    held_out: tuple[str, ...] = ()
    flags: Flags = field(default_factory=Flags)
    markup: bool = False

    @property
    def parameters(self) -> int:
        """Trained numbers in the network."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def probabilities(
        self, texts: Sequence[str], questions: Sequence[str] = ()
    ) -> npt.NDArray[np.float32]:
        """The probability of each class by PyTorch, as `probabilities`; float32 [N, K].

        The questions are the student's own item by default.
        """
        items = questions or (self.item_id,) * len(texts)
        return probabilities(self.network, self.text, texts, items)


def probabilities(
    network: Network,
    text: TextStage,
    texts: Sequence[str],
    questions: Sequence[str] = (),
    batch_size: int = 64,
) -> npt.NDArray[np.float32]:
    """The probabilities that a network gives the classes of N responses.

    Args:
        network: left in evaluation mode.
        text: its text stage.
        texts: the responses.
        questions: the id of the item that each response answers; [N].
        batch_size: responses that the network takes at a time, >= 1.

    Returns:
        Float32 [N, K].
    """
    encoded = text.encode(texts, questions)
    device = network.last.weight.device
    results = np.zeros((len(texts), network.last.out_features), dtype=np.float32)
    network.eval()
    most = _LONGER * encoded.lengths + _MORE if encoded.padded else None
    with torch.inference_mode():
        for index in _batches(encoded.lengths, most, batch_size):
            batch = (part.to(device) for part in encoded.batch(index))
            results[index] = network(*batch).softmax(-1).cpu().numpy()
    return results


def _batches(
    lengths: npt.NDArray[np.int64], most: npt.NDArray[np.floating] | None, size: int
) -> Iterator[npt.NDArray[np.int64]]:
    """The places of N responses in batches of like lengths, shortest first.

    Args:
        lengths: of each; [N].
        most: how long those may be that share a batch of which each is the shortest, [N]; None for
            any length.
        size: the most responses of a batch.
    """
    order = np.argsort(lengths, kind="stable")
    ascending = lengths[order]
    start = 0
    while start < len(order):
        end = start + size
        if most is not None:
            fitting = np.searchsorted(ascending, most[order[start]], side="right")
            end = min(end, int(fitting))
        yield order[start:end]
        start = end
