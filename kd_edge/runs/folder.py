"""Where things are in the folder of a run."""

from __future__ import annotations

import re
from pathlib import Path

from kd_edge.stages.record import hash_json

BUNDLE = "bundle.kdz"
REPORT = "report.json"
# Of one student for all questions, whose report holds other things.
TOGETHER = "together.json"


def item_folder(out: Path, item_id: str) -> Path:
    """The folder of an item: its name, with what a file system may refuse left out.

    A name that had to be changed, or that differs from another by its capitals alone, is told
    apart by a piece of its hash.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", item_id.lower()).strip("-")[:60]
    if plain != item_id:
        plain = f"{plain}-{hash_json(item_id)[:8]}".lstrip("-")
    return out / f"item-{plain}"
