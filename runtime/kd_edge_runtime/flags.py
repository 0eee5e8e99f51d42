"""Why a person should look at a response: what `flag` says, by FORMAT.md, section 7."""

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
# In the order in which they are looked for; the first that fits is said.
NAMES = (EMPTY, LONG, PROMPT, REPEATS, UNLIKE, LIST, REVIEW)

# Fewer words are the prompt's, or the same again, by chance.
FEW = 8
# Pairs looked at before all are: of an ordinary response, three in the mean.
PROBES = 5
COPIED = 0.8


def pair_code(first: str, second: str) -> int:
    """What is kept of two words of a prompt, one after the other: 16 bits."""
    return crc32(f"{first} {second}".encode()) & 0xFFFF


def flagger(limits: Flags, below: float | None = None) -> Flag:
    """What flags responses to an item.

    Args:
        limits: the item's.
        below: the confidence below which scores are flagged, in place of the item's.

    Returns:
        A function of a response's words, its known n-grams (None where they are not counted) and
        the confidence in its score.
    """
    longest, distinct, prompt = limits.longest, limits.distinct, frozenset(limits.prompt)
    usual, low, high = limits.known or (0.0, 0.0, 0.0)
    counted = bool(limits.known)
    sure = limits.review if below is None else below

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
        if counted and known is not None:
            root = sqrt(number)
            off = known - usual * number
            if not known or off < low * root:
                return UNLIKE
            if number >= FEW and off > high * root:
                return LIST
        return REVIEW if confidence < sure else ""

    return flag


def copied(words: Sequence[str], prompt: frozenset[int]) -> bool:
    """Whether a response is the prompt's words, in their order.

    Args:
        words: at least two.
        prompt: `pair_code` of the prompt's pairs.
    """
    last = len(words) - 2
    missed = 0
    for step in range(PROBES):
        at = last * step // (PROBES - 1)
        # As `pair_code`, without the call: most responses come as far as this.
        if crc32(f"{words[at]} {words[at + 1]}".encode()) & 0xFFFF not in prompt:
            missed += 1
            if missed > 1:
                return False
    return sum(map(prompt.__contains__, map(pair_code, words, words[1:]))) >= COPIED * (last + 1)
