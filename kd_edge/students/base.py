"""What every kind of student has: a text stage that is frozen, and a network that is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import torch

from kd_edge_runtime.errors import InputError


class Encoded(Protocol):
    """N responses after the text stage, ready to be cut into batches.

    Attributes:
        padded: whether a batch costs as much as its longest response times B, so that like
            lengths belong together.
    """

    padded: bool

    def __len__(self) -> int:
        """N."""
        ...

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """How much there is of each response, to batch like with like; [N]."""
        ...

    def batch(self, index: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """The network's inputs for the responses at `index`, B of them."""
        ...


class TextStage(Protocol):
    """Turns responses into a network's inputs, the same way for ever."""

    def encode(self, texts: Sequence[str], questions: Sequence[str] = (), /) -> Encoded:
        """Encodes N responses.

        Args:
            texts: the responses.
            questions: the id of the item that each answers; [N]. Only a student of many
                questions needs them.
        """
        ...


class Network(torch.nn.Module):
    """A student's network.

    `forward` takes what `Encoded.batch` gives and returns logits [B, K].
    """

    @property
    def last(self) -> torch.nn.Linear:
        """The layer that gives the logits."""
        return cast(torch.nn.Linear, self.head)

    def penalty(self) -> torch.Tensor:
        """What the network adds to the loss for large weights; nothing by default."""
        return torch.zeros(())


def nothing_shared(texts: Sequence[str], least: int) -> InputError:
    """The error where no word is in so many responses as a vocabulary asks for."""
    return InputError(
        f"none of the words of {len(texts)} responses is in {least} of them: they share nothing "
        "to learn from"
    )


def parameters(network: Network) -> int:
    """How many trained numbers a network has."""
    return sum(parameter.numel() for parameter in network.parameters())
