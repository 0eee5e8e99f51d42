"""Score variants with the teacher, chunk by chunk, so that little is lost when it is stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kd_edge.console.model_names import RESEARCH, ModelNames
from kd_edge.console.progress import say, track
from kd_edge.soft_labels.labels import (
    Probabilities,
    probability_cells,
    refuse_problems,
    repeated_ids,
    write_probabilities,
)
from kd_edge.soft_labels.table import read_label_table
from kd_edge.stages.lock import held
from kd_edge.stages.record import StoppedError, hash_folder, hash_json
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.files import atomic_write, plain_write_errors

CHUNK = 1024
"""Variants scored between two writes: 5 to 10 seconds of work on two cores."""

_ORDER = "longest first"


@dataclass(frozen=True, eq=False)
class Variants:
    """Variants of responses, and the teacher's soft labels for them.

    Attributes:
        texts: N responses.
        probabilities: float [N, K]; rows sum to 1.
        questions: the id of the item that each answers; empty if all answer the same item.
    """

    texts: tuple[str, ...]
    probabilities: Probabilities
    questions: tuple[str, ...] = ()


def label_variants(
    texts: Sequence[str],
    teachers: Sequence[Path],
    path: Path,
    precision: str = "auto",
    names: ModelNames = RESEARCH,
    device: str = "auto",
    base: str | None = None,
) -> Variants:
    """Score variants, and write them as CSV: variant_id, text and each class in a column p_<class>.

    They are scored longest first, so that a batch holds next to no padding and the time left is
    never underestimated, and written in their own order. Scores are saved at once in a partial
    file beside `path`; the same call after an interruption resumes from it and writes the same
    file as an uninterrupted one. It stays until `clear_partial`.

    Args:
        texts: N variants.
        teachers: folders of fine-tuned teachers of the same classes. Each scores its share of
            the variants: a student learns from them all, and no variant is scored twice.
        path: the file to write.
        precision: "fp32", "bf16", "fp16" or "auto", as in `TeacherOptions`.
        names: what progress calls the teacher.
        device: where they compute, as in `TeacherOptions`.
        base: the language model of their adapters, if it has moved; see `load_teacher`.

    Returns:
        What the file holds: probabilities of 6 decimals, normalised, float64.

    Raises:
        InputError: a folder holds no teacher, or the file cannot be written or is in use.
        StoppedError: the user pressed Ctrl-C; the same call resumes.
    """
    with held(path, "scoring variants"):
        return _label_variants(texts, teachers, path, precision, names, device, base)


def clear_partial(path: Path) -> None:
    """Remove the partial file beside a file of variants that is finished, or not wanted."""
    _partial_of(path).unlink(missing_ok=True)


def _partial_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _label_variants(
    texts: Sequence[str],
    teachers: Sequence[Path],
    path: Path,
    precision: str,
    names: ModelNames,
    device: str,
    base: str | None,
) -> Variants:
    from kd_edge.teacher.card import read_card
    from kd_edge.teacher.compute import choose_compute
    from kd_edge.teacher.predict import load_to_predict
    from kd_edge.teacher.predict_onnx import fastest
    from kd_edge.training.threads import computing, free_threads

    compute = choose_compute(device, precision)
    classes = read_card(teachers[0]).classes
    hashes = [hash_folder(teacher) for teacher in teachers]
    key = hash_json([hashes, list(texts), precision, CHUNK, _ORDER])
    partial = _Partial(_partial_of(path), key)
    threads, scored = partial.read(free_threads())
    order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    done = len(scored)
    shown = track(f"scoring variants with the {names.teacher}", len(texts), done)
    try:
        with computing(threads), shown as tracker:
            by_length = [texts[at] for at in order]
            models = [
                fastest(load_to_predict(teacher, compute, base), by_length, precision, device)
                for teacher in teachers
            ]
            for start in range(done, len(texts), CHUNK):
                chunk = order[start : start + CHUNK]
                part = np.empty((len(chunk), len(classes)))
                for turn, predict in enumerate(models):
                    own = [place for place, at in enumerate(chunk) if at % len(models) == turn]
                    share = [texts[chunk[place]] for place in own]
                    if share:
                        part[own] = predict(share)
                cells = [probability_cells(row) for row in part]
                partial.append(cells)
                scored += cells
                tracker.advance(len(chunk))
    except KeyboardInterrupt:
        raise StoppedError(
            "Scoring the variants was stopped. Start the same command again to resume."
        ) from None
    ids = (f"v{at:06d}" for at in range(len(texts)))
    by_variant = dict(zip(order, scored, strict=True))
    own_order = [by_variant[at] for at in range(len(texts))]
    write_probabilities(path, ("variant_id", "text"), zip(ids, texts), classes, own_order)
    return read_variants(path, classes)


def read_variants(path: Path, classes: Sequence[str]) -> Variants:
    """Read labelled variants, of our teacher or of another model.

    Args:
        path: a file that `label_variants` wrote, or a file of labels with a column `text`.
        classes: the K class names in order.

    Returns:
        The variants in the order of the file; probabilities float64.

    Raises:
        TableError: all problems, each with its row and column.
        InputError: the file cannot be read as text.
    """
    table = read_label_table(path, classes)
    pairs = zip(table.rows, table.texts)
    empty = [Problem("empty", row=row, column="text") for row, text in pairs if not text.strip()]
    refuse_problems(table, [*repeated_ids(table), *empty])
    return Variants(table.texts, table.probabilities)


class _Partial:
    """Chunks scored so far: a line with key and threads, then a line a chunk.

    Each line is JSON after a hash of it and of the line before, so that none that is missing, cut
    short or changed is taken for what was written.

    Args:
        path: the file.
        key: hash of all that decides the scores.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self._key = path, key
        self._last = ""  # the hash of the last line

    def read(self, threads: int) -> tuple[int, list[list[str]]]:
        """The threads that this work began with, or else these, and its complete chunks' cells."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            # Its name can be foretold: what somebody put there is neither followed nor waited for.
            with plain_write_errors(self.path):
                self.path.unlink()
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        values = self._whole(lines)
        if not values or values[0][0] != self._key:
            first = [self._key, threads]
            self._last = ""
            lines, values = [self._line(first)], [first]
        if damaged := len(lines) - len(values):
            say(f"{damaged} of {len(lines) - 1} parts of the scores of variants are damaged or cut "
                "short: made again.")  # fmt: skip
        with atomic_write(self.path, binary=True, private=True) as file:
            file.writelines(lines[: len(values)])
        return values[0][1], [row for part in values[1:] for row in part]

    def append(self, cells: Sequence[Sequence[str]]) -> None:
        """Add a chunk; it is on the disk when this returns."""
        with plain_write_errors(self.path), self.path.open("ab") as file:
            file.write(self._line(cells))
            file.flush()
            os.fsync(file.fileno())

    def _whole(self, lines: Sequence[bytes]) -> list[Any]:
        """What the lines say, up to the first that is not as it was written."""
        values: list[Any] = []
        for line in lines:
            before = self._last
            try:
                values.append(json.loads(line.partition(b" ")[2]))
            except (ValueError, RecursionError):
                break
            if self._line(values[-1]) != line:
                self._last = before
                values.pop()
                break
        return values

    def _line(self, value: Any) -> bytes:
        self._last = hash_json([self._last, value])
        return f"{self._last} {json.dumps(value)}\n".encode("ascii")
