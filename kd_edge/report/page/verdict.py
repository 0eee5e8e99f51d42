"""The first page of an item's report: the verdict, why, an example, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kd_edge.report.figures import verdict as rules
from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.figures.facts import BundleFacts, RowFacts
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.figures.verdict import Verdict, verdict
from kd_edge.report.page import rule_sentences
from kd_edge.report.page.blocks import (
    Block,
    Checks,
    Facts,
    Heading,
    ResponseList,
    Text,
    Tile,
    VerdictPanel,
)
from kd_edge.report.page.numbers import percent
from kd_edge.report.page.responses import response_row

SECONDS = 30.0
"""Default of how long a person takes to mark a response."""

ANSWERS = {
    rules.USE: "Use it",
    rules.REVIEW: "Use it with review",
    rules.DONT: "Don't use it",
}
"""The verdicts in words."""

_STYLES = {rules.USE: "use", rules.REVIEW: "review", rules.DONT: "dont"}

# Letters of an item's text that the first page shows.
_LONGEST_TEXT = 1200


@dataclass(frozen=True)
class Front:
    """What the first page shows beside figures.

    Attributes:
        rows: what the models learnt from.
        bundle: the bundle that was measured.
        seconds: how long a person takes to mark a response.
        example: a wrong score; None to show none.
        note: a sentence below the rules, "" for none.
    """

    rows: RowFacts
    bundle: BundleFacts
    seconds: float = SECONDS
    example: Disagreement | None = None
    note: str = ""


def front_page(item: ItemFigures, ruling: Verdict, front: Front, *below: Block) -> Iterator[Block]:
    """The first page of an item whose verdict is `ruling`; `below` comes after the verdict."""
    yield panel(item, ruling, front.seconds)
    yield from below
    yield Heading("Why")
    checks = sorted(ruling.checks, key=lambda check: check.holds)
    yield Checks(
        tuple((check.holds, rule_sentences.sentence(check, item, ruling)) for check in checks)
    )
    if ruling.kind != rules.USE:
        yield Text(rule_sentences.MARKS, "note")
    if text := rule_sentences.beside_review(item, ruling):
        yield Text(text)
    if front.note:
        yield Text(front.note)
    if front.example:
        yield Heading("What a wrong score looks like")
        yield ResponseList("", (response_row(front.example),))
    yield Heading("What this is about")
    yield Facts(tuple(_facts(item, front)))


def panel(item: ItemFigures, ruling: Verdict, seconds: float) -> VerdictPanel:
    """The verdict itself with its figures."""
    meaning = rule_sentences.meaning(item, ruling)
    tiles = tuple(_tiles(item, ruling, seconds))
    return VerdictPanel(_STYLES[ruling.kind], ANSWERS[ruling.kind], meaning, tiles)


def answer(item: ItemFigures) -> str:
    """The verdict on an item and what it means, in a line or two."""
    ruling = verdict(item)
    return f"{ANSWERS[ruling.kind]}. {rule_sentences.meaning(item, ruling)}"


def minutes(item: ItemFigures, seconds: float) -> tuple[float, float]:
    """Minutes of marking that 100 responses need with the small model, and without it."""
    all_of_them = 100 * seconds / 60
    return all_of_them * (1 - item.unseen.responses / item.responses), all_of_them


def _tiles(item: ItemFigures, ruling: Verdict, seconds: float) -> Iterator[Tile]:
    unseen = item.unseen
    flagged = item.responses - unseen.responses
    right = percent(unseen.exact) or "none"
    yield Tile(right, "of the scores that nobody looks at are those that people gave")
    yield Tile(percent(flagged / item.responses), "of the responses are flagged for a person")
    needed, without = minutes(item, seconds)
    assumed = f"if a person takes {seconds:g} seconds a response"
    if ruling.kind == rules.DONT:
        yield Tile("0 min", "of marking are saved: people score every response")
        return
    yield Tile(
        f"{without - needed:.0f} min",
        f"of {without:.0f} minutes of marking are saved for every 100 responses, {assumed}",
    )


def _facts(item: ItemFigures, front: Front) -> Iterator[tuple[str, str]]:
    if front.rows.texts:
        text = re.sub(r"\s*\n\s*", "\n", front.rows.texts[0].strip())
        cut = len(text) > _LONGEST_TEXT
        yield "The item", text[:_LONGEST_TEXT] + (" …" if cut else "")
    yield "Its scores", ", ".join(item.classes)
    yield "Learnt from", _learnt(front.rows)
    rows = f" ({item.test_rows})" if item.test_rows else ""
    yield "Measured on", f"{item.responses} responses that no model was trained on{rows}"
    yield "Made on", f"{date(front.bundle.created)}, a bundle with SHA-256 {front.bundle.sha256}"


def _learnt(rows: RowFacts) -> str:
    text = f"{rows.learnt_from:,} responses scored by people"
    if rows.teachers > 1:
        text += f" and the mean of {rows.teachers} large models' scores"
    return f"{text}; {rows.held_out:,} more set what it flags" if rows.held_out else text


def date(created: str) -> str:
    """The day of a time in ISO 8601: 29 November 2026; the text itself where it is none."""
    try:
        day = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{day.day} {day:%B %Y}"
