"""A trained student, and the probabilities that its network gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.data.responses import Scale
from kd_edge.students.base import Network, TextStage, parameters
from kd_edge_runtime.bundle.manifest import Flags


@dataclass(frozen=True)
class Student:
    """A trained student of one item.

    Attributes:
        kind: one of `kinds.REGISTRY`.
        item_id: the item it scores.
        scale: the item's classes.
        decision: how probabilities become a class, see the runtime's manifest.
        options: the kind's options, a dataclass.
        text: the frozen text stage, a `TextStage` of the kind.
        network: the trained network, in evaluation mode.
        provenance: what it was trained on and how, JSON types.
        held_out: ids of the responses by which its best epoch was chosen and that it did not
            learn from; they stay in the workshop.
        flags: what responses and scores are flagged by; a prompt's pairs of words are added at
            the export.
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

    @property
    def parameters(self) -> int:
        """Trained numbers in the network."""
        return parameters(self.network)

    def probabilities(
        self, texts: Sequence[str], questions: Sequence[str] = ()
    ) -> npt.NDArray[np.float32]:
        """The probability of each class, by PyTorch in fp32.

        Args:
            texts: N responses.
            questions: the id of the item that each answers; by default the student's own.

        Returns:
            Float32 [N, K].
        """
        items = questions or (self.item_id,) * len(texts)
        return probabilities(self.network, self.text, texts, len(self.scale.classes), items)


def probabilities(
    network: Network,
    text: TextStage,
    texts: Sequence[str],
    classes: int,
    questions: Sequence[str] = (),
    batch_size: int = 64,
) -> npt.NDArray[np.float32]:
    """The probabilities that a network gives the classes of N responses.

    Args:
        network: a network; left in evaluation mode.
        text: its text stage.
        texts: the responses.
        classes: K.
        questions: the id of the item that each response answers; see `TextStage.encode`.
        batch_size: responses that the network takes at a time, >= 1.

    Returns:
        Float32 [N, K].
    """
    encoded = text.encode(texts, questions)
    found = np.zeros((len(texts), classes), dtype=np.float32)
    network.eval()
    order = np.argsort(encoded.lengths, kind="stable")
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            index = order[start : start + batch_size]
            found[index] = network(*encoded.batch(index)).softmax(-1).numpy()
    return found
