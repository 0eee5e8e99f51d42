"""The report of one item, block by block."""

from __future__ import annotations

from collections.abc import Iterator

from kd_edge.report.figures.disagreements import Disagreements
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.page import item_tables, plots, sentences
from kd_edge.report.page.blocks import Block, Heading, Plots, Points, ResponseList, Text
from kd_edge.report.page.numbers import percent


def item_blocks(
    item: ItemFigures,
    name: str,
    worst: Disagreements | None,
    *,
    heading: str = "",
    invented: bool = False,
) -> Iterator[Block]:
    """All blocks of an item.

    Args:
        item: its figures.
        name: of the item within the page, for the ids of its plots.
        worst: its worst disagreements; None leaves them out.
        heading: the heading, unless it is the item's name.
        invented: whether it is a sample item: then no figure of a second rater is shown.
    """
    if invented:
        item = item.without_second_rater()
    yield Heading(heading or f"Item {item.item_id}", 1, name)
    if invented:
        yield Points((sentences.SAMPLES,), flagged=True)
    yield Text(sentences.headline(item), "lead")
    yield Text(sentences.measured_on(item), "note")
    warnings = sentences.warnings(item)
    yield Text(sentences.verdict(warnings))
    if warnings:
        yield Points(warnings, flagged=True)
    yield Text(sentences.review_advice(item))
    for text in (
        item.choice,
        item.review,
        sentences.flagged_advice(item),
        sentences.calibration_note(item),
    ):
        if text:
            yield Text(text)
    yield item_tables.at_a_glance(item)
    yield Plots(
        (
            plots.distribution(item, f"{name}-shares"),
            plots.confusion(item, f"{name}-confusion"),
            plots.reliability(item.bundle.sureness, f"{name}-reliability"),
            plots.review(item.teacher.sureness, item.bundle.sureness, f"{name}-review"),
        )
    )
    yield from _details(item, invented)
    if worst:
        yield from _worst(item, worst)


def _details(item: ItemFigures, invented: bool) -> Iterator[Block]:
    yield Heading("Confidence and review")
    yield item_tables.review_table(item)
    yield Heading("How often each score is given")
    yield item_tables.distribution_table(item)
    yield item_tables.confusion_table(item)
    yield Heading("All figures against people's scores")
    if item.numeric:
        yield item_tables.spread_table(item)
    yield item_tables.agreement_table(item)
    if not invented:
        yield Heading("Compared with a second rater")
        yield from _second_rater(item)
    yield Heading("Small model and large model")
    yield item_tables.imitation_table(item)
    if item.bundle.groups:
        yield Heading("Groups of students")
        yield item_tables.group_table(item)


def _second_rater(item: ItemFigures) -> Iterator[Block]:
    people = item.people
    if people is None:
        yield Text("No test response has a second score, so no comparison is possible.")
        return
    count = f"{people.responses} of {item.responses} responses have a second score."
    if not item.numeric:
        yield Text(f"{count} Two people agree on {percent(people.exact, 1)} of them.")
        return
    yield Text(count)
    yield item_tables.second_rater_table(item, people)
    yield item_tables.degradation_table(item)
    yield item_tables.true_score_table(item)


def _worst(item: ItemFigures, worst: Disagreements) -> Iterator[Block]:
    yield Heading("Worst disagreements")
    yield Text(
        "These are students' words: keep this page where the responses are kept, or write it with "
        "--no-responses before showing it to others.",
        "note",
    )
    lists = (
        ResponseList("Furthest from people's scores", worst.furthest),
        ResponseList("Most confident, and not people's score", worst.surest),
        ResponseList("Furthest from the large model's scores", worst.teacher),
    )
    yield from (block for block in lists if block.rows)
    if not any(block.rows for block in lists):
        yield Text(f"None: all {item.responses} scores equal those of people and large model.")
