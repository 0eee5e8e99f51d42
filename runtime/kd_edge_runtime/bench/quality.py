"""How well scores agree with people's, in plain Python: the figures that scikit-learn gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kd_edge_runtime._light_stdlib import dataclass
from kd_edge_runtime.system.ordered_sums import ordered_sum


@dataclass(frozen=True)
class Quality:
    """Machine against people over N responses.

    Attributes:
        responses: N.
        accuracy: share of equal scores, 0 to 1.
        macro_f1: mean F1 over the classes that either gave, 0 to 1.
        qwk: quadratic weighted kappa (Cohen 1968), at most 1; 0 where both give one and the
            same score, for which it is not defined.
    """

    responses: int
    accuracy: float
    macro_f1: float
    qwk: float


def quality(
    human: Sequence[int], machine: Sequence[int], worth: Sequence[float] | None = None
) -> Quality:
    """All figures.

    Args:
        human: classes as numbers 0 to K - 1; [N], N > 0.
        machine: the same of the other; [N].
        worth: what each class counts as, [K]; 0 to K - 1 unless given.
    """
    n = len(human)
    given, found = Counter(human), Counter(machine)
    right = Counter(one for one, other in zip(human, machine) if one == other)
    f1 = [2 * right[one] / (given[one] + found[one]) for one in given | found]
    points = range(max(given | found) + 1) if worth is None else worth

    def squared(one: int, other: int) -> float:
        return (points[one] - points[other]) ** 2

    # Kappa is 1 - observed / expected disagreement; the greatest weight cancels out.
    apart = ordered_sum(map(squared, human, machine))
    chance = ordered_sum(
        given[one] * found[other] * squared(one, other) for one in given for other in found
    )
    return Quality(
        responses=n,
        accuracy=sum(right.values()) / n,
        macro_f1=ordered_sum(f1) / len(f1),
        qwk=1 - apart * n / chance if chance else 0.0,
    )
