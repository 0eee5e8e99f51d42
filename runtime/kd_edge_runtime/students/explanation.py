"""What an explanation of a score holds, of every kind of student that can explain its scores."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from kd_edge_runtime._light_stdlib import NamedTuple
from kd_edge_runtime.system.ordered_sums import ordered_sum


class Push(NamedTuple):
    """What one word, or two neighbouring words, added to the logits.

    Attributes:
        words: the word (with its character runs), or both words of a pair; as the text rules
            read them.
        times: how often it occurs in the response.
        pushes: what all occurrences added to each class's logit; [K] with mean 0, since a shift
            of all logits does not change the score.
    """

    words: tuple[str, ...]
    times: int
    pushes: tuple[float, ...]

    @property
    def strength(self) -> float:
        """The range from the least to the most favoured class, in log-odds; >= 0."""
        return max(self.pushes) - min(self.pushes)


class Explanation(NamedTuple):
    """Everything that contributed to a score.

    Attributes:
        start: the logits before any word, minus their mean; [K].
        pushes: those of every known word and pair, the strongest first.
        unknown: the unknown words, in order, without repetition.
    """

    start: tuple[float, ...]
    pushes: tuple[Push, ...]
    unknown: tuple[str, ...]

    def logits(self) -> tuple[float, ...]:
        """The logits minus their mean: the sum of `start` and all pushes; [K]."""
        parts = (self.start, *(push.pushes for push in self.pushes))
        return tuple(map(ordered_sum, zip(*parts)))


def logits_of(
    head: Sequence[Sequence[float]], hidden: Sequence[float], bias: Sequence[float] = ()
) -> tuple[float, ...]:
    """What hidden values add to the logits, minus their mean; [K]."""
    logits = [ordered_sum(map(mul, row, hidden)) for row in head]
    if bias:
        logits = [logit + offset for logit, offset in zip(logits, bias)]
    mean = ordered_sum(logits) / len(logits)
    return tuple([logit - mean for logit in logits])
