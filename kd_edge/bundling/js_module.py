"""From students to a folder of JavaScript: a module, the core as WebAssembly, and the bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions, export
from kd_edge.files import refuse_file
from kd_edge.page import sources
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import refuse_missing_folder

BUNDLE = "bundle.kdz"
"""The bundle in the folder."""

_README = Path(__file__).parent / "js_files" / "README.md"
_FORM = "plain-int8"
_KINDS = ("bag", "pairs")


def export_js(
    items: Sequence[ExportItem],
    folder: Path,
    provenance: Mapping[str, Any],
    options: ExportOptions | None = None,
) -> Exported:
    """Like `bundle.export`, but writes what `write_js` writes in place of a bundle.

    The only form is plain int8, whatever `options` says.
    """
    refuse_missing_folder(folder)
    refuse_file(folder)
    for item in items:
        _refuse_kind(item.student.item_id, item.student.kind)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / BUNDLE
        plain = replace(options or ExportOptions(), forms=(_FORM,))
        exported = export(items, bundle, provenance, plain)
        write_js(bundle, folder)
    return exported


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
    refuse_missing_folder(folder)
    refuse_file(folder)
    with Bundle(bundle) as opened:
        for entry in opened.manifest.items:
            _refuse_kind(entry.item_id, entry.student)
    files = {
        "kd_edge.mjs": sources.module().encode("utf-8"),
        "kd_edge.d.mts": sources.types().encode("utf-8"),
        "kd_edge.wasm": sources.wasm(),
        "README.md": _README.read_bytes(),
        BUNDLE: bundle.read_bytes(),
    }
    try:
        folder.mkdir(exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
    return sorted(files)


def _refuse_kind(item_id: str, kind: str) -> None:
    if kind not in _KINDS:
        raise InputError(
            f"item '{item_id}': a small model of kind '{kind}' cannot be JavaScript; those of "
            "'kd-edge run' with its default options can"
        )
