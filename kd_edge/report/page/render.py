"""A report as one HTML page that needs no other file and no network, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kd_edge.report.page.blocks import Block, Heading
from kd_edge.report.page.numbers import percent

# Characters that HTML cannot contain.
_NOT_HTML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

_MARKDOWN_MARK = re.compile(r"([\\`*_\[\]<>|#&~$])")
_LIST_MARK = re.compile(r"^(?:([-+])|(\d{1,9})([.)]))")
_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+|\s+")


def html(title: str, blocks: Sequence[Block]) -> str:
    """The HTML page; an item's blocks begin with a heading of level 1."""
    named = [block for block in blocks if isinstance(block, Heading) and block.anchor]
    return PAGES.get_template("page.html").render(title=title, blocks=blocks, named=named)


def markdown(title: str, blocks: Sequence[Block]) -> str:
    """The Markdown document: the same text and tables; of each plot, its description."""
    return _DOCUMENTS.get_template("document.md").render(title=title, blocks=blocks)


def escaped(text: str) -> str:
    """A text that Markdown shows literally, on one line."""
    return _LIST_MARK.sub(lambda mark: f"{mark[2] or ''}\\{mark[1] or mark[3]}", _in_cell(text))


def _in_cell(text: str) -> Markup:
    """As `escaped`, for a cell of a table, where no list can begin."""
    return Markup(_MARKDOWN_MARK.sub(r"\\\1", _BREAK.sub(" ", text).strip()))  # noqa: S704


def _escaped_once(value: Any) -> str:
    return value if isinstance(value, Markup) else escaped(str(value))


def _printable(value: Any) -> str:
    if isinstance(value, Markup):
        return value
    return _NOT_HTML.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _environment(*, autoescape: bool, finalize: Callable[[Any], str]) -> Environment:
    environment = Environment(
        loader=PackageLoader("kd_edge.report"),
        autoescape=autoescape,  # noqa: S701 -- Markdown has its own
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, in_cell=_in_cell)
    return environment


PAGES = _environment(autoescape=True, finalize=_printable)
"""The templates of HTML and SVG: every text is escaped."""

# Jinja's autoescape is for HTML only: in Markdown, finalizing an expression escapes it.
_DOCUMENTS = _environment(autoescape=False, finalize=_escaped_once)
