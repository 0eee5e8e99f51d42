"""Rows of a table that show the same figures become one."""

from __future__ import annotations

from dataclasses import replace

from kd_edge.report.page.blocks import Cell, Table


def merged(table: Table, labels: int = 1) -> Table:
    """The table with one row for those whose figures are shown alike.

    Figures are compared as they are shown: what differs by less than a reader sees is alike.

    Args:
        table: the table.
        labels: how many of its first columns name a row; rows are merged that differ in only one
            of them, in the last one first.
    """
    rows = list(table.rows)
    for label in reversed(range(labels)):
        groups: dict[tuple[Cell, ...], list[str]] = {}
        for row in rows:
            groups.setdefault(row[:label] + row[label + 1 :], []).append(row[label].text)
        rows = [
            (*rest[:label], Cell(_joined(names)), *rest[label:]) for rest, names in groups.items()
        ]
    return replace(table, rows=tuple(rows))


def _joined(names: list[str]) -> str:
    """Names in one, without repeating the words that they begin with."""
    first, *others = dict.fromkeys(names)
    shown = [first]
    for name in others:
        words, known = name.split(" "), first.split(" ")
        while len(words) > 1 and known and words[0] == known[0]:
            words, known = words[1:], known[1:]
        shown.append(" ".join(words))
    return shown[0] if not others else f"{', '.join(shown[:-1])} and {shown[-1]}"
