"""All questions of a source pooled into one item."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kd_edge.data.responses import Item, Responses, Row, Scale
from kd_edge.data.splits import Split, split_item
from kd_edge.teacher.pair_text import join_parts
from kd_edge_export.relation import make_relation
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.relation import Relation
from kd_edge_runtime.text.vocabulary import hash_word

POOLED = "all questions"

# The weight of a reference's word: a thousand times its inverse document frequency.
_WHOLE = 1000


@dataclass(frozen=True)
class Pool(Split):
    """Many questions as one item of training and validation rows; ids are unique over all.

    Attributes:
        questions: by id; those with test rows only come last.
        relations: the words of each question and its reference answers, for the student.
        unseen: questions without training rows.
        rules: the number of the text rules that the relations' words come from.
    """

    questions: Mapping[str, Item]
    relations: Mapping[str, Relation]
    unseen: frozenset[str]
    rules: int = 1

    def teacher_text(self, item_id: str, response: str) -> str:
        """The parts that the teacher reads: the most similar reference answer, and the response."""
        relation, words = self.relations[item_id], words_by(self.rules)
        known = self.references(item_id)
        best = relation.nearest({hash_word(word) for word in words(response)})
        reference = known[relation.references.index(best)]
        return join_parts(reference, response)

    def references(self, item_id: str) -> list[str]:
        """The reference answers to a question, in the order of its relation's."""
        words = words_by(self.rules)
        return [text for text in self.questions[item_id].references if words(text)]

    def for_teacher(self, rows: Iterable[Row]) -> list[Row]:
        """The rows with the texts that the teacher reads."""
        return [replace(row, text=self.teacher_text(row.item_id, row.text)) for row in rows]


def make_pool(
    responses: Responses, test: Responses | None, validation: float, seed: int, rules: int = 1
) -> Pool:
    """Pool questions, and split their rows.

    Args:
        responses: the questions to train on, each with a reference answer.
        test: responses to measure on, also to other questions (then rows of `responses` marked
            "test" are left out); without it, or if none of them is scored, the rows marked
            "test" are used, or a fifth of each class.
        validation: share of each class to hold out from training.
        seed: seed of the random choices.
        rules: the number of the text rules by which words are read.

    Raises:
        InputError: questions with different classes or without a reference answer, or too few
            rows.
    """
    questions = {item.item_id: item for item in responses.items}
    for item in test.items if test else ():
        questions.setdefault(item.item_id, item)
    scale = responses.items[0].scale
    for item in questions.values():
        _check_question(item, scale, rules)
    rows = [row for item in responses.items for row in _pooled(item)]
    measured = _test_rows(test, rows) if test else []
    source, other = "", None
    if test and measured:
        source, other = test.source, Item(POOLED, scale, tuple(measured))
    split = split_item(Item(POOLED, scale, tuple(rows)), other, validation, seed, source)
    # The rows as they were read: a split marks rows, which would change the hashes of stages.
    read = {row.response_id: row for row in (*rows, *measured)}
    train, held_out, test_rows = (
        tuple(read[row.response_id] for row in part)
        for part in (split.train, split.validation, split.test)
    )
    answered = {row.item_id for row in train}
    return Pool(
        questions=questions,
        relations=_relations(questions, train, answered, rules),
        item=Item(POOLED, scale, (*train, *held_out)),
        train=train,
        validation=held_out,
        test=test_rows,
        unseen=frozenset(questions) - answered,
        how=split.how,
        rules=rules,
    )


def _check_question(item: Item, scale: Scale, rules: int) -> None:
    if item.scale.classes and item.scale != scale:
        raise InputError(
            f"item '{item.item_id}' has the classes {item.scale}, others have {scale}: one "
            "small model for all items needs the same classes; name them with --classes or "
            "--score-range"
        )
    if not any(map(words_by(rules), item.references)):
        raise InputError(
            f"item '{item.item_id}' has no reference answer, by which one small model could "
            "tell the items apart: name a column of them (--reference-column) or a table with one "
            "for each item (--references), or leave out --together to train one for each item"
        )


def _relations(
    questions: Mapping[str, Item], train: Sequence[Row], answered: Collection[str], rules: int
) -> dict[str, Relation]:
    """Each question's words, weighted by how rare they are in training."""
    references = [
        text for name in questions if name in answered for text in questions[name].references
    ]
    weigh = _weights([*(row.text for row in train), *references], rules)
    return {
        name: relation
        for name, item in questions.items()
        if (relation := make_relation(item.prompt or "", item.references, weigh, rules)) is not None
    }


def texts_of(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """The responses, and the question that each answers."""
    return [row.text for row in rows], [row.item_id for row in rows]


def own_id(row: Row) -> str:
    """The id of a pooled row within its question."""
    prefix = _prefix(row.item_id)
    return row.response_id[row.response_id.index(prefix) + len(prefix) :]


def _prefix(item_id: str) -> str:
    return f"{item_id}/"


def _pooled(item: Item) -> list[Row]:
    """An item's scored rows, with ids that are unique over all items."""
    return [
        replace(row, response_id=_prefix(item.item_id) + row.response_id)
        for row in item.rows
        if row.score is not None
    ]


def _test_rows(test: Responses, rows: Sequence[Row]) -> list[Row]:
    """The scored rows of a test file, with ids that differ from those of other rows."""
    measured = [row for item in test.items for row in _pooled(item)]
    ids = {row.response_id for row in rows if row.split != "test"}
    shared = [row.response_id for row in measured if row.response_id in ids]
    if shared and "response_id" in test.columns:
        raise InputError(
            f"{test.source}: {len(shared)} test responses have the id of a response to train "
            f"on (the first is '{shared[0]}')"
        )
    return [replace(row, response_id=f"test {row.response_id}") for row in measured]


def _weights(texts: Sequence[str], rules: int) -> Callable[[int], int]:
    """The weight of a word by its hash: the rarer it is among the texts, the higher."""
    words = words_by(rules)
    frequency = Counter(code for text in texts for code in set(map(hash_word, words(text))))
    return lambda code: 1 + round(_WHOLE * math.log((len(texts) + 1) / (frequency[code] + 1)))
