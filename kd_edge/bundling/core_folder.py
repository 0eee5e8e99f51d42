"""What a folder of C and one of JavaScript have in common: the core, and items that it scores."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions, export
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write, plain_write_errors, refuse_missing_folder
from kd_edge_runtime.students.bag import FORM
from kd_edge_runtime.system.outputs import refuse_unwritable_folder

KINDS = ("bag", "pairs")
"""The kinds of student that the core scores."""


def export_folder(
    language: str,
    write: Callable[[Path, Path], object],
    items: Sequence[ExportItem],
    folder: Path,
    provenance: Mapping[str, Any],
    options: ExportOptions | None = None,
) -> Exported:
    """Like `bundle.export`, but writes a folder of a bundle whose only form is plain int8.

    Args:
        language: its name in messages.
        write: makes the folder, the second argument, of a bundle, the first.
        items: as of `bundle.export`, and so are the others.
        folder: made if it is not there.
        provenance: see above.
        options: the forms that they name do not count.

    Raises:
        InputError: an item is of a kind that the core does not score, or see `bundle.export`.
    """
    refuse_unwritable(folder)
    for item in items:
        refuse_kind(language, item.student.item_id, item.student.kind)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle.kdz"
        plain = replace(options or ExportOptions(), forms=(FORM,))
        exported = export(items, bundle, provenance, plain)
        write(bundle, folder)
    return exported


def refuse_unwritable(folder: Path) -> None:
    """Refuses a folder's path that cannot be one.

    Raises:
        InputError: the folder that it is to be in does not exist, there is a file in its place, or
            it may not be written into.
    """
    refuse_missing_folder(folder)
    refuse_unwritable_folder(folder)


def refuse_kind(language: str, item_id: str, kind: str) -> None:
    """Refuses an item whose kind of student is not one of `KINDS`.

    Raises:
        InputError: it is not.
    """
    if kind not in KINDS:
        raise InputError(
            f"item '{item_id}': a small model of kind '{kind}' cannot be {language}; those of "
            "'kd-edge run' with its default options can"
        )


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Writes files into a folder, which is made if it is not there; their names, sorted.

    All of them are written, or none: before the first takes its name, there was room for all.

    Raises:
        InputError: they cannot be written.
    """
    made = not folder.exists()
    try:
        with plain_write_errors(folder), ExitStack() as all_or_none:
            folder.mkdir(exist_ok=True)
            for name, data in files.items():
                file = all_or_none.enter_context(atomic_write(folder / name, binary=True))
                file.write(data)
                file.flush()
    except InputError:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise
    return sorted(files)
