"""Folds of the rows that an item has to learn from, for `benchmarks.teacher_choices`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.made_items import made_items
from benchmarks.work_folder import SAMPLE
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Item, Row
from kd_edge.data.splits import deal_folds, order_by_chance, split_item, validation_rows

FOLDS = 3
_VALIDATION, _MEASURED = 0.15, 150


@dataclass(frozen=True)
class Part:
    """The rows of an item in one fold.

    Attributes:
        item: the item.
        rows: those to learn from.
        held_out: those to choose by.
        measured: those to measure on; no test row of the item is among any of them.
    """

    item: Item
    rows: tuple[Row, ...]
    held_out: tuple[Row, ...]
    measured: tuple[Row, ...]


def parts(name: str, data: Path | None) -> Iterator[Part]:
    """The folds of an item, or the one of its first rows.

    Args:
        name: sample-…, made-… or asap-sas-P, with /ROWS for its first rows in random order.
        data: the folder with asap-sas.
    """
    item, rows = learning(name.partition("/")[0], data)
    number = int(name.partition("/")[2] or 0)
    if number:
        rows = sorted(rows, key=lambda row: order_by_chance(row.response_id, 0))
        yield _part(item, rows[:number], rows[number : number + _MEASURED])
        return
    of = deal_folds(rows, FOLDS, 0)
    for fold in range(FOLDS):
        others = [row for row in rows if of[row.response_id] != fold]
        yield _part(item, others, [row for row in rows if of[row.response_id] == fold])


def _part(item: Item, learnt: Sequence[Row], measured: Sequence[Row]) -> Part:
    held = set(validation_rows(learnt, _VALIDATION, 0))
    return Part(
        item,
        tuple(row for row in learnt if row.response_id not in held),
        tuple(row for row in learnt if row.response_id in held),
        tuple(measured),
    )


def learning(name: str, data: Path | None) -> tuple[Item, list[Row]]:
    """An item, and its scored rows that are not for testing."""
    kind, _, which = name.partition("-")
    if kind == "asap":
        if data is None:
            raise click.BadParameter("ASAP-SAS needs --data")
        prompt = which.removeprefix("sas-")
        path = data / "asap-sas" / "train.tsv"
        item = read_responses(path, only_items=(prompt,)).items[0]
        return item, list(item.learning)
    if kind == "sample":
        item = read_responses(SAMPLE / which / "responses.csv").items[0]
    else:
        item = made_items()[which].item
    split = split_item(item, None, _VALIDATION, 0)
    return item, [*split.train, *split.validation]
