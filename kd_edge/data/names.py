"""What may be the name of an item or of a class: bundles refuse others, after all the training."""

from __future__ import annotations

from kd_edge_runtime.errors import steers
from kd_edge_runtime.graphs.limits import MAX_NAME


def why_no_name(name: str) -> str:
    """What keeps a text from being the name of an item or a class, "" if nothing does."""
    if not name:
        return "is blank"
    if any(map(steers, name)):
        return "has a control character, which no name can have"
    # A graph of a neural network holds the item's, and is refused with a longer one.
    if len(name.encode("utf-8", "replace")) > MAX_NAME:
        return f"is longer than any name ({MAX_NAME:,} bytes)"
    return ""
