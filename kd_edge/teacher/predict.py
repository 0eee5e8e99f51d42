"""Score texts with a fine-tuned teacher."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import torch

from kd_edge.console.progress import Tracker, track
from kd_edge.teacher.batches import by_length, pad, pad_id
from kd_edge.teacher.card import read_card
from kd_edge.teacher.classifier import TeacherModel, load_teacher
from kd_edge.teacher.compute import Compute, choose_compute
from kd_edge.teacher.language_model import Loading, check_four_bits
from kd_edge.training.threads import computing
from kd_edge_runtime.errors import InputError

# Texts tokenised at a time: the token ids of 50,000 variants are not held all at once, and
# sorting so many by length already leaves next to no padding.
_CHUNK = 4096
_BATCH = 64  # texts that the network takes at a time


def predict(
    teacher: Path | TeacherModel,
    texts: Sequence[str],
    precision: str = "auto",
    progress: str | None = None,
    device: str = "auto",
    base: str | None = None,
) -> np.ndarray:
    """Score texts.

    Args:
        teacher: a folder that `finetune` wrote, or the model.
        texts: N texts.
        precision: "fp32", "bf16", "fp16" or "auto", as in `TeacherOptions`.
        progress: what to call the work in the progress display; None shows none.
        device: as in `TeacherOptions`.
        base: the language model of a folder's adapter, if it has moved; see `load_teacher`.

    Returns:
        Class probabilities, float32 [N, K]; each row sums to 1.

    Raises:
        InputError: the folder holds no finished teacher, or this machine cannot compute so.
    """
    compute = choose_compute(device, precision)
    model = load_to_predict(teacher, compute, base) if isinstance(teacher, Path) else teacher
    model.to(compute.device).eval()
    parts = []
    shown = track(progress, len(texts)) if progress else nullcontext()
    with computing(), shown as tracker:
        for start in range(0, len(texts), _CHUNK):
            ids = model.encode(texts[start : start + _CHUNK])
            parts.append(predict_ids(model, ids, compute, tracker))
    return np.concatenate(parts) if parts else _no_rows(model)


def load_to_predict(folder: Path, compute: Compute, base: str | None = None) -> TeacherModel:
    """Load a teacher that scores so, a decoder's weights in no more than its precision.

    An adapter that was trained beside 4-bit weights is used beside such where there can be some,
    and otherwise beside the floats that they stand for.

    Args:
        folder: the teacher's.
        compute: where and in which precision it will score.
        base: see `load_teacher`, as for the errors.
    """
    adapter, loading = read_card(folder).adapter, Loading(compute.low)
    if adapter is not None and adapter.four_bit:
        with suppress(InputError):
            check_four_bits(compute.device)
            loading = Loading(compute.low, compute.device)
    return load_teacher(folder, loading, base)


def predict_ids(
    model: TeacherModel,
    ids: Sequence[Sequence[int]],
    compute: Compute,
    tracker: Tracker | None = None,
) -> np.ndarray:
    """Score token ids with a model in evaluation mode.

    Args:
        model: the teacher, on `compute.device`.
        ids: N lists of token ids, none empty.
        compute: the precision to score in.
        tracker: advanced by each text scored.

    Returns:
        Class probabilities, float32 [N, K]; each row sums to 1.
    """
    fill = pad_id(model.tokenizer)
    found = _no_rows(model, len(ids))
    # One context around all batches, and not inference_mode: torch then keeps the weights in the
    # low precision instead of casting them for every batch.
    with torch.no_grad(), compute.autocast():
        for batch in by_length(ids, _BATCH):
            logits = model(*pad(ids, batch, fill, compute.device))
            # softmax in double precision, so that a row's sum is 1 to the last bit of float32; on
            # the CPU, since not every GPU has it
            found[batch] = logits.cpu().double().softmax(-1).numpy()
            if tracker is not None:
                tracker.advance(len(batch))
    return found


def _no_rows(model: TeacherModel, rows: int = 0) -> np.ndarray:
    return np.zeros((rows, model.classes), dtype=np.float32)
