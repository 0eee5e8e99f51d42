"""What a teacher's last layer says of responses, kept for a run that is stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.console.progress import Tracker, say, track
from kd_edge.files import make_folder, read_json, write_json
from kd_edge.stages.record import StoppedError, hash_folder, hash_json
from kd_edge.teacher.batches import by_length, pad, pad_id
from kd_edge.teacher.classifier import TeacherModel, build, load_teacher
from kd_edge.teacher.compute import Compute, choose_compute
from kd_edge.teacher.families import reads_prompts
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.source import resolve
from kd_edge.training.tensors import DamagedError, Written, read_tensors, save_tensors
from kd_edge.training.threads import computing
from kd_edge_runtime.errors import InputError

_BATCH = 64  # texts that the network takes at a time
_TOKENS = TeacherOptions().max_length
_DESCRIPTION = "what the language model makes of responses"
_NAME = "vectors"


def kept_vectors(teacher: Path, texts: Sequence[str], folder: Path) -> npt.NDArray[np.float32]:
    """The mean of a teacher's last vectors over the tokens of each response.

    Args:
        teacher: the folder of a fine-tuned teacher.
        texts: N responses.
        folder: where they are kept; made where missing. A second call reads them there.

    Returns:
        [N, D].

    Raises:
        InputError: the folder holds no finished teacher, or they cannot be written.
        StoppedError: the user stopped it.
    """
    path = folder / f"{hash_json([hash_folder(teacher), list(texts)])[:16]}.safetensors"
    record = path.with_suffix(".json")  # its hash, so that none that was changed is taken
    try:
        written = Written(**read_json(record))
        kept: npt.NDArray[np.float32] = read_tensors(path, written)[_NAME].numpy()
        return kept
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, KeyError, DamagedError):
        say(f"What was kept of {_DESCRIPTION} is damaged: made again.")
    vectors = _computed(load_teacher(teacher), texts)
    make_folder(folder)
    write_json(record, asdict(save_tensors(path, {_NAME: vectors})))
    found: npt.NDArray[np.float32] = vectors.numpy()
    return found


def language_vectors(model: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """The mean of the last vectors of a language model that was not fine-tuned; see `kept_vectors`.

    Args:
        model: as in `TeacherOptions`; not a decoder, whose early tokens see nothing of the late.
        texts: N responses.

    Returns:
        [N, D].

    Raises:
        InputError: the model is not there, or is a decoder.
        StoppedError: the user stopped it.
    """
    source = resolve(model)
    if reads_prompts(source.folder):
        raise InputError(
            f"the language model '{source.name}' reads from left to right, and its vectors compare "
            "no responses: choose an encoder, like --model packaged"
        )
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    bare = build(source.folder, ("0", "1"), _TOKENS, 0).eval()
    found: npt.NDArray[np.float32] = _computed(bare, texts).numpy()
    return found


def _computed(model: TeacherModel, texts: Sequence[str]) -> torch.Tensor:
    compute = choose_compute("auto", "auto")
    try:
        with computing(), track(_DESCRIPTION, len(texts)) as tracker:
            return _vectors(model.to(compute.device), texts, compute, tracker)
    except KeyboardInterrupt:
        raise StoppedError("Stopped. Start the same command again to resume.") from None


def _vectors(
    model: TeacherModel, texts: Sequence[str], compute: Compute, tracker: Tracker
) -> torch.Tensor:
    ids = model.encode(texts)
    fill = pad_id(model.tokenizer)
    parts: dict[int, torch.Tensor] = {}
    with torch.no_grad(), compute.autocast():
        for batch in by_length(ids, _BATCH):
            _, vectors = model.with_vectors(*pad(ids, batch, fill, compute.device))
            parts.update(zip(batch, vectors.cpu(), strict=True))
            tracker.advance(len(batch))
    return torch.stack([parts[at] for at in range(len(texts))])
