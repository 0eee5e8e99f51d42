"""Responses in rich text are learned from as devices read them."""

from __future__ import annotations

from pathlib import Path

from kd_edge.data.readers import read_responses

TABLE = Path(__file__).parents[3] / "data" / "tables" / "output" / "rich-text.csv"


def test_rows_have_the_plain_text_and_the_item_says_so():
    [item] = read_responses(TABLE, markup=True).items
    assert item.markup
    assert [row.text for row in item.rows[:4]] == [
        "The scarf keeps the heat out.",
        "The ice melts slower.",
        "Wool & ice\ndo not mix.",
        "H2O melts at 0°C.",
    ]
    [kept] = read_responses(TABLE).items
    assert not kept.markup
    assert kept.rows[0].text.startswith("<p>")
