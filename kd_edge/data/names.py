"""What may be the name of an item or of a class: bundles refuse others, after all the training."""

from __future__ import annotations

from kd_edge_runtime.errors import steers

# Bytes in UTF-8: graphs of neural networks, which hold the item's, allow 1,024.
_MOST = 1000


def why_no_name(name: str) -> str:
    """What keeps a text from being the name of an item or a class, "" if nothing does."""
    if not name:
        return "is blank"
    if any(map(steers, name)):
        return "has a control character, which no name can have"
    if len(name.encode("utf-8", "replace")) > _MOST:
        return f"is longer than any name ({_MOST:,} bytes)"
    return ""
