"""A report as one HTML page that stands alone: no script, and nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch
from html import escape
from importlib.resources import files

from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.page.blocks import Block, Cell, Heading, Plots, Points, Responses, Table, Text
from kd_edge.report.page.numbers import percent

# What HTML has no way to write.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{links}</header>
<main>
"""


def page(title: str, blocks: Sequence[Block]) -> str:
    """The whole page.

    Args:
        title: of the page.
        blocks: what it says; an item begins with a heading of level 1.
    """
    style = (files("kd_edge.report") / "style.css").read_text(encoding="utf-8")
    head = _HEAD.format(title=_safe(title), style=style, links=_links(blocks))
    return head + "".join(_sections(blocks)) + "</main>\n</body>\n</html>\n"


def _links(blocks: Sequence[Block]) -> str:
    named = [block for block in blocks if isinstance(block, Heading) and block.anchor]
    if len(named) < 2:
        return ""
    links = "".join(f'<a href="#{one.anchor}">{_safe(one.text)}</a>\n' for one in named)
    return f'<nav aria-label="Parts of this page">\n{links}</nav>\n'


def _sections(blocks: Sequence[Block]) -> Iterator[str]:
    opened = False
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            if opened:
                yield "</section>\n"
            yield "<section>\n"
            opened = True
        yield _markup(block) + "\n"
    if opened:
        yield "</section>\n"


@singledispatch
def _markup(block: Block) -> str:
    raise TypeError(f"no block of a report: {type(block).__name__}")


@_markup.register
def _(block: Heading) -> str:
    name = f' id="{block.anchor}"' if block.anchor else ""
    tag = f"h{block.level + 1}"
    return f"<{tag}{name}>{_safe(block.text)}</{tag}>"


@_markup.register
def _(block: Text) -> str:
    kind = f' class="{block.kind}"' if block.kind else ""
    return f"<p{kind}>{_safe(block.text)}</p>"


@_markup.register
def _(block: Points) -> str:
    kind = ' class="flags"' if block.flagged else ""
    return f"<ul{kind}>\n" + "".join(f"<li>{_safe(one)}</li>\n" for one in block.texts) + "</ul>"


@_markup.register
def _(block: Table) -> str:
    head = "".join(f'<th scope="col">{_safe(one)}</th>' for one in block.header)
    rows = "".join(_row(row) for row in block.rows)
    # A wide table scrolls by itself; whoever uses the keyboard must be able to reach it.
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{_safe(block.title)}">\n'
        f"<table>\n<caption>{_safe(block.title)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>"
    )


@_markup.register
def _(block: Plots) -> str:
    drawn = "".join(
        f"<figure>\n{_CONTROL.sub(_REPLACED, plot.markup())}\n<figcaption><b>{_safe(plot.title)}"
        f"</b> {_safe(plot.description)}</figcaption>\n</figure>\n"
        for plot in block.plots
    )
    return f'<div class="plots">\n{drawn}</div>'


@_markup.register
def _(block: Responses) -> str:
    shown = "".join(map(_response, block.rows))
    return f"<h4>{_safe(block.title)}</h4>\n<ol class='responses'>\n{shown}</ol>"


def _row(row: Sequence[Cell]) -> str:
    first, *rest = row
    cells = "".join(
        f'<td class="flag" title="outside the limit">{_safe(one.text)} ⚑</td>'
        if one.flagged
        else f"<td>{_safe(one.text)}</td>"
        for one in rest
    )
    return f'<tr><th scope="row">{_safe(first.text)}</th>{cells}</tr>\n'


def _response(one: Disagreement) -> str:
    second = f", second rater <b>{_safe(one.second)}</b>" if one.second else ""
    why = f'<p class="note">{_safe(one.why)}</p>' if one.why else ""
    return (
        f"<li><p>people <b>{_safe(one.human)}</b>{second}, teacher <b>{_safe(one.teacher)}</b>, "
        f"student <b>{_safe(one.student)}</b> ({percent(one.confidence)} sure) "
        f'<span class="id">{_safe(one.response_id)}</span></p>\n'
        f"<blockquote>{_safe(one.text)}</blockquote>{why}</li>\n"
    )


_REPLACED = "\N{REPLACEMENT CHARACTER}"


def _safe(text: str) -> str:
    return escape(_CONTROL.sub(_REPLACED, text))
