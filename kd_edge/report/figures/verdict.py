"""The verdict on an item: the rules over its figures, and the limits they use.

A small model is used as it is where its scores keep the limits by themselves; with review where
the marks keep them that a class gets when a person scores the flagged responses; otherwise not.
`kd_edge/README.md` has the same table in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kd_edge.evaluation.agreement import MAJORITY
from kd_edge.evaluation.review import at_least
from kd_edge.evaluation.rsmtool import GIVEN, Comparison
from kd_edge.report.figures import limits
from kd_edge.report.figures.groups import Group
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.figures.limits import Limit
from kd_edge.report.figures.reviewed import Unseen

USE, REVIEW, DONT = "use", "use with review", "don't"
"""The verdicts."""

RESPONSES_ALONE = 100
"""Test responses that the verdict `USE` needs, whose scores nobody checks."""

RESPONSES = 50
"""Test responses below which nobody can tell: an agreement is known to a quarter at best."""

EXACT_ALONE = 0.8
"""Lower bound of the exact agreement of all scores that `USE` needs, 0 to 1."""

EXACT_UNSEEN = 0.7
"""Lower bound of the exact agreement of the scores that nobody looks at which `REVIEW` needs."""

MOST_FLAGGED = 0.5
"""Share of the responses beyond which sending them to a person saves too little to be worth it."""

KAPPA = 0.6
"""Kappa that words need, which have no QWK ("substantial" in Landis and Koch 1977)."""

SLIGHT = 0.2
"""QWK, or kappa over words, up to which a model that gives the most frequent score no worse than
that guess is a guess itself ("slight" in Landis and Koch 1977)."""

GROUP = 50
"""Responses of a group of students below which its difference may be chance, and is no rule."""

# The rules, in the order in which they are read.
GUESS, TESTED, WORTH, EXACT, BEYOND_CHANCE, NEAR, SEVERITY, SECOND, GROUPS = (
    "better than a guess",
    "enough test responses",
    "few enough for people",
    "same scores",
    "beyond chance",
    "near misses",
    "severity",
    "second person",
    "groups",
)


@dataclass(frozen=True)
class Check:
    """A rule applied to a figure.

    Attributes:
        rule: its name, one of those above.
        holds: whether the figure keeps the limit; an undefined figure does not break it.
        value: the figure; None where it is undefined.
        limit: the limit, as a number; of `SEVERITY` and `GROUPS` how far from 0 the value may be.
        about: the group that it is about, "" of others.
    """

    rule: str
    holds: bool
    value: float | None
    limit: float
    about: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether a small model may be used.

    Attributes:
        kind: `USE`, `REVIEW` or `DONT`.
        alone: the rules for scores that nobody looks at.
        with_review: the rules where a person scores the flagged responses.
    """

    kind: str
    alone: tuple[Check, ...]
    with_review: tuple[Check, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """The rules that decided: of `USE` those of scores alone, else those with review."""
        return self.alone if self.kind == USE else self.with_review

    def as_json(self) -> dict[str, Any]:
        """The verdict as JSON types."""
        return {
            "verdict": self.kind,
            "alone": [asdict(check) for check in self.alone],
            "with review": [asdict(check) for check in self.with_review],
        }


def verdict(item: ItemFigures) -> Verdict:
    """The verdict by an item's figures.

    A second rater counts where the item has one: leave out those who are invented.
    """
    alone, with_review = tuple(_alone(item)), tuple(_with_review(item))
    kind = DONT
    if all(check.holds for check in with_review):
        kind = REVIEW
    if all(check.holds for check in alone):
        kind = USE
    return Verdict(kind, alone, with_review)


def _alone(item: ItemFigures) -> Iterator[Check]:
    given = item.bundle.given
    right = round(given.exact_agreement * item.responses)
    yield from _guess(item)
    yield _least(TESTED, item.responses, RESPONSES_ALONE)
    yield _least(EXACT, at_least(right, item.responses), EXACT_ALONE)
    yield from _of_marks(given, item.bundle.groups, item.people)


def _with_review(item: ItemFigures) -> Iterator[Check]:
    unseen: Unseen = item.unseen
    flagged = 1 - unseen.responses / item.responses
    yield from _guess(item)
    yield _least(TESTED, item.responses, RESPONSES)
    yield Check(WORTH, flagged <= MOST_FLAGGED, flagged, MOST_FLAGGED)
    yield _least(EXACT, unseen.at_least, EXACT_UNSEEN)
    yield from _of_marks(unseen.marks, unseen.groups, item.people)


def _guess(item: ItemFigures) -> Iterator[Check]:
    """Fails where always giving the most frequent score is as good, and nothing else speaks."""
    majority, given = item.baselines.get(MAJORITY), item.bundle.given
    if majority is None or majority.exact == 1:
        return
    beyond = given.qwk if item.numeric else given.kappa
    better = given.exact_agreement > majority.exact or (beyond or 0.0) > SLIGHT
    yield Check(GUESS, better, given.exact_agreement, majority.exact)


def _of_marks(
    marks: Comparison, groups: Sequence[Group], people: Comparison | None
) -> Iterator[Check]:
    """The limits of testing programmes; those of points are left out over words."""
    words = marks.reference is None
    beyond, least = (marks.kappa, KAPPA) if words else (marks.qwk, limits.QWK.low)
    yield _least(BEYOND_CHANCE, beyond, least)
    if not words:
        yield _least(NEAR, marks.adjacent, limits.PEOPLE_ADJACENT.low)
        yield _within(SEVERITY, marks.smd, limits.SMD)
    if people is not None:
        theirs = people.kappa if words else people.qwk
        lost = None if None in (beyond, theirs) else (beyond or 0.0) - (theirs or 0.0)
        yield _least(SECOND, lost, limits.DEGRADATION.low)
    for group in groups:
        if group.responses >= GROUP and not words:
            yield _within(GROUPS, group.dsm.get(GIVEN), limits.DSM, group.name)


def _least(rule: str, value: float | None, limit: float) -> Check:
    return Check(rule, value is None or value >= limit, value, limit)


def _within(rule: str, value: float | None, limit: Limit, about: str = "") -> Check:
    return Check(rule, not limit.broken(value), value, limit.high, about)
