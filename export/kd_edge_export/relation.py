"""A question's relation, which a `pairs` student compares responses with, and its bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence

from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.relation import Reference, Relation, hashed
from kd_edge_runtime.text.vocabulary import MAX_WORD


def make_relation(
    question: str, references: Sequence[str], weigh: Callable[[int], int], rules: int = 1
) -> Relation | None:
    """The words of a question and its reference answers, with weights.

    Args:
        question: its text; may be empty.
        references: its reference answers; those without a word are left out.
        weigh: the weight of a word by its hash; a whole number above 0.
        rules: the number of the text rules.

    Returns:
        None where no reference has a word.
    """
    words = words_by(rules)
    hashes = [[hashed(word[:MAX_WORD]) for word in words(text)] for text in references]
    parsed = tuple(
        Reference(
            tuple(code for code, _ in answer),
            frozenset(gram for _, grams in answer for gram in grams),
        )
        for answer in hashes
        if answer
    )
    if not parsed:
        return None
    return Relation(
        frozenset(hashed(word[:MAX_WORD])[0] for word in words(question)),
        parsed,
        {code: weigh(code) for reference in parsed for code in reference.order},
    )


def relation_bytes(relation: Relation) -> bytes:
    """A relation as a member of a bundle, see FORMAT.md."""
    lists: list[Iterable[int]] = [sorted(relation.question), [len(relation.references)]]
    for reference in relation.references:
        lists += [reference.order, sorted(reference.grams)]
    lists.append(relation.weights[code] for code in sorted(relation.weights))
    numbers: list[int] = []
    for values in map(list, lists):
        numbers += [len(values), *values]
    return struct.pack(f"<{len(numbers)}I", *numbers)
