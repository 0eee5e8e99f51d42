"""Score variants with the teacher, a chunk at a time, so that little is lost when stopped."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kd_edge.console.progress import track
from kd_edge.soft_labels.labels import (
    probability_cells,
    probability_columns,
    repeated_ids,
    table_error,
)
from kd_edge.soft_labels.table import read_label_table
from kd_edge.stages.record import StoppedError, hash_folder, hash_json
from kd_edge_runtime.errors import Problem
from kd_edge_runtime.files import atomic_write, plain_write_errors

CHUNK = 1024
"""Variants scored between two writes: 5 to 10 seconds of work on two cores."""


@dataclass(frozen=True, eq=False)
class Variants:
    """New responses and what the teacher says of them.

    Attributes:
        texts: N responses.
        probabilities: float [N, K]; rows sum to 1.
        questions: the id of the item that each answers; none where all answer the same one.
    """

    texts: tuple[str, ...]
    probabilities: np.ndarray
    questions: tuple[str, ...] = ()


def label_variants(
    texts: Sequence[str],
    teachers: Sequence[Path],
    path: Path,
    batch_size: int = 64,
    precision: str = "auto",
    device: str = "auto",
) -> Variants:
    """Score variants and write them as CSV: variant_id, text and a column p_<class> each.

    What is scored goes at once into a partial file beside `path`; the same call after an
    interruption goes on there and writes the very file of an uninterrupted one.

    Args:
        texts: N variants.
        teachers: folders of fine-tuned teachers of the same classes. Each scores its share of
            the variants: a student hears them all, and no variant is scored twice.
        path: the file to write.
        batch_size: texts the network takes at a time, >= 1.
        precision: "fp32", "bf16", "fp16" or "auto", as in `TeacherOptions`.
        device: "cpu", "cuda" or "auto".

    Returns:
        What the file holds: probabilities of 6 decimals, normalised, float64.

    Raises:
        InputError: a folder holds no teacher, or the file cannot be written.
        StoppedError: the user pressed Ctrl-C; the same call goes on.
    """
    from kd_edge.teacher.card import read_card
    from kd_edge.teacher.predict import load_teacher, predict

    classes = read_card(teachers[0]).classes
    hashes = [hash_folder(teacher) for teacher in teachers]
    key = hash_json([hashes, list(texts), batch_size, precision, device, CHUNK])
    partial = _Partial(path.with_name(f".{path.name}.partial"), key)
    try:
        found = partial.read()
        done = sum(len(part) for part in found)
        with track("scoring variants with the teacher", len(texts), done) as tracker:
            models = [load_teacher(teacher) for teacher in teachers]
            for start in range(done, len(texts), CHUNK):
                chunk = texts[start : start + CHUNK]
                part = np.empty((len(chunk), len(classes)))
                for turn, model in enumerate(models):
                    share = chunk[turn :: len(models)]
                    if share:
                        part[turn :: len(models)] = predict(
                            model, share, batch_size, precision, device=device
                        )
                found.append(partial.append(part))
                tracker.advance(len(chunk))
    except KeyboardInterrupt:
        raise StoppedError(
            "Scoring the variants was stopped. Start the same command again and it goes on."
        ) from None
    _write(path, texts, classes, found)
    partial.remove()
    return read_variants(path, classes)


def read_variants(path: Path, classes: Sequence[str], row_ids: Collection[str] = ()) -> Variants:
    """Read labelled variants, ours or another's.

    Args:
        path: a file that `label_variants` wrote, or a file of labels with a column `text`.
        classes: the K class names in order.
        row_ids: ids of real responses, whose rows are passed over.

    Returns:
        The variants in the order of the file; probabilities float64.

    Raises:
        TableError: with all that is wrong, each with its row and column.
        InputError: the file cannot be read as text.
    """
    table = read_label_table(path, classes)
    real = set(row_ids)
    kept = [at for at, name in enumerate(table.ids) if name not in real]
    problems = [*table.problems, *repeated_ids(table)]
    problems += [
        Problem("empty", row=table.rows[at], column="text")
        for at in kept
        if not table.texts[at].strip()
    ]
    if problems:
        raise table_error(table, problems)
    return Variants(tuple(table.texts[at] for at in kept), table.probabilities[kept])


class _Partial:
    """Chunks scored so far: a line with the key, then a line of JSON a chunk."""

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.key = key

    def read(self) -> list[list[list[str]]]:
        """The chunks of this very work that are whole; anything else in the file is dropped."""
        first = json.dumps(self.key).encode("ascii") + b"\n"
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        good = [line for line in lines if line.endswith(b"\n")]  # the last may be cut short
        if good[:1] != [first]:
            good = [first]
        with atomic_write(self.path, binary=True) as file:
            file.writelines(good)
        return [json.loads(line) for line in good[1:]]

    def append(self, part: np.ndarray) -> list[list[str]]:
        """Add a chunk; it is on the disk when this returns."""
        cells = [probability_cells(row) for row in part]
        with plain_write_errors(self.path), self.path.open("ab") as file:
            file.write(json.dumps(cells).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return cells

    def remove(self) -> None:
        """Drop the file: the finished one is there."""
        self.path.unlink(missing_ok=True)


def _write(
    path: Path, texts: Sequence[str], classes: Sequence[str], found: Sequence[list[list[str]]]
) -> None:
    cells = [row for chunk in found for row in chunk]
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["variant_id", "text", *probability_columns(classes)])
        for at, (text, row) in enumerate(zip(texts, cells)):
            writer.writerow([f"v{at:06d}", text, *row])
