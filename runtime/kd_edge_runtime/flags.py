"""Flags: why a person should look at a response (FORMAT.md, section 7)."""

from __future__ import annotations

from math import sqrt
from zlib import crc32

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from kd_edge_runtime.bundle.manifest import Flags

    Flag = Callable[[Sequence[str], "int | None", float], str]

EMPTY = "empty"
LONG = "long"
PROMPT = "prompt"
REPEATS = "repeats"
UNLIKE = "unlike"
LIST = "list"
REVIEW = "review"
# In the order in which they are checked; the first that applies is reported.
NAMES = (EMPTY, LONG, PROMPT, REPEATS, UNLIKE, LIST, REVIEW)

# Shorter responses may copy the prompt or repeat themselves by chance.
FEW = 8
# Pairs that are checked before all of them are; three on average for an ordinary response.
PROBES = 5
COPIED = 0.8


def pair_code(first: str, second: str) -> int:
    """The 16-bit hash that stands for two neighbouring words of a prompt."""
    return crc32(f"{first} {second}".encode()) & 0xFFFF


def flagger(limits: Flags, below: float | None = None) -> Flag:
    """A function that flags responses to an item.

    Args:
        limits: the item's limits.
        below: the confidence below which scores are flagged; None for the item's own limit.

    Returns:
        A function of a response's words, the number of its known n-grams (None if they are not
        counted) and the confidence in its score.
    """
    longest, distinct, prompt = limits.longest, limits.distinct, frozenset(limits.prompt)
    usual, low, high = limits.known or (0.0, 0.0, 0.0)
    has_known_limits = bool(limits.known)
    review_below = limits.review if below is None else below

    def flag(words: Sequence[str], known: int | None, confidence: float) -> str:
        number = len(words)
        if not number:
            return EMPTY
        if longest and number > longest:
            return LONG
        if number >= FEW:
            if prompt and copied(words, prompt):
                return PROMPT
            if distinct and len(set(words)) < distinct * number**0.75:
                return REPEATS
        if has_known_limits and known is not None:
            root = sqrt(number)
            deviation = known - usual * number
            if not known or deviation < low * root:
                return UNLIKE
            if number >= FEW and deviation > high * root:
                return LIST
        return REVIEW if confidence < review_below else ""

    return flag


def copied(words: Sequence[str], prompt: frozenset[int]) -> bool:
    """Whether a response repeats the prompt's words in their order.

    Args:
        words: the response's words, at least two.
        prompt: the `pair_code` of every pair of neighbouring words in the prompt.
    """
    last = len(words) - 2
    missed = 0
    for step in range(PROBES):
        start = last * step // (PROBES - 1)
        # `pair_code` inlined: most responses get as far as this.
        if crc32(f"{words[start]} {words[start + 1]}".encode()) & 0xFFFF not in prompt:
            missed += 1
            if missed > 1:
                return False
    return sum(map(prompt.__contains__, map(pair_code, words, words[1:]))) >= COPIED * (last + 1)
