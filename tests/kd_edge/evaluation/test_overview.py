"""The overview of a table: counts, lengths, raters, repeated texts."""

from __future__ import annotations

from kd_edge.data.responses import Item, LeftOut, Responses, Row, Scale
from kd_edge.evaluation.overview import overview


def found(*rows: Row):
    item = Item("ice", Scale.from_range(0, 2), rows)
    left_out = (LeftOut("wool", "it has 1 row"),)
    return overview(Responses((item,), "a.csv", {"text": "text"}, "utf-8", (), left_out))


def row(at: int, text: str, score: int | None = 0, **more):
    return Row(f"r{at}", "ice", text, score, **more)


def test_counts_of_classes_splits_and_groups():
    rows = [
        row(1, "It melts.", 0, split="train", group="b"),
        row(2, "It is warm.", 2, split="test", group="a"),
        row(3, "Warm", None, split="train"),
    ]
    item = found(*rows).items[0]
    assert (item.rows, item.scored, item.classes) == (3, 2, {"0": 1, "1": 0, "2": 1})
    assert item.splits == {"test": 1, "train": 2}
    assert list(item.groups.items()) == [("a", 1), ("b", 1), ("", 1)]
    assert item.raters is None


def test_lengths_in_words():
    lengths = found(*[row(at, "word " * at) for at in range(21)]).items[0].lengths
    assert (lengths.median, lengths.p95, lengths.longest, lengths.blank) == (10, 19, 20, 1)


def test_agreement_of_raters_is_of_the_rows_that_both_scored():
    rows = [row(1, "a", 0, score2=0), row(2, "b", 1, score2=2), row(3, "c", 2)]
    raters = found(*rows).items[0].raters
    assert (raters.responses, raters.accuracy, raters.adjacent) == (2, 0.5, 1.0)


def test_repeated_texts_and_those_with_different_scores():
    rows = [
        row(1, "It melts."),
        row(2, "it  melts. "),
        row(3, "Heat", 1),
        row(4, "heat", 2),
        row(5, "cold"),
        row(6, " "),
        row(7, ""),
    ]
    item = found(*rows).items[0]
    assert (item.repeated, item.contradicting) == (4, 2)


def test_items_that_are_left_out():
    assert found(row(1, "a")).left_out == {"wool": "it has 1 row"}
