"""The Markdown says what the page says, and shows every text as it is."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markdown_it import MarkdownIt

from kd_edge.report.figures.disagreements import disagreements
from kd_edge.report.figures.items import item_figures
from kd_edge.report.page.blocks import Cell, Fold, Points, ResponseList, ResponseRow, Table, Text
from kd_edge.report.page.item import item_blocks
from kd_edge.report.page.render import escaped
from kd_edge.report.page.render import html as page
from kd_edge.report.page.render import markdown as markdown_document
from pages import Page
from report_made import FRONT
from scored_made import POINTS, made_scored

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXTS = st.text(
    st.one_of(st.sampled_from("\\`*_{}[]()<>#+-.!|~&$=:1 \n\t\"'"), st.characters()), max_size=25
)


def plain(markdown):
    return html.unescape(re.sub(r"<[^>]*>", "", READER.render(markdown)))


def one_line(text):
    cleaned = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+|\s+", " ", text).strip()
    return re.sub(r"\s+", " ", cleaned)


@given(TEXTS)
@example("&amp; &lt;b&gt; &#35;")
@example("=== ---")
@example("1. one")
@example("- one")
@example("[a]: /b")
@example("a | b ~~c~~ **d** `e` <http://f>")
def test_any_text_is_shown_as_it_is(text):
    found = READER.render(escaped(text))
    assert one_line(plain(escaped(text))) == one_line(text)
    assert set(re.findall(r"<(\w+)", found)) <= {"p"}


@given(TEXTS, TEXTS)
def test_any_text_stays_in_its_cell(text, other):
    table = Table("t", ("", "b"), ((Cell(text), Cell(other, flagged=True)),))
    found = READER.render(markdown_document("d", [table]))
    rows = Page(f"<x>{found}</x>").rows
    assert len(rows) == 2
    assert [one_line(cell) for cell in rows[1]] == [
        one_line(text),
        one_line(f"{one_line(other)} ⚑"),
    ]


@given(TEXTS)
def test_any_response_is_quoted(text):
    one = ResponseRow(text, "People gave 1.", "id-1", ("It is flagged.",))
    found = READER.render(markdown_document("d", [ResponseList("R", (one,))]))
    assert found.count("<blockquote>") == 1
    quoted = re.search(r"<blockquote>(.*?)</blockquote>", found, re.DOTALL)[1]
    assert set(re.findall(r"<(\w+)", quoted)) <= {"p"}
    assert one_line(html.unescape(re.sub("<[^>]*>", "", quoted))) == one_line(text)


@pytest.fixture(scope="module")
def blocks():
    scored = made_scored()
    item = item_figures("one", POINTS, scored, "test.csv")
    worst = disagreements(scored, POINTS)
    return list(item_blocks(item, "item-0", FRONT, worst))


def unfolded(blocks):
    for block in blocks:
        yield from unfolded(block.blocks) if isinstance(block, Fold) else [block]


def test_it_has_the_tables_of_the_page(blocks):
    of_page = Page(page("t", blocks)).rows
    of_markdown = Page(f"<x>{READER.render(markdown_document('t', blocks))}</x>").rows
    assert [[cell.strip() for cell in row] for row in of_page] == of_markdown
    assert len(of_page) > 60


def test_it_has_the_words_of_the_page(blocks):
    found = plain(markdown_document("How well", blocks))
    assert found.startswith("How well\n")
    shown = list(unfolded(blocks))
    said = [text for block in shown if isinstance(block, Points) for text in block.texts]
    said += [block.text for block in shown if isinstance(block, Text)]
    assert said
    for text in said:
        assert text in found
    assert "the words of student" in found


def test_it_numbers_the_responses(blocks):
    found = READER.render(markdown_document("t", blocks))
    assert found.count("<ol>") == 3


def test_no_other_block_is_taken():
    with pytest.raises(UndefinedError, match="no attribute 'kind'"):
        markdown_document("t", ["text"])
