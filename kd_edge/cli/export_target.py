"""What `kd-edge export` writes: a bundle, a folder of C or JavaScript, or a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kd_edge.cli.page import texts_of
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import refuse_missing_folder
from kd_edge_runtime.system.outputs import refuse_unwritable_file, refuse_unwritable_folder

if TYPE_CHECKING:
    from kd_edge.bundling.bundle import Exported, ExportItem, ExportOptions


@dataclass(frozen=True)
class Target:
    """What to write, and where.

    Attributes:
        output: the bundle or the folder; None for a page alone.
        page: the HTML file; None for none.
        as_c: whether `output` is a folder of C.
        as_js: whether it is one of JavaScript.
    """

    output: Path | None
    page: Path | None
    as_c: bool
    as_js: bool

    @property
    def path(self) -> Path:
        """The first of the files that are written.

        Raises:
            UsageError: nothing is to be written.
        """
        path = self.output or self.page
        if path is None:
            raise click.UsageError("Missing option '-o' / '--output'.")
        return path

    def check(self, forms: Sequence[str], seconds: Sequence[Path]) -> None:
        """Refuses what does not fit together.

        Raises:
            InputError: with what to leave out, or it cannot be written there.
        """
        if self.as_c and self.as_js:
            raise InputError("--c and --js write different folders: choose one of them")
        if self.page and (self.as_c or self.as_js):
            raise InputError("--html makes its page of a bundle: leave --c and --js out")
        if self.page and self.output and self.page.resolve() == self.output.resolve():
            raise InputError(f"{self.page}: the page would overwrite the bundle: choose two names")
        name = "--c" if self.as_c else "--js" if self.as_js else "" if self.output else "--html"
        if name and forms:
            raise InputError(f"{name} has one form of the network: leave --form out")
        if name and seconds:
            raise InputError(f"{name} scores with the first student alone: leave --second out")
        if self.output and (self.as_c or self.as_js):
            refuse_missing_folder(self.output)
            refuse_unwritable_folder(self.output)
        elif self.output:
            refuse_unwritable_file(self.output)

    def write(
        self, items: Sequence[ExportItem], options: ExportOptions, prompts: Sequence[Path]
    ) -> Exported:
        """Exports the items; `prompts` are files that a page shows."""
        from kd_edge.bundling.bundle import export
        from kd_edge.bundling.c_source import export_c
        from kd_edge.bundling.html_page import export_page
        from kd_edge.bundling.js_module import export_js

        if self.page is not None:
            return export_page(items, self.page, {}, options, texts_of(prompts), self.output)
        write = export_c if self.as_c else export_js if self.as_js else export
        return write(items, self.path, {}, options)

    def lines(self) -> Iterator[str]:
        """What was written, in words."""
        for path in filter(None, (self.output, self.page)):
            if self.as_c or self.as_js:
                language = "C" if self.as_c else "JavaScript"
                yield f"{path}: a folder of {language}, see its README.md"
            else:
                yield f"{path}: {path.stat().st_size:,} bytes"
