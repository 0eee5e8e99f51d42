"""Why a student gave a response its score, in a line: the words that spoke for it and against."""

from __future__ import annotations

from collections.abc import Callable

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer

Why = Callable[[str, int], str]
"""Of a response and the class it was given; "" where nothing can be said."""

_FOR, _AGAINST = 5, 3


def reasons(scorer: Scorer, item_id: str) -> Why:
    """Explains scores of an item.

    Args:
        scorer: the open bundle.
        item_id: the item; of a student that is no bag nothing can be said.
    """

    def why(text: str, given: int) -> str:
        try:
            found = scorer.explain(text, item_id)
        except InputError:
            return ""
        named = [
            (push.pushes[given], f"{' '.join(push.words)} {push.pushes[given]:+.2f}")
            for push in found.pushes
        ]
        named.sort()
        speaks = [name for value, name in reversed(named) if value > 0][:_FOR]
        against = [name for value, name in named if value < 0][:_AGAINST]
        parts = [("for this score", speaks), ("against", against), ("not known", found.unknown)]
        return "; ".join(f"{said}: {', '.join(names)}" for said, names in parts if names)

    return why
