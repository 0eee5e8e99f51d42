"""Splits an item's rows into training, validation and test rows, and into folds.

Splits are stratified, and the same on every machine for the same seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge.data.responses import Item, Responses, Row, Scale
from kd_edge_runtime.errors import InputError, Problem, TableError, printable

# Where neither a column nor a file says which rows are for testing.
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Split:
    """An item's rows by their purpose.

    Attributes:
        item: the item, its test rows marked as such.
        train: scored rows to learn from, validation rows left out.
        validation: scored rows to choose by: the best epoch, the decision.
        test: scored rows to measure on, once.
        how: where the test rows come from, in words.
    """

    item: Item
    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    test: tuple[Row, ...]
    how: str

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are learnt from, held out for choices, and measured on."""
        return {name: len(getattr(self, name)) for name in ("train", "validation", "test")}


def split_item(
    item: Item, test: Item | None, validation: float, seed: int, source: str = ""
) -> Split:
    """Splits an item.

    Args:
        item: the item as it was read.
        test: the same item from a file of test responses, if there is one (rows of `item`
            that are marked "test" are left out then); otherwise the rows marked "test" are
            taken, or a fifth of each class where none is marked.
        validation: share of each class to hold out from training.
        seed: for both choices.
        source: the test file's name.

    Raises:
        InputError: nothing is left to learn from, or the test rows do not fit the item.
    """
    item, how = _marked(item, test, seed, source)
    learning = item.learning
    held = set(validation_rows(learning, validation, seed))
    split = Split(
        item=item,
        train=tuple(row for row in learning if row.response_id not in held),
        validation=tuple(row for row in learning if row.response_id in held),
        test=tuple(row for row in item.rows if row.split == "test" and row.score is not None),
        how=how,
    )
    if not split.train or not split.validation:
        raise InputError(
            f"item '{item.item_id}': {len(learning)} scored responses are too few to learn from"
            + (" beside the rows marked 'test'" if split.test and test is None else "")
        )
    if not split.test:
        raise InputError(f"item '{item.item_id}': there are no test responses to measure on")
    return split


def _marked(item: Item, test: Item | None, seed: int, source: str) -> tuple[Item, str]:
    """The item with its test rows marked, and where they come from."""
    if test is not None:
        training = tuple(replace(row, split="train") for row in item.rows if row.split != "test")
        _refuse_shared(item, test, source)
        rows = training + _aligned(test, item.scale, source)
        # No path: this goes into the report and onto the bundle's card.
        return replace(item, rows=rows), printable(Path(source).name)
    if any(row.split == "test" for row in item.rows):
        return item, "the rows marked 'test'"
    scored = [row for row in item.rows if row.score is not None]
    if item.part_of is None:
        chosen = set(validation_rows(scored, TEST_SHARE, seed + 1))
        how = "chosen at random"
    else:
        chosen = _by_id(scored, seed)
        how = "chosen at random, the same for all criteria"
    rows = tuple(
        replace(row, split="test" if row.response_id in chosen else "train") for row in item.rows
    )
    return replace(item, rows=rows), f"{TEST_SHARE:.0%} of the rows, {how}"


def _by_id(rows: Sequence[Row], seed: int) -> set[str]:
    """A fifth of the ids, by their hashes: the same for all items with the same responses.

    Only of the same responses can scores be added up.
    """
    ids = sorted({row.response_id for row in rows}, key=lambda name: order_by_chance(name, seed))
    return set(ids[: max(1, round(TEST_SHARE * len(ids)))])


def order_by_chance(response_id: str, seed: int) -> str:
    """What to sort ids by for an order that depends on them and the seed alone: a hash (hex)."""
    return hashlib.sha256(f"{seed} {response_id}".encode("utf-8", "surrogatepass")).hexdigest()


def _refuse_shared(item: Item, test: Item, source: str) -> None:
    ids = {row.response_id for row in item.rows}
    shared = [row.response_id for row in test.rows if row.response_id in ids]
    if shared:
        raise InputError(
            f"{source}: {len(shared)} test responses of item '{item.item_id}' have the "
            f"id of a response to train on (the first is '{shared[0]}')"
        )


def _aligned(test: Item, scale: Scale, source: str) -> tuple[Row, ...]:
    """The test rows with their scores on the item's scale; without those that have none."""
    place = {name: at for at, name in enumerate(scale.classes)}
    problems, rows = [], []
    # If no row has a score, that is what is wrong.
    scored = [row for row in test.rows if row.score is not None] or test.rows
    for row in scored:
        name = None if row.score is None else test.scale.classes[row.score]
        second = None if row.score2 is None else test.scale.classes[row.score2]
        if name not in place:
            what = "no score" if name is None else f"the score {name} is not on its scale"
            problems.append(Problem(f"item '{test.item_id}', '{row.response_id}': {what}"))
            continue
        rows.append(replace(row, split="test", score=place[name], score2=place.get(second or "")))
    if problems:
        raise TableError(source, problems, f"The scale is {scale}, as in the training responses.")
    return tuple(rows)


def test_items(responses: Responses, test: Responses | None) -> list[tuple[Item, Item | None]]:
    """Each item with its test rows from another file, if there is one.

    Items that the file lacks are left out.

    Raises:
        InputError: the test file lacks all of them.
    """
    if test is None:
        return [(item, None) for item in responses.items]
    tested = {item.item_id for item in test.items}
    items = [item for item in responses.items if item.item_id in tested]
    others = [test.item(item.item_id) for item in items or responses.items]
    if "response_id" not in test.columns:
        # Ids made of the rows of two files are the same and say nothing: give them another name.
        others = [_renamed(other) for other in others]
    return list(zip(items, others))


def _renamed(item: Item) -> Item:
    rows = tuple(replace(row, response_id=f"test-{row.response_id}") for row in item.rows)
    return replace(item, rows=rows)


def validation_rows(rows: Sequence[Row], share: float, seed: int) -> tuple[str, ...]:
    """Choose rows to hold out, the same share of each class.

    Args:
        rows: scored rows.
        share: share of each class, > 0 and < 1, rounded to whole rows. A class of one row
            stays in training.
        seed: of the choice.

    Returns:
        The response ids of the chosen rows, in the order of `rows`; at least one where a class
        has two rows or more.
    """
    classes = _shuffled_classes(rows, seed)
    chosen = {row.response_id for group in classes for row in group[: round(share * len(group))]}
    if not chosen:
        largest = max(classes, key=len, default=[])
        chosen = {row.response_id for row in largest[: len(largest) > 1]}
    return tuple(row.response_id for row in rows if row.response_id in chosen)


def deal_folds(rows: Sequence[Row], folds: int, seed: int) -> dict[str, int]:
    """Deal rows into folds, each class as evenly as possible.

    Args:
        rows: scored rows.
        folds: number of folds, >= 2.
        seed: of the dealing.

    Returns:
        Response id to fold, 0 … folds - 1; the folds' sizes differ by one at most.
    """
    dealt = [row for group in _shuffled_classes(rows, seed) for row in group]
    return {row.response_id: place % folds for place, row in enumerate(dealt)}


def _shuffled_classes(rows: Sequence[Row], seed: int) -> list[list[Row]]:
    rng = random.Random(seed)
    classes = [
        [row for row in rows if row.score == score]
        for score in sorted({row.score for row in rows if row.score is not None})
    ]
    for group in classes:
        rng.shuffle(group)
    return classes
