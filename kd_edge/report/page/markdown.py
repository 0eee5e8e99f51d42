"""A report as Markdown: the same words and tables; of a plot, what there is to see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import singledispatch

from kd_edge.console.tables import markdown
from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.page.blocks import Block, Cell, Heading, Plots, Points, Responses, Table, Text
from kd_edge.report.page.numbers import percent

_MEANT = re.compile(r"([\\`*_\[\]<>|#&~$])")
_LIST_MARK = re.compile(r"^(?:([-+])|(\d{1,9})([.)]))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+|\s+")


def markdown_document(title: str, blocks: Sequence[Block]) -> str:
    """The whole document.

    Args:
        title: of the document.
        blocks: what it says.
    """
    return "\n\n".join([f"# {escaped(title)}", *map(_markdown, blocks)]) + "\n"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    found = _MEANT.sub(r"\\\1", _CONTROL.sub(" ", text).strip())
    return _LIST_MARK.sub(lambda mark: f"{mark[2] or ''}\\{mark[1] or mark[3]}", found)


@singledispatch
def _markdown(block: Block) -> str:
    raise TypeError(f"no block of a report: {type(block).__name__}")


@_markdown.register
def _(block: Heading) -> str:
    return f"{'#' * (block.level + 1)} {escaped(block.text)}"


@_markdown.register
def _(block: Text) -> str:
    said = escaped(block.text)
    return f"**{said}**" if block.kind == "lead" else said


@_markdown.register
def _(block: Points) -> str:
    mark = "⚑ " if block.flagged else ""
    return "\n".join(f"- {mark}{escaped(one)}" for one in block.texts)


@_markdown.register
def _(block: Table) -> str:
    header = list(map(escaped, block.header))
    rows = [[*map(_cell, row)] for row in block.rows]
    return f"{escaped(block.title)}:\n\n{markdown(header, rows)}"


@_markdown.register
def _(block: Plots) -> str:
    return "\n".join(f"- {escaped(f'{one.title}: {one.description}')}" for one in block.plots)


@_markdown.register
def _(block: Responses) -> str:
    shown = "\n".join(_response(at, one) for at, one in enumerate(block.rows, 1))
    return f"#### {escaped(block.title)}\n\n{shown}"


def _cell(one: Cell) -> str:
    # A negative number is no list in a table.
    said = _MEANT.sub(r"\\\1", _CONTROL.sub(" ", one.text).strip())
    return f"{said} ⚑" if one.flagged else said


def _response(at: int, one: Disagreement) -> str:
    second = f", second rater {escaped(one.second)}" if one.second else ""
    said = (
        f"{at}. people {escaped(one.human)}{second}, teacher {escaped(one.teacher)}, student "
        f"{escaped(one.student)} ({percent(one.confidence)} sure), {escaped(one.response_id)}"
    )
    why = f"\n\n   {escaped(one.why)}" if one.why else ""
    return f"{said}\n\n   > {escaped(one.text)}{why}\n"
