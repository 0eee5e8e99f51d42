"""Writes `bag-*.jsonl` and `pairs-*.jsonl`: what a port of the core has to compute.

    python tests/conformance/make_scores.py

The first line of a file is a student: the item as a manifest has it, and its two members in
base64. Each other line is a text and what scoring it gives. All of it is drawn at random, with a
seed; the expected figures are those of plain Python.
"""

from __future__ import annotations

import json
import random
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import core_students  # noqa: E402 - found by the line above
from kd_edge_runtime.bundle.manifest import ItemEntry, read_item  # noqa: E402
from kd_edge_runtime.students.item import LoadedItem  # noqa: E402

SEED = 14
# Each file's seed, kind and number of text rules.
FILES = {
    f"{kind}-{rules}{part}.jsonl": (f"{SEED} {kind} {rules} {part}", kind, rules)
    for kind in ("bag", "pairs")
    for rules in (1, 2)
    for part in "ab"
}
_TEXTS = 24


def student_and_texts(seed: str, kind: str, rules: int) -> tuple[LoadedItem, list[str]]:
    """A random student and texts for it, without halves of surrogate pairs."""
    rng = random.Random(seed)
    texts = [core_students.text(rng).encode("utf-8", "ignore").decode() for _ in range(_TEXTS)]
    texts += ["", "?!", texts[0] * 4, " ".join(texts[:3])]
    item = core_students.student(rng, texts[: _TEXTS // 3], kind, rules)
    classes = tuple(f"class {at}" for at in range(len(item.entry.classes)))
    return replace(item, entry=replace(item.entry, classes=classes)), texts


def lines(seed: str, kind: str, rules: int) -> Iterator[str]:
    """The lines of a file."""
    item, texts = student_and_texts(seed, kind, rules)
    members = {
        name: b64encode(item.bundle.read(name)).decode() for name in ("vectorizer", "network")
    }
    entry = asdict(item.entry)
    del entry["second"], entry["held_out"]  # neither is part of a score
    yield json.dumps({"item": entry, "members": members})
    for text, score in zip(texts, core_students.scores(item, texts, "plain", threads=None)):
        yield json.dumps({"text": text, **score._asdict()})


def read(path: Path) -> tuple[LoadedItem, list[dict[str, Any]]]:
    """The student of a file, and its rows."""
    first, *rows = map(json.loads, path.read_text(encoding="ascii").splitlines())
    entry: ItemEntry = read_item(first["item"], 1)
    members = {name: b64decode(data) for name, data in first["members"].items()}
    return LoadedItem(core_students.Members(members), entry), rows


if __name__ == "__main__":
    for name, how in FILES.items():
        (HERE / name).write_text("\n".join(lines(*how)) + "\n", encoding="ascii")
