"""From students to a folder of JavaScript: a module, the core as WebAssembly, and the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions
from kd_edge.bundling.core_folder import (
    export_folder,
    refuse_kind,
    refuse_unwritable,
    write_files,
)
from kd_edge.page import sources
from kd_edge_runtime.bundle.archive import Bundle

BUNDLE = "bundle.kdz"
"""The bundle in the folder."""

_README = Path(__file__).parent / "js_files" / "README.md"
_LANGUAGE = "JavaScript"


def export_js(
    items: Sequence[ExportItem],
    folder: Path,
    provenance: Mapping[str, Any],
    options: ExportOptions | None = None,
) -> Exported:
    """Like `bundle.export`, but writes what `write_js` writes in place of a bundle.

    The only form is plain int8, whatever `options` says.
    """
    return export_folder(_LANGUAGE, write_js, items, folder, provenance, options)


def write_js(bundle: Path, folder: Path) -> list[str]:
    """Writes a folder that scores a bundle's items in Node and in browsers.

    Args:
        bundle: the `.kdz`, of which the folder gets a copy.
        folder: made if it is not there; files of the same names are replaced.

    Returns:
        The files' names.

    Raises:
        InputError: an item is of a kind that the core does not score, or the folder cannot be
            written.
    """
    refuse_unwritable(folder)
    with Bundle(bundle) as opened:
        for entry in opened.manifest.items:
            refuse_kind(_LANGUAGE, entry.item_id, entry.student)
    files = {
        "kd_edge.mjs": sources.module().encode("utf-8"),
        "kd_edge.d.mts": sources.types().encode("utf-8"),
        "kd_edge.wasm": sources.wasm(),
        "README.md": _README.read_bytes(),
        BUNDLE: bundle.read_bytes(),
    }
    return write_files(folder, files)
