"""Whether scores are distributed as they were: alarms whose rate of false ones is known.

Two samples of a figure in K classes are compared by Pearson's chi-square test of homogeneity
(K. Pearson, Philosophical Magazine 50, 1900; for the least counts at which it holds, Cochran,
Annals of Mathematical Statistics 23, 1952). Looking again and again would find something at last:
the k-th look at an item therefore uses 6 / (pi k)^2 of what may be spent, which adds up to all of
it over any number of looks (alpha spending; Bonferroni over items and figures).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

FIGURES = ("score", "confidence", "flag")
"""What is compared; with a bundle's record, the share of unknown words too."""

UNKNOWN = "unknown"

LEAST_EXPECTED = 5.0
"""The least count that is expected in a class; rarer classes are taken together."""

LEAST_RESPONSES = 20
"""The fewest responses that are compared."""

LEAST_SHARED = 3
"""The fewest who are counted together, as for the words of a vocabulary: a cell of fewer may be a
response."""

OTHER = "all others"
"""The class of what the reference does not tell apart, since none or too few had it."""

_CONFIDENCES = 5  # classes of the confidence, equally many responses in each at first


@dataclass
class Scores:
    """The scores of responses to one item, as counts; nothing of any response.

    Attributes:
        predicted: how many have each score.
        flags: how many have each flag, "" for none.
        confidences: the confidences, 0 to 1.
        unknown: how many have each share of unknown n-grams, as `held_out.unknown_bin`; empty where
            they are not counted.
    """

    predicted: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    confidences: list[float] = field(default_factory=list)
    unknown: Counter[int] = field(default_factory=Counter)

    def add(self, predicted: str, confidence: float, flag: str) -> None:
        """Adds a response."""
        self.predicted[predicted] += 1
        self.flags[flag] += 1
        self.confidences.append(confidence)

    def __len__(self) -> int:
        return len(self.confidences)

    def beside(self, now: Scores) -> Counts:
        """These and later scores by figure, each as counts in the same classes."""
        cuts = _cuts(self.confidences)
        return {
            "score": same_classes(self.predicted, len(self), now.predicted, LEAST_SHARED),
            "confidence": (_binned(self.confidences, cuts), _binned(now.confidences, cuts)),
            "flag": same_classes(self.flags, len(self), now.flags, LEAST_SHARED),
        }


def same_classes(
    before: Mapping[str, int], responses: int, now: Mapping[str, int], least: int = 1
) -> tuple[Counter[str], Counter[str]]:
    """Counts of now in the classes of before; what these do not have is `OTHER` in both.

    Args:
        before: how many responses have each class.
        responses: of before, also those without one of these classes.
        now: how many have each class.
        least: a class that fewer responses of before have is none of these.
    """
    old = Counter({name: count for name, count in before.items() if count >= least})
    new = Counter({name: now[name] for name in old if now.get(name)})
    for counts, total in ((old, responses), (new, sum(now.values()))):
        if rest := total - counts.total():
            counts[OTHER] = rest
    return old, new


Counts = Mapping[str, "tuple[Counter[str], Counter[str]]"]
"""By figure, how many had each class before and have it now."""


class Reference(Protocol):
    """What scores are compared with: `Scores`, or a bundle's record of held-out responses."""

    def beside(self, now: Scores) -> Counts:
        """The reference and later scores by figure, each as counts in the same classes."""
        ...


@dataclass(frozen=True)
class Compared:
    """One figure of an item in a part of its scores, beside the reference.

    Attributes:
        item_id: the item.
        part: the week, class or file.
        figure: one of `FIGURES`, or `UNKNOWN`.
        responses: of the part.
        p: the chance of a difference as great, were nothing changed; 1 where nothing can be said.
        level: below which p is an alarm.
        before: the share of each class in the reference.
        now: the share of each class in the part.
    """

    item_id: str
    part: str
    figure: str
    responses: int
    p: float
    level: float
    before: Mapping[str, float]
    now: Mapping[str, float]

    @property
    def alarm(self) -> bool:
        """Whether it is to be looked into."""
        return self.p < self.level


def compare(
    reference: Mapping[str, Reference],
    parts: Mapping[str, Mapping[str, Scores]],
    false_alarms: float,
) -> list[Compared]:
    """Compares each part with the reference.

    Args:
        reference: the scores to compare with, by item.
        parts: the scores of each part by item; the parts in the order in which they are looked at,
            all from the first look on.
        false_alarms: the chance, over all of these items, figures and any number of parts, of one
            alarm or more though nothing has changed; 0 to 1.
    """
    items = [item for item in reference if any(item in scores for scores in parts.values())]
    found: list[Compared] = []
    for item in items:
        looks = 0
        for part, scores in parts.items():
            if item not in scores:
                continue
            looks += 1
            spent = false_alarms * 6 / (math.pi * looks) ** 2
            counts = reference[item].beside(scores[item])
            level = spent / (len(items) * len(counts))
            found += _figures(item, part, counts, len(scores[item]), level)
    return found


def homogeneity(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of two samples' counts in K classes; 1 if too few to be compared."""
    total, of_first, of_second = sum(first) + sum(second), sum(first), sum(second)
    if min(of_first, of_second) < LEAST_RESPONSES:
        return 1.0
    share = min(of_first, of_second) / total
    # The rarest classes are taken together until each is expected often enough.
    pairs = sorted(zip(first, second, strict=True), key=sum)
    while len(pairs) > 1 and sum(pairs[0]) * share < LEAST_EXPECTED:
        (a, b), (c, d) = pairs[:2]
        pairs = sorted([(a + c, b + d), *pairs[2:]], key=sum)
    if len(pairs) < 2:
        return 1.0
    statistic = 0.0
    for pair in pairs:
        for seen, size in zip(pair, (of_first, of_second), strict=True):
            expected = sum(pair) * size / total
            statistic += (seen - expected) ** 2 / expected
    from scipy.stats import chi2

    return float(chi2.sf(statistic, len(pairs) - 1))


def _figures(
    item: str, part: str, counts: Counts, responses: int, level: float
) -> Iterable[Compared]:
    for figure, (old, new) in counts.items():
        names = sorted({*old, *new})
        p = homogeneity([old[name] for name in names], [new[name] for name in names])
        shares = ({name: of[name] / max(1, of.total()) for name in names} for of in (old, new))
        yield Compared(item, part, figure, responses, p, level, *shares)


def _cuts(confidences: Sequence[float]) -> list[float]:
    ordered = sorted(confidences)
    places = (at * len(ordered) // _CONFIDENCES for at in range(1, _CONFIDENCES))
    return sorted({ordered[at] for at in places}) if ordered else []


def _binned(confidences: Iterable[float], cuts: Sequence[float]) -> Counter[str]:
    edges = [0.0, *cuts, 1.0]
    names = [f"{low:.2f} to {high:.2f}" for low, high in zip(edges, edges[1:], strict=False)]
    return Counter(names[sum(value >= cut for cut in cuts)] for value in confidences)
