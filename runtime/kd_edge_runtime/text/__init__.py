"""Text rules: from a response to its words and n-grams, by the number that a bundle names."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Callable

KNOWN_RULES = (1, 2)

# Those of new students; what is older keeps its own.
NEW_RULES = 2


def words_by(rules: int) -> Callable[[str], list[str]]:
    """The function from a response to its words, by the number of the text rules.

    Raises:
        ValueError: there are no such rules; `KNOWN_RULES` lists those there are.
    """
    if rules not in KNOWN_RULES:
        raise ValueError(f"there are no text rules {rules}")
    # Imported where they are needed: a start on a device pays for its own rules only.
    if rules == 1:
        from kd_edge_runtime.text import rules as rules1

        return rules1.words
    from kd_edge_runtime.text import rules2

    return rules2.words
