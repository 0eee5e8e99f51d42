"""Rows with the same figures become one."""

from __future__ import annotations

from kd_edge.report.page.blocks import Cell, Table
from kd_edge.report.page.merging import merged


def made(*rows):
    return Table("t", ("who",), tuple(tuple(map(Cell, row)) for row in rows))


def texts(found):
    return [[cell.text for cell in row] for row in found.rows]


def test_rows_of_one_name():
    found = merged(
        made(
            ("large model", "0.7"),
            ("small model in PyTorch", "0.6"),
            ("small model on a device", "0.6"),
            ("most frequent score", "0.2"),
        )
    )
    assert texts(found) == [
        ["large model", "0.7"],
        ["small model in PyTorch and on a device", "0.6"],
        ["most frequent score", "0.2"],
    ]


def test_rows_of_two_names():
    rows = [
        (who, kind, figure)
        for who in ("small model in PyTorch", "small model on a device")
        for kind, figure in (("expected score", "1"), ("trimmed", "1"), ("as given", "2"))
    ]
    assert texts(merged(made(("large model", "as given", "1"), *rows), 2)) == [
        ["large model", "as given", "1"],
        ["small model in PyTorch and on a device", "expected score and trimmed", "1"],
        ["small model in PyTorch and on a device", "as given", "2"],
    ]


def test_a_flagged_figure_is_another_one():
    table = Table("t", ("a", "b"), ((Cell("x"), Cell("1")), (Cell("y"), Cell("1", flagged=True))))
    assert merged(table) == table


def test_three_names():
    assert texts(merged(made(("a", "1"), ("b", "1"), ("c", "1")))) == [["a, b and c", "1"]]
