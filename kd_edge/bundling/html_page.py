"""From students to an HTML file that scores in a browser."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions, export
from kd_edge.bundling.core_folder import refuse_kind
from kd_edge.page.assemble import ItemTexts, PageBundle, write_page
from kd_edge_runtime.students.bag import FORM


def export_page(
    items: Sequence[ExportItem],
    page: Path,
    provenance: Mapping[str, Any],
    options: ExportOptions,
    texts: ItemTexts,
    bundle: Path | None = None,
) -> Exported:
    """Like `bundle.export`, but writes an HTML file that scores the items.

    Args:
        items: as of `bundle.export`.
        page: the file to write.
        provenance: as of `bundle.export`.
        options: as of `bundle.export`; the forms that they name are those of `bundle`.
        texts: the prompt and the rubric that the page shows of every item.
        bundle: where to write the bundle too; None for the page alone.

    Raises:
        InputError: a page cannot score an item, or see `bundle.export` and `write_page`.
    """
    for item in items:
        refuse_kind("scored in a page", item.student.item_id, item.student.kind)
    with tempfile.TemporaryDirectory() as scratch:
        path = bundle or Path(scratch) / f"{page.stem}.kdz"
        chosen = options if bundle else replace(options, forms=(FORM,))
        exported = export(items, path, provenance, chosen)
        names = [item.student.item_id for item in items]
        write_page([PageBundle(path, dict.fromkeys(names, texts))], page)
    return exported
