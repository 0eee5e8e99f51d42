"""The scale of items whose scores are words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from kd_edge.data.readers.scales.known_orders import SEMEVAL_WORDS, known_order
from kd_edge.data.scale import Scale

_MOST_WORDS = 12
_LONGEST = 20  # characters of a class; what is longer may be a response


def families(words: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Put items that share a word together, and all that use SemEval's."""
    families: list[tuple[set[str], list[str]]] = []
    for item, cells in words.items():
        reach = {cell.casefold() for cell in cells}
        if reach <= SEMEVAL_WORDS:
            reach |= SEMEVAL_WORDS
        members = []
        apart = []
        for family in families:
            if family[0] & reach:
                reach |= family[0]
                members += family[1]
            else:
                apart.append(family)
        families = [*apart, (reach, [*members, item])]
    return [members for _, members in families]


def of_words(cells: Sequence[str], numbers: Sequence[str] = ()) -> Scale | str:
    """Make a scale of the words that come again; one that is there once may be a slip.

    Args:
        cells: the cells that are words.
        numbers: the other cells, to be named where the order is asked for.

    Returns:
        What is wrong with the words where they have no order; "" where they are no classes.
    """
    counts = Counter(cell.casefold() for cell in cells)
    spelling: dict[str, str] = {}
    for cell in cells:
        spelling.setdefault(cell.casefold(), cell)
    again = [word for word, count in counts.most_common() if count > 1]
    repeated = sum(counts[word] for word in again)
    most = 2 * repeated >= len(cells)
    for words in (spelling, again if most else ()):
        order = known_order(spelling[word] for word in words)
        if order is not None:
            return Scale(order, numeric=False)
    if not most or not 1 < len(again) <= _MOST_WORDS:
        return ""
    if max(map(len, again)) > _LONGEST:
        return ""
    others = [(number, count) for number, count in Counter(numbers).items() if count > 1]
    classes = [*((spelling[word], counts[word]) for word in again), *others[:_MOST_WORDS]]
    shown = ", ".join(f"{name} ({count} times)" for name, count in classes)
    option = ",".join(name for name, _ in classes)
    return (
        f"the scores are words whose order is not known: {shown}. Name them from the lowest to the "
        f'highest, in the right order: --classes "{option}"'
    )
