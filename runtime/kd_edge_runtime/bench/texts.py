"""The texts that are scored while the clock runs: responses, or generated texts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import InputError, Problem, TableError
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.tables.agreement import is_test, split_column
from kd_edge_runtime.tables.column_names import hint
from kd_edge_runtime.tables.columns import candidates, find_columns, named_twice
from kd_edge_runtime.tables.reading.sources import Reading, open_source
from kd_edge_runtime.tables.roles import ITEM, SCORE
from kd_edge_runtime.tables.score_cells import class_of
from kd_edge_runtime.tables.score_rows import scoring_columns

_GENERATED = 256
_LENGTHS = (4, 8, 12, 16, 20, 25, 30, 35, 40, 45, 50, 60, 70, 85, 100, 150)  # words


@dataclass(frozen=True)
class Texts:
    """Texts that answer one item.

    Attributes:
        entry: the item.
        texts: at least one.
        human: the index of the class that people gave each text; None for none.
        generated: how many texts, at the end, were generated; the others are golden inputs. 0 if
            all are responses.
        split: the column by which only the test rows of a table were taken; "" if all were.
    """

    entry: ItemEntry
    texts: tuple[str, ...]
    human: tuple[int | None, ...]
    generated: int = 0
    split: str = ""

    @property
    def labelled(self) -> int:
        """How many people scored."""
        return sum(one is not None for one in self.human)


@dataclass(frozen=True)
class ColumnNames:
    """Columns that the user named, and what else is said about the file."""

    text: str | None = None
    item: str | None = None
    score: str | None = None
    reading: Reading = field(default_factory=Reading)


def made_up(bundle: Bundle, entry: ItemEntry) -> Texts:
    """An item's golden inputs, and texts of usual lengths generated from their words.

    They are the same on every device.
    """
    inputs = golden.read(LoadedItem(bundle, entry)).inputs
    words = [word for text in inputs for word in text.split() if len(word) < 20] or ["a"]
    rng = random.Random(0)
    generated = [" ".join(rng.choices(words, k=rng.choice(_LENGTHS))) for _ in range(_GENERATED)]
    texts = (*inputs, *generated)
    return Texts(entry, texts, (None,) * len(texts), _GENERATED)


def read(path: Path, bundle: Bundle, item_id: str | None, named: ColumnNames) -> Texts:
    """The responses to one item in a table; its test rows alone, if a split column marks some.

    Args:
        path: a table.
        bundle: an open bundle.
        item_id: the item; None for the first item in the bundle that a row answers.
        named: the columns that the user named.

    Raises:
        InputError: the file cannot be read, columns are missing, a score is none of the
            item's, or no row answers the item.
    """
    source, items = str(path), bundle.manifest.items
    with open_source(path, named.reading) as table:
        header = table.header
        usual = candidates(header, ITEM.tiers)
        answers = header[usual[0]] if named.item is None and len(usual) == 1 else named.item
        ids = [entry.item_id for entry in items]
        columns = scoring_columns(
            header, source, ids, named.text, answers, item_id if answers is None else None
        )
        score = _score_column(header, source, named.score, (columns.text, columns.item))
        taken = [at for at in (columns.text, columns.item, score) if at is not None]
        split = split_column(header, taken)
        by_item: dict[str | None, list[tuple[int, str, str]]] = {}
        test_rows: set[int] = set()
        for numbers, rows in table.batches():
            for row, fields in zip(numbers, rows):
                answered = None if columns.item is None else fields[columns.item].strip()
                kept = (row, fields[columns.text], "" if score is None else fields[score])
                by_item.setdefault(answered, []).append(kept)
                if split is not None and is_test(fields[split]):
                    test_rows.add(row)
        if table.bad:
            raise table.error()
    wanted = [bundle.manifest.item(item_id)] if item_id is not None else items
    place = None if columns.item is None else header[columns.item]
    for entry in wanted:
        if found := by_item.get(None if place is None else entry.item_id):
            tests = [kept for kept in found if kept[0] in test_rows]
            name = "" if score is None else header[score]
            given = _labelled(entry, tests or found, source, name)
            return replace(given, split=header[split]) if tests and split is not None else given
    names = " or ".join(f"'{entry.item_id}'" for entry in wanted[:10])
    raise InputError(
        f"{source}: no row answers item {names}"
        + (f": the column '{place}' does not name it (see --item-column)" if place else "")
    )


def spread(texts: Sequence[str], number: int) -> list[str]:
    """A sample of `number` texts (or all, if fewer) across all lengths, the shortest first."""
    ordered = sorted(texts, key=lambda text: (len(text), text))
    number = min(number, len(texts))
    return [ordered[(2 * at + 1) * len(texts) // (2 * number)] for at in range(number)]


def mixed(texts: Sequence[str], number: int) -> list[str]:
    """A shuffled sample of `number` texts across all lengths; repeats texts if there are fewer."""
    sample = spread(texts, number)
    batch = [sample[index % len(sample)] for index in range(number)]
    random.Random(0).shuffle(batch)
    return batch


def _score_column(
    header: Sequence[str], source: str, named: str | None, taken: Sequence[int | None]
) -> int | None:
    """The index of the score column; None if the table has none and the user named none."""
    found, problems = find_columns(header, {SCORE.name: named}, [SCORE])
    at = found.get(SCORE.name)
    if named is not None and at is not None and at in taken:
        problems.append(Problem(named_twice(named, SCORE)))
    if problems:
        raise TableError(source, problems, hint(header))
    return at


def _labelled(
    entry: ItemEntry, found: Sequence[tuple[int, str, str]], source: str, column: str
) -> Texts:
    problems: list[Problem] = []
    human = []
    for row, _, cell in found:
        at = class_of(cell.strip(), entry.classes)
        if at is None and cell.strip():
            wrong = f"no score of item '{entry.item_id}' ({', '.join(entry.classes)})"
            problems.append(Problem(wrong, row, column))
        human.append(at)
    if problems:
        raise TableError(source, problems)
    return Texts(entry, tuple(text for _, text, _ in found), tuple(human))
