"""Responses that nobody scored: taken once, and never those that are measured on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.data.responses import Responses
from kd_edge.soft_labels.augmentation import (
    make_variants,
    texts_to_label,
    unlabelled_texts,
    variant_sources,
)
from workshop import item_of

ITEM = item_of(20)


def responses(*texts, item_id="tiny"):
    rows = tuple(
        replace(ITEM.rows[0], response_id=f"u{at}", item_id=item_id, text=text, score=None)
        for at, text in enumerate(texts)
    )
    return Responses((replace(ITEM, item_id=item_id, rows=rows),), "more.csv", {}, "utf-8")


def test_each_once_and_none_that_is_among_the_rows():
    known = ITEM.rows[3].text
    given = responses("warm  ice", "warm ice", " ", f" {known} ", "cold ice")
    assert unlabelled_texts(given, "tiny", ITEM.rows) == ("warm ice", "cold ice")
    assert unlabelled_texts(given, "other", ITEM.rows) == ()
    assert unlabelled_texts(None, "tiny", ITEM.rows) == ()


def test_they_are_labelled_themselves_and_variants_are_made_of_them():
    rows, more = list(ITEM.rows), ("zork zork", "zork blip")
    found = texts_to_label(rows, more, 200, 0)
    assert found[:2] == [*more]
    assert len(found) == 202
    assert any("zork" in text for text in found[2:])


def test_without_any_the_variants_are_those_of_the_rows():
    rows = list(ITEM.rows)
    assert texts_to_label(rows, (), 30, 1) == make_variants(variant_sources(rows), 30, 1)


@pytest.mark.parametrize("more", [(), ("warm ice",)])
def test_no_variants(more):
    assert texts_to_label(list(ITEM.rows), more, 0, 0) == [*more]
