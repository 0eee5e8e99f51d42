"""All questions of a source as one item, whose responses know their questions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge.data.responses import Item, Responses, Row
from kd_edge.data.splits import TEST_SHARE
from kd_edge.data.stratify import validation_rows
from kd_edge_export.relation import make_relation
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.relation import Relation
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import hash_word

POOLED = "all questions"

# What a word of a reference counts: a thousand times its inverse document frequency.
_WHOLE = 1000


@dataclass(frozen=True)
class Pool:
    """Many questions as one item.

    Attributes:
        questions: by id, those that only test rows answer at the end.
        relations: what a student knows of each question.
        item: the pooled item: all rows to learn from.
        train: scored rows to learn from; like the others with ids that hold for all
            questions.
        validation: scored rows to choose by.
        test: scored rows to measure on, once.
        unseen: questions to which no row to learn from answers.
        how: where the test rows come from, in words.
    """

    questions: Mapping[str, Item]
    relations: Mapping[str, Relation]
    item: Item
    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    test: tuple[Row, ...]
    unseen: frozenset[str]
    how: str

    def told(self, item_id: str, response: str) -> str:
        """What the teacher reads: question, the reference most like the response, response."""
        item, relation = self.questions[item_id], self.relations[item_id]
        known = [text for text in item.references if words(text)]
        best = relation.nearest({hash_word(word) for word in words(response)})
        reference = known[relation.references.index(best)]
        return f"{item.prompt or ''} {reference} [SEP] {response}".lstrip()

    def as_told(self, rows: Iterable[Row]) -> list[Row]:
        """Rows with what the teacher reads for their text."""
        return [replace(row, text=self.told(row.item_id, row.text)) for row in rows]


def make_pool(responses: Responses, test: Responses | None, validation: float, seed: int) -> Pool:
    """Pools questions, and splits their rows.

    Args:
        responses: the questions to learn from, each with a reference answer.
        test: responses to measure on, also to questions that are not among the others (rows of
            `responses` marked "test" are left out then); if it is not there or none of them is
            scored, the rows marked "test" are taken, or a fifth of each class.
        validation: share of each class to hold out from training.
        seed: for what is drawn.

    Raises:
        InputError: questions with different classes or without a reference answer, or too few
            rows.
    """
    questions = {item.item_id: item for item in responses.items}
    for item in test.items if test else ():
        questions.setdefault(item.item_id, item)
    scale = responses.items[0].scale
    for item in questions.values():
        if item.scale.classes and item.scale != scale:
            raise InputError(
                f"item '{item.item_id}' has the classes {item.scale}, others have {scale}: one "
                "student for all needs the same classes; name them with --classes or --score-range"
            )
        if not any(map(words, item.references)):
            raise InputError(
                f"item '{item.item_id}' has no reference answer, by which one student could tell "
                "the questions apart: leave out --together for a student of each"
            )
    rows = [row for item in responses.items for row in _pooled(item)]
    learnt, measured, how = _parted(rows, test, seed)
    held = set(validation_rows(learnt, validation, seed))
    train = [row for row in learnt if row.response_id not in held]
    if not train or not held:
        raise InputError(f"{len(learnt)} scored responses are too few to learn from")
    if not measured:
        raise InputError("there are no test responses to measure on")
    answered = {row.item_id for row in train}
    references = [
        text for name in questions if name in answered for text in questions[name].references
    ]
    weigh = _weights([*(row.text for row in train), *references])
    relations = {
        name: relation
        for name, item in questions.items()
        if (relation := make_relation(item.prompt or "", item.references, weigh)) is not None
    }

    return Pool(
        questions=questions,
        relations=relations,
        item=Item(POOLED, scale, tuple(learnt)),
        train=tuple(train),
        validation=tuple(row for row in learnt if row.response_id in held),
        test=tuple(measured),
        unseen=frozenset(questions) - answered,
        how=how,
    )


def own_id(row: Row) -> str:
    """The id that a pooled row has within its question."""
    prefix = _prefix(row.item_id)
    return row.response_id[row.response_id.index(prefix) + len(prefix) :]


def _prefix(item_id: str) -> str:
    return f"{item_id}/"


def _pooled(item: Item) -> list[Row]:
    """An item's scored rows, with ids that hold for all items."""
    return [
        replace(row, response_id=_prefix(item.item_id) + row.response_id)
        for row in item.rows
        if row.score is not None
    ]


def _parted(
    rows: Sequence[Row], test: Responses | None, seed: int
) -> tuple[list[Row], list[Row], str]:
    """The rows to learn from, those to measure on, and where these come from."""
    marked = [row for row in rows if row.split == "test"]
    learnt = [row for row in rows if row.split != "test"]
    measured = [row for item in test.items for row in _pooled(item)] if test else []
    if test and measured:
        ids = {row.response_id for row in learnt}
        shared = [row.response_id for row in measured if row.response_id in ids]
        if shared and "response_id" in test.columns:
            raise InputError(
                f"{test.source}: {len(shared)} test responses have ids that are among the "
                f"responses to learn from too ('{shared[0]}' is the first)"
            )
        named = [replace(row, response_id=f"test {row.response_id}") for row in measured]
        return learnt, named, Path(test.source).name
    if marked:
        return learnt, marked, "the rows marked 'test'"
    chosen = set(validation_rows(learnt, TEST_SHARE, seed + 1))
    return (
        [row for row in learnt if row.response_id not in chosen],
        [row for row in learnt if row.response_id in chosen],
        f"{TEST_SHARE:.0%} of the rows, chosen at random",
    )


def _weights(texts: Sequence[str]) -> Callable[[int], int]:
    """What a word counts, by its hash: more where fewer texts have it, and most where none has."""
    among = Counter(code for text in texts for code in set(map(hash_word, words(text))))
    return lambda code: 1 + round(_WHOLE * math.log((len(texts) + 1) / (among[code] + 1)))
