"""What the TFLite backend makes of bundles, by whatever interpreter this Python has.

Run by `tflites.py` in processes of their own, one of them in an environment that has the
runtime and tflite-runtime and nothing else.
"""

from __future__ import annotations

import base64
import json
import sys

from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.students.item import LoadedItem


class Swapped(LoadedItem):
    """An item with another graph."""

    def form(self, name):
        """The one that was given, whatever the name."""
        return base64.b64decode(name)


def outcome(bundle, item_id, form, size, texts):
    """Probabilities of the texts, `size` at a time, or the error; a form with = is a graph."""
    entry = next(one for one in bundle.manifest.items if one.item_id == item_id)
    item = (Swapped if form.endswith("=") else LoadedItem)(bundle, entry)
    try:
        model = backends.load(item, "tflite", form)
    except KdEdgeError as error:
        return f"{type(error).__name__}: {error}"
    found = []
    for start in range(0, len(texts), size):
        found += model.probabilities(texts[start : start + size])
    return found


def main():
    path, asked = json.load(sys.stdin)
    with Bundle(path) as bundle:
        json.dump([outcome(bundle, *one) for one in asked], sys.stdout)
    used = [name for name in ("ai_edge_litert", "tflite_runtime") if name in sys.modules]
    assert used == sys.argv[1:], used


if __name__ == "__main__":
    main()
