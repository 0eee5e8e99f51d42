"""What a `cross` student reads: a reference answer and the response, as token ids.

FORMAT.md, section 19, has the rules. The workshop reads by them too, so that training sees what
devices see.
"""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.bundle.fields import Fields
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.relation import Reference, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

ADDED = 3
"""The token at the start, and one after each part."""

MOST_IDS = 1 << 16
"""Ids of all reference answers to a question together: as many are looked at for each response."""


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

    @property
    def greatest(self) -> int:
        """The greatest id that is not the response's."""
        return max(self.start, self.between, *map(max, self.references))

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
    where = f"item '{item_id}': text"
    get = Fields(text, where)
    tokens, start, between = get("tokens", int), get("start", int), get("between", int)
    each: list[Any] = get("references", list)
    weights = get.list_of("weights", int)
    if not all(isinstance(one, list) and one for one in each):
        raise BundleError(f"{where}: 'references' has a value that is no list of tokens")
    if sum(map(len, each)) > MOST_IDS:
        raise BundleError(f"{where}: 'references' has more than {MOST_IDS:,} tokens")
    references = tuple(
        [Fields({"references": one}, where).list_of("references", int) for one in each]
    )
    codes = {code for reference in references for code in reference}
    if not all(0 <= code < tokens for code in (start, between, *codes)):
        raise BundleError(f"{where}: a token is none of the {tokens:,} that its tokenizer knows")
    if len(weights) != len(codes) or min(weights, default=1) < 1:
        raise BundleError(f"{where}: 'weights' are not one above 0 for each token of 'references'")
    if longest <= ADDED:
        raise BundleError(
            f"item '{item_id}': its tokenizer leaves {longest} tokens, too few to read"
        )
    return ReferenceParts(start, between, references, weights, longest)
