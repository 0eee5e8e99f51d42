"""What the results of a bench say of its bundle and its texts; no text itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kd_edge_runtime._light_stdlib import sha256
from kd_edge_runtime.bench.texts import Texts
from kd_edge_runtime.bench.timing import quantile
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.errors import printable
from kd_edge_runtime.students.item import LoadedItem


def bundle_facts(bundle: Bundle, given: Texts) -> dict[str, Any]:
    """The bundle, its item, and the bytes of each form."""
    manifest, entry, packed = bundle.manifest, given.entry, bundle.packed()
    return {
        "file": printable(bundle.path.name),
        "sha256": sha256(bundle.path.read_bytes()).hexdigest(),
        "bytes": bundle.path.stat().st_size,
        "items": len(manifest.items),
        "item_id": entry.item_id,
        "student": entry.student,
        "classes": len(entry.classes),
        "parameters": entry.parameters,
        "forms": {
            name: {"bytes": manifest.members[member].bytes, "packed": packed[member]}
            for name, member in entry.forms.items()
        },
        **_second(bundle, entry),
    }


def _second(bundle: Bundle, entry: ItemEntry) -> dict[str, Any]:
    """The item's second student, and why it cannot run here; empty without one."""
    second = of_second(entry)
    if second is None:
        return {}
    from kd_edge_runtime.backends.cascade import absent

    why = absent(LoadedItem(bundle, second))
    return {"second": {"student": second.student, "parameters": second.parameters, "why": why}}


def text_facts(file: Path | None, given: Texts) -> dict[str, Any]:
    """The texts, which come from a file or are made up."""
    words = sorted(len(text.split()) for text in given.texts)
    return {
        "source": "responses" if file else "golden inputs, and made up of their words",
        "file_sha256": sha256(file.read_bytes()).hexdigest() if file else None,
        "number": len(given.texts),
        "made_up": given.generated,
        "labelled": given.labelled,
        "split": given.split,
        "words": {f"p{share}": round(quantile(words, share / 100)) for share in (10, 50, 90, 100)},
    }
