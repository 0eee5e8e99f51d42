"""The report of one item, block by block: verdict, key figures, and what can be unfolded."""

from __future__ import annotations

from collections.abc import Iterator

from kd_edge.report.figures.disagreements import Disagreements
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.figures.verdict import verdict
from kd_edge.report.page import item_tables, plots, sentences
from kd_edge.report.page.blocks import (
    Block,
    Fold,
    Heading,
    Plots,
    Points,
    ResponseList,
    Text,
)
from kd_edge.report.page.numbers import percent
from kd_edge.report.page.responses import response_row
from kd_edge.report.page.verdict import Front, front_page


def item_blocks(
    item: ItemFigures,
    name: str,
    front: Front,
    worst: Disagreements | None,
    *,
    heading: str = "",
    invented: bool = False,
) -> Iterator[Block]:
    """All blocks of an item.

    Args:
        item: its figures.
        name: of the item within the page, for the ids of its plots.
        front: what its first page shows beside figures.
        worst: its disagreements; None leaves them out.
        heading: the heading, unless it is the item's name.
        invented: whether it is a sample item: then no figure of a second rater is shown.
    """
    if invented:
        item = item.without_second_rater()
    yield Heading(heading or f"Item {item.item_id}", 1, name)
    warning = (Text(sentences.SAMPLES, "aside"),) if invented else ()
    yield from front_page(item, verdict(item), front, *warning)
    yield from _key_figures(item, name)
    yield from _folds(item, front, invented)
    if worst:
        yield Fold("Worst disagreements", tuple(_worst(item, worst)))


def _key_figures(item: ItemFigures, name: str) -> Iterator[Block]:
    yield Heading("Key figures", page=True)
    yield Text(sentences.headline(item), "lead")
    yield Text(sentences.measured_on(item), "note")
    if text := sentences.between(item):
        yield Text(text, "note")
    yield item_tables.at_a_glance(item)
    yield Plots(
        (
            plots.distribution(item, f"{name}-shares"),
            plots.confusion(item, f"{name}-confusion"),
            plots.reliability(item.bundle.sureness, f"{name}-reliability"),
            plots.review(item.teacher.sureness, item.bundle.sureness, f"{name}-review"),
        )
    )


def _folds(item: ItemFigures, front: Front, invented: bool) -> Iterator[Block]:
    warnings = sentences.warnings(item)
    limits: list[Block] = [Text(sentences.outside(warnings))]
    if warnings:
        limits.append(Points(warnings, flagged=True))
    yield Fold(f"Limits of testing programmes: {len(warnings)} broken", tuple(limits))
    yield Fold("Confidence and review", tuple(_confidence(item)))
    yield Fold(
        "How often each score is given",
        (item_tables.distribution_table(item), item_tables.confusion_table(item)),
    )
    figures = [item_tables.agreement_table(item)]
    if item.numeric:
        figures.insert(0, item_tables.spread_table(item))
    yield Fold("All figures against people's scores", tuple(figures))
    if not invented:
        yield Fold("Compared with a second rater", tuple(_second_rater(item)))
    yield Fold("Small model and large model", tuple(_models(item)))
    if item.bundle.groups:
        yield Fold("Groups of students", (item_tables.group_table(item),))
    if len(front.rows.texts) > 1:
        rest = tuple(Text(text, "source") for text in front.rows.texts[1:])
        yield Fold("Rubric and other texts of the item", rest)


def _confidence(item: ItemFigures) -> Iterator[Block]:
    for text in (
        item.review,
        sentences.flagged_advice(item),
        sentences.review_advice(item),
        sentences.calibration_note(item),
    ):
        if text:
            yield Text(text)
    yield item_tables.review_table(item)
    yield item_tables.reliability_table(item)


def _models(item: ItemFigures) -> Iterator[Block]:
    if item.choice:
        yield Text(item.choice)
    yield item_tables.imitation_table(item)


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
    yield Text(
        "These are students' words: keep this page where the responses are kept, or write it with "
        "--no-responses before showing it to others. Each response is shown once. Words without "
        "content, such as “the”, are left out of what spoke for a score.",
        "note",
    )
    lists = (
        ("Furthest from people's scores", worst.furthest),
        ("Most confident, and not people's score", worst.surest),
        ("Furthest from the large model's scores", worst.teacher),
    )
    shown = [ResponseList(title, tuple(map(response_row, rows))) for title, rows in lists if rows]
    yield from shown
    if not shown and worst.typical is None:
        yield Text(f"None: all {item.responses} scores equal those of people and large model.")
    elif not shown:
        yield Text("There is no other than the one at the top.")
