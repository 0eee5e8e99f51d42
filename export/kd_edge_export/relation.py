"""Makes what a `pairs` student knows of a question, and the bytes that a bundle holds it in."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence

from kd_edge_runtime.text.relation import Reference, Relation, hashed
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import MAX_WORD


def make_relation(
    question: str, references: Sequence[str], weigh: Callable[[int], int]
) -> Relation | None:
    """What a student is to know of a question.

    Args:
        question: its text; may be empty.
        references: its reference answers; those without a word are left out.
        weigh: what a word counts, by its hash; a whole number above 0.

    Returns:
        None where no reference has a word.
    """
    found = [[hashed(word[:MAX_WORD]) for word in words(text)] for text in references]
    made = tuple(
        Reference(
            tuple(code for code, _ in one),
            frozenset(gram for _, grams in one for gram in grams),
        )
        for one in found
        if one
    )
    if not made:
        return None
    return Relation(
        frozenset(hashed(word[:MAX_WORD])[0] for word in words(question)),
        made,
        {code: weigh(code) for one in made for code in one.order},
    )


def relation_bytes(relation: Relation) -> bytes:
    """A question's member, see FORMAT.md."""
    lists: list[Iterable[int]] = [sorted(relation.question), [len(relation.references)]]
    for one in relation.references:
        lists += [one.order, sorted(one.grams)]
    lists.append(relation.weights[code] for code in sorted(relation.weights))
    numbers: list[int] = []
    for values in map(list, lists):
        numbers += [len(values), *values]
    return struct.pack(f"<{len(numbers)}I", *numbers)
