"""The verdict's rules in sentences, for people in a school."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kd_edge.report.figures import verdict as rules
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.figures.verdict import Check, Verdict
from kd_edge.report.page.numbers import number, percent

MARKS = (
    "Marks are what a class gets: people's scores of the responses that it flags, its own of the "
    "others."
)
"""What the sentences of the rules with review mean by marks."""

_MORE_HELPS = {
    rules.GUESS: "More scored responses, or a rubric that people apply alike, may help.",
    rules.TESTED: "Measure it on more responses that people have scored.",
    rules.WORTH: "More scored responses to learn from would make it surer.",
    rules.EXACT: "More scored responses to learn from help most; so does flagging more of them for "
    "people.",
    rules.BEYOND_CHANCE: "More scored responses to learn from help most.",
    rules.NEAR: "More scored responses to learn from help most.",
    rules.SEVERITY: "More scored responses of the scores that it misses help most.",
    rules.SECOND: "More scored responses to learn from help most.",
    rules.GROUPS: "More scored responses of this group to learn from help most.",
}


def meaning(item: ItemFigures, ruling: Verdict) -> str:
    """What a school does by the verdict."""
    flagged = 1 - item.unseen.responses / item.responses
    if ruling.kind == rules.USE:
        return (
            "Its scores can stand as they are. What it flags as no usual answer, a person looks "
            "at; who wants to be surer looks at all that it flags."
        )
    if ruling.kind == rules.REVIEW:
        return (
            f"People score the responses that it flags, about {100 * flagged:.0f} of 100; its "
            "other scores can stand."
        )
    broken = next(check for check in ruling.with_review if not check.holds)
    return (
        "Its scores are not good enough, even where people score what it flags: let people score "
        f"this item. {_MORE_HELPS[broken.rule]}"
    )


def beside_review(item: ItemFigures, ruling: Verdict) -> str:
    """Which rules scores that nobody looks at would not keep; "" for another verdict."""
    broken = [check for check in ruling.alone if not check.holds]
    if ruling.kind != rules.REVIEW or not broken:
        return ""
    alone = Verdict(rules.USE, ruling.alone, ruling.with_review)
    texts = " ".join(sentence(check, item, alone) for check in broken)
    return f"Why not without review: {texts}"


def sentence(check: Check, item: ItemFigures, ruling: Verdict) -> str:
    """A rule, its figure and its limit in a sentence."""
    if check.value is None:
        return f"It cannot be said whether this holds: {check.rule}."
    alone = ruling.kind == rules.USE
    return _SENTENCES[check.rule](_Case(check, check.value, item, alone))


@dataclass(frozen=True)
class _Case:
    """A rule with its figure, and whether it is about scores alone, without review."""

    check: Check
    value: float
    item: ItemFigures
    alone: bool

    @property
    def whose(self) -> str:
        """What the rule is about."""
        return "its scores" if self.alone else "the marks"

    @property
    def limit(self) -> float:
        """The rule's limit."""
        return self.check.limit


def _guess(case: _Case) -> str:
    return (
        f"{percent(case.value)} of its scores equal people's; always giving the most frequent "
        f"score, {percent(case.limit)} would."
    )


def _tested(case: _Case) -> str:
    return f"It was tested on {case.value:.0f} responses ({case.limit:.0f} are needed)."


def _worth(case: _Case) -> str:
    return (
        f"{percent(case.value)} of the responses are flagged for a person (at most "
        f"{percent(case.limit)})."
    )


def _exact(case: _Case) -> str:
    exact = case.item.bundle.given.exact if case.alone else case.item.unseen.exact
    which = "all scores" if case.alone else "the scores that nobody looks at"
    return (
        f"Of {which}, {percent(exact)} equal people's; of other responses at least "
        f"{percent(case.value)}, with nine chances in ten ({percent(case.limit)} are needed)."
    )


def _beyond_chance(case: _Case) -> str:
    name = "QWK" if case.item.numeric else "kappa"
    return (
        f"Agreement of {case.whose} with people's, beyond chance ({name}), is "
        f"{number(case.value)} ({number(case.limit)} is needed)."
    )


def _near(case: _Case) -> str:
    return (
        f"{percent(case.value)} of {case.whose} are people's or the next one "
        f"({percent(case.limit)} are needed)."
    )


def _second(case: _Case) -> str:
    side = "above" if case.value >= 0 else "below"
    return (
        f"Agreement of {case.whose} is {number(abs(case.value))} {side} that of two people "
        f"(at most {number(abs(case.limit))} below is accepted)."
    )


def _severity(case: _Case) -> str:
    side = "more generous" if (case.value > 0) != case.item.lower_is_better else "stricter"
    group = case.check.about
    text = f"{case.whose} are {number(abs(case.value))} standard deviations {side} than people's"
    if group:
        return f"Group '{group}': {text}, beside all students (at most {number(case.limit)})."
    return f"On average {text} (at most {number(case.limit)})."


_SENTENCES: dict[str, Callable[[_Case], str]] = {
    rules.GUESS: _guess,
    rules.TESTED: _tested,
    rules.WORTH: _worth,
    rules.EXACT: _exact,
    rules.BEYOND_CHANCE: _beyond_chance,
    rules.NEAR: _near,
    rules.SEVERITY: _severity,
    rules.SECOND: _second,
    rules.GROUPS: _severity,
}
