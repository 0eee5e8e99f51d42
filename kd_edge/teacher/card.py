"""teacher.json: the description of a teacher in its folder."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from kd_edge.data.responses import Scale
from kd_edge.files import read_json, write_json
from kd_edge.teacher.prompt import Prompt
from kd_edge.training.epoch import EpochFigures
from kd_edge_runtime.errors import InputError, missing_file

# What scoring with a teacher needs: its numbers and its tokenizer.
_NEEDED = ("*.safetensors", "tokenizer.json")

CARD = "teacher.json"


@dataclass(frozen=True)
class AdapterBase:
    """The language model that an adapter belongs to, and which the teacher's folder lacks.

    Attributes:
        model: "packaged", a name on the hub with its revision, or where its folder is, seen from
            the teacher's: both can be moved together.
        parameters: its weights, and its head's.
        bytes: of the files that scoring with it needs.
        four_bit: whether its weights were held in 4 bits.
    """

    model: str
    parameters: int
    bytes: int
    four_bit: bool = False


@dataclass(frozen=True)
class TeacherCard:
    """A teacher's classes, options, held-out rows and training history.

    Attributes:
        classes: the class names, in the order of the network's outputs.
        numeric: whether they are points.
        max_length: tokens of a response that are read.
        base: the language model's name on any machine.
        base_revision: its commit on the hub, or None.
        base_sha256: the hash of its files.
        options: the `TeacherOptions` it was fine-tuned with, paths shortened.
        validation_ids: the rows that were held out; later stages hold out the same.
        best_epoch: the epoch whose weights were kept, from 1.
        history: the figures of each epoch.
        prompt: what a decoder-only model reads beside the response, and how; None for nothing.
        adapter: where the rest of a teacher is that was kept as an adapter; None for a whole one.
        key: hash of all that decided the outcome, as in a checkpoint; "" where version 0.2 wrote
            it.
    """

    classes: tuple[str, ...]
    numeric: bool
    max_length: int
    base: str
    base_revision: str | None
    base_sha256: str
    options: dict[str, Any]
    validation_ids: tuple[str, ...]
    best_epoch: int
    history: tuple[EpochFigures, ...]
    prompt: Prompt | None = None
    adapter: AdapterBase | None = None
    key: str = ""

    @property
    def pairs(self) -> bool:
        """Whether it reads a reference answer beside each response, as a teacher of many items."""
        return bool(self.options.get("pairs"))

    @property
    def scale(self) -> Scale:
        """The scale whose classes the network's outputs stand for."""
        return Scale(self.classes, self.numeric)

    @property
    def validation(self) -> EpochFigures:
        """The validation figures of the weights that were kept."""
        return self.history[self.best_epoch - 1]

    def write(self, folder: Path) -> None:
        """Write teacher.json.

        Raises:
            InputError: the file cannot be written.
        """
        values = asdict(self)
        for name in ("prompt", "adapter"):  # which version 0.2.0 does not know
            if values[name] is None:
                del values[name]
        write_json(folder / CARD, values)


def read_card(folder: Path) -> TeacherCard:
    """Read the teacher.json in a teacher's folder, without loading its network.

    Raises:
        InputError: the folder holds no finished teacher.
    """
    path = folder / CARD
    try:
        raw = read_json(path)
        raw["history"] = tuple(EpochFigures(**figures) for figures in raw["history"])
        raw["options"] = dict(raw["options"])
        for name in ("classes", "validation_ids"):
            raw[name] = tuple(raw[name])
        for name, kind in (("prompt", Prompt), ("adapter", AdapterBase)):
            if raw.get(name) is not None:
                raw[name] = kind(**raw[name])
        return TeacherCard(**raw)
    except (FileNotFoundError, NotADirectoryError) as error:
        if not folder.exists():
            raise missing_file(folder, "folder", "name the folder of a teacher") from error
        raise InputError(
            f"'{folder}' holds no {CARD}: it is not a teacher, or one that is not finished yet."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, InputError) as error:
        raise InputError(f"'{path}' is damaged; fine-tune the teacher again.") from error


def read_item_card(folder: Path) -> TeacherCard:
    """As `read_card`, for whoever lets a teacher read responses alone.

    Raises:
        InputError: the folder holds no finished teacher, or one that reads a reference answer
            beside each response.
    """
    card = read_card(folder)
    if card.pairs:
        raise InputError(
            f"'{folder}' was fine-tuned for many items together (run --together): it reads a "
            "reference answer beside each response, and here a teacher reads responses alone. Take "
            "one that was fine-tuned for this item (kd-edge teacher); what such a teacher labels, "
            "and small models from it, 'kd-edge run --together' makes"
        )
    return card


def teacher_size(folder: Path) -> tuple[int, int]:
    """Parameters of a finished teacher and the bytes that scoring with it needs.

    An adapter's are those of its language model too.
    """
    parameters = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (not a mapping)
                parameters += math.prod(tensors.get_slice(name).get_shape())
    size = sum(file.stat().st_size for pattern in _NEEDED for file in folder.glob(pattern))
    base = read_card(folder).adapter
    return (parameters, size) if base is None else (parameters + base.parameters, size + base.bytes)
