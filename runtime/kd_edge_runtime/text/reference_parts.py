"""What a `cross` student reads: a reference answer and the response, as token ids.

FORMAT.md, section 19, has the rules. The workshop reads by them too, so that training sees what
devices see.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.relation import Reference, Relation
from kd_edge_runtime.text.tokenizer_limits import MAX_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

ADDED = 3
"""The token at the start, and one after each part."""

MOST_REFERENCES = 1000
"""Reference answers to a question that a bundle may hold."""


class ReferenceParts(NamedTuple):
    """Reads responses to one question beside the most similar of its reference answers.

    Attributes:
        start: the id before everything.
        between: the id after each of the two parts.
        references: the ids of each reference answer, none of them empty; none if nothing is known.
        weights: what each different id of the references counts, rising by id; > 0.
        longest: ids that are read, those added included; > `ADDED`.
    """

    start: int
    between: int
    references: tuple[tuple[int, ...], ...]
    weights: tuple[int, ...]
    longest: int

    def reader(self) -> Reader:
        """The same, ready to read."""
        return Reader(self)


class Reader:
    """Joins the parts; see `ReferenceParts`."""

    def __init__(self, parts: ReferenceParts) -> None:
        self._parts = parts
        codes = sorted({code for reference in parts.references for code in reference})
        # The rule of `pairs`, with tokens in the place of words.
        self._relation = Relation(
            frozenset(),
            tuple(Reference(reference, frozenset()) for reference in parts.references),
            dict(zip(codes, parts.weights)),
        )

    def join(self, response: Sequence[int]) -> list[int]:
        """Start, reference, between, response, between.

        Args:
            response: its ids, without any that are put around a text.

        Returns:
            At most `longest` ids. The response is kept before the reference.
        """
        parts = self._parts
        kept = [*response[: parts.longest - ADDED]]
        reference: tuple[int, ...] = ()
        if parts.references:
            reference = self._relation.nearest(set(kept)).order
        room = parts.longest - ADDED - len(kept)
        return [parts.start, *reference[:room], parts.between, *kept, parts.between]


def parts_of(text: Mapping[str, Any], longest: int, item_id: str) -> ReferenceParts:
    """What an item's entry says of its question.

    Args:
        text: the entry's `text`.
        longest: ids that the tokenizer leaves of a text.
        item_id: the item, for messages.

    Raises:
        BundleError: it is not as FORMAT.md says.
    """
    references: Any = text.get("references")
    weights: Any = text.get("weights")
    tokens: Any = text.get("tokens")
    ids: list[Any] = [text.get("start"), text.get("between")]
    valid = (
        isinstance(references, list)
        and isinstance(weights, list)
        and len(references) <= MOST_REFERENCES
        and all(isinstance(one, list) and 0 < len(one) <= MAX_TOKENS for one in references)
    )
    if valid:
        for one in references:
            ids += one
        valid = (
            type(tokens) is int
            and all(type(code) is int and 0 <= code < tokens for code in ids)
            and all(type(weight) is int and weight > 0 for weight in weights)
            and len({*ids[2:]}) == len(weights)
            and longest > ADDED
        )
    if not valid:
        raise BundleError(
            f"item '{item_id}': text.start, between, references and weights are not as a reference "
            "answer and a response need them"
        )
    known = tuple([tuple(one) for one in references])
    return ReferenceParts(ids[0], ids[1], known, tuple(weights), longest)
