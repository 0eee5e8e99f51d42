"""A student as a folder: `student.json`, `weights.safetensors` and its frozen text stage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from kd_edge.data.responses import Scale
from kd_edge.files import atomic_folder, write_json
from kd_edge.students import kinds
from kd_edge.students.base import Network, TextStage, parameters
from kd_edge.students.kinds import Options
from kd_edge_runtime.bundle.manifest import Flags
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.text.vocabulary import BagVocabulary

DESCRIPTION = "student.json"
_WEIGHTS = "weights.safetensors"
_VOCABULARY = "vocabulary.bin"
_TOKENIZER = "tokenizer.json"
# Kinds whose text stage is a vocabulary of n-grams, and not a tokenizer.
_NGRAMS = ("bag", "pairs")
MARKERS = (DESCRIPTION, _WEIGHTS)
"""Files, one of which shows that a folder is a student's and may be replaced."""


@dataclass(frozen=True)
class Student:
    """A trained student of one item.

    Attributes:
        kind: one of `kinds.KINDS`.
        item_id: the item it scores.
        scale: the item's classes.
        decision: how probabilities become a class, see the runtime's manifest.
        options: the kind's options.
        text: the frozen text stage.
        network: the trained network, in evaluation mode.
        provenance: what it was made from and how, JSON types.
        held_out: ids of the responses that it did not learn from and was chosen by; they stay
            in the workshop.
        flags: what responses and scores are flagged by; a prompt's pairs of words come with the
            export.
    """

    kind: str
    item_id: str
    scale: Scale
    decision: str
    options: Options
    text: TextStage
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
    """The probabilities that a network gives the classes of N responses; float32 [N, K]."""
    encoded = text.encode(texts, questions)
    found = np.zeros((len(texts), classes), dtype=np.float32)
    network.eval()
    order = np.argsort(encoded.lengths, kind="stable")
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            index = order[start : start + batch_size]
            found[index] = network(*encoded.batch(index)).softmax(-1).numpy()
    return found


def save(student: Student, folder: Path) -> None:
    """Writes a student's folder, whole or not at all.

    Raises:
        InputError: the folder cannot be written, or holds something else.
    """
    with atomic_folder(folder, MARKERS) as new:
        state = {name: part.contiguous() for name, part in student.network.state_dict().items()}
        save_file(state, new / _WEIGHTS)
        description: dict[str, Any] = {
            "kind": student.kind,
            "item_id": student.item_id,
            "classes": list(student.scale.classes),
            "numeric": student.scale.numeric,
            "decision": student.decision,
            "options": asdict(student.options),
            "parameters": student.parameters,
            "provenance": student.provenance,
            "held_out": list(student.held_out),
            "flags": asdict(student.flags),
        }
        if student.kind in _NGRAMS:
            vocabulary = student.text.vocabulary
            (new / _VOCABULARY).write_bytes(vocabulary.to_bytes())
            description["sizes"] = vocabulary.sizes
        else:
            (new / _TOKENIZER).write_text(student.text.tokenizer.to_str(), encoding="utf-8")
        write_json(new / DESCRIPTION, description)


def load(folder: Path) -> Student:
    """Reads a student's folder.

    Raises:
        InputError: it is not such a folder, or a part of it is missing or damaged.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        inside = folder / "student"
        hint = f"; do you mean {inside}?" if (inside / DESCRIPTION).is_file() else ""
        raise InputError(f"{folder}: no student's folder (it has no {DESCRIPTION}){hint}")
    try:
        return _load(folder, json.loads(path.read_text(encoding="utf-8")))
    except PermissionError as error:
        raise InputError(f"{error.filename or folder}: you may not read this file") from None
    except Exception as error:  # whatever json, safetensors and tokenizers call it
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> InputError:
    why = type(error).__name__
    if isinstance(error, FileNotFoundError):
        why = f"it has no {Path(error.filename or _WEIGHTS).name}"  # safetensors names no file
    elif isinstance(error, KdEdgeError):
        why = str(error)
    return InputError(f"{folder}: this student is damaged or half written ({why}): distil it again")


def _load(folder: Path, raw: dict[str, Any]) -> Student:
    kind = raw["kind"]
    options = kinds.options(kind, raw["options"])
    text: kinds.TextParts
    if kind in _NGRAMS:
        data = (folder / _VOCABULARY).read_bytes()
        text = BagVocabulary.from_bytes(data, options.gram, raw["sizes"])
    else:
        text = Tokenizer.from_file(str(folder / _TOKENIZER))
    stage, network = kinds.assemble(kind, text, len(raw["classes"]), options)
    network.load_state_dict(load_file(folder / _WEIGHTS))
    network.eval()
    return Student(
        kind=kind,
        item_id=raw["item_id"],
        scale=Scale(tuple(raw["classes"]), raw["numeric"]),
        decision=raw["decision"],
        options=options,
        text=stage,
        network=network,
        provenance=raw["provenance"],
        held_out=tuple(raw.get("held_out", ())),
        flags=Flags.from_json(raw.get("flags", {}), DESCRIPTION),
    )
