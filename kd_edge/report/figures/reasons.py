"""Why a student gave a response its score: the words for and against it, in a line."""

from __future__ import annotations

from collections.abc import Callable

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer

Why = Callable[[str, int], str]
"""The reasons for a response's class; "" where there are none."""

_FOR, _AGAINST = 5, 3


def reasons(scorer: Scorer, item_id: str) -> Why:
    """A function that explains scores of an item.

    Args:
        scorer: the open bundle.
        item_id: the item; only a bag of n-grams can be explained.
    """

    def why(text: str, given: int) -> str:
        try:
            explanation = scorer.explain(text, item_id)
        except InputError:
            return ""
        words = sorted(
            (push.pushes[given], f"{' '.join(push.words)} {push.pushes[given]:+.2f}")
            for push in explanation.pushes
        )
        in_favour = [word for value, word in reversed(words) if value > 0][:_FOR]
        against = [word for value, word in words if value < 0][:_AGAINST]
        unknown = explanation.unknown
        parts = [("for this score", in_favour), ("against it", against), ("unknown words", unknown)]
        return "; ".join(f"{head}: {', '.join(names)}" for head, names in parts if names)

    return why
