"""The part of a report over all items of a run: verdicts, agreement, sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from kd_edge.evaluation.agreement import HUMANS, scorer_name
from kd_edge.evaluation.sums import SumAgreement
from kd_edge.report.figures.items import ItemFigures, Together
from kd_edge.report.figures.limits import QWK, SMD
from kd_edge.report.figures.verdict import DONT, Verdict, verdict
from kd_edge.report.page import sentences
from kd_edge.report.page.blocks import (
    Block,
    Column,
    Fold,
    Heading,
    Table,
    Text,
    figure,
    table,
)
from kd_edge.report.page.numbers import number, percent, signed, tenths, thousandths
from kd_edge.report.page.verdict import ANSWERS, minutes


def all_items(
    items: Sequence[ItemFigures],
    pooled: Sequence[Together],
    sums: Sequence[SumAgreement],
    seconds: float,
    *,
    samples: bool,
) -> Iterator[Block]:
    """What there is to say of several items.

    Args:
        items: their figures, without second raters who are invented.
        pooled: the scorers over all of them.
        sums: scores that add up.
        seconds: how long a person takes to mark a response.
        samples: whether some are sample items.
    """
    yield Heading("All items", 1, "all")
    if samples:
        yield Text(sentences.SAMPLES, "aside")
    yield Text(counted([verdict(item) for item in items]), "lead")
    yield _verdict_table(items, seconds)
    yield Text(sentences.headline_of_all(pooled, len(items)))
    rest = [_item_table(items), _pooled_table(pooled), *map(_sum_table, sums)]
    yield Fold("Agreement item by item, and over all items", tuple(rest))


def counted(verdicts: Sequence[Verdict]) -> str:
    """How many items get which verdict."""
    kinds = [one.kind for one in verdicts]
    parts = [
        f"{answer.lower()}: {kinds.count(kind)}"
        for kind, answer in ANSWERS.items()
        if kind in kinds
    ]
    return f"Of {len(kinds)} items, {', '.join(parts)}."


def _verdict_table(items: Sequence[ItemFigures], seconds: float) -> Table:
    """The verdict on each item; minutes of marking saved only where it may be used."""

    def saved(item: ItemFigures) -> str:
        if verdict(item).kind == DONT:
            return "0"
        needed, without = minutes(item, seconds)
        return f"{without - needed:.0f}"

    columns = (
        Column("item", lambda item: item.item_id),
        Column("verdict", lambda item: ANSWERS[verdict(item).kind]),
        figure("right, unseen", lambda item: item.unseen.exact, percent),
        figure("to a person", lambda item: 1 - item.unseen.responses / item.responses, percent),
        Column("minutes saved", saved),
    )
    title = (
        "Verdicts; minutes of marking that are saved for every 100 responses, if a person takes "
        f"{seconds:g} seconds a response"
    )
    return table(title, columns, items)


def _item_table(items: Sequence[ItemFigures]) -> Table:
    """A row for each item; second raters only where an item has one."""

    def value_of(rater: str, name: str) -> Callable[[ItemFigures], float | None]:
        return lambda item: getattr(attrgetter(rater)(item), name, None)

    models = (("large model", "teacher.given", ""), ("small model", "bundle.given", ""))
    raters = ((HUMANS, "people", HUMANS), *models)
    columns = (
        Column("item", lambda item: item.item_id),
        Column("N", lambda item: str(item.responses)),
        *(
            figure(f"{who}: QWK", value_of(path, "qwk"), number, QWK, needs)
            for who, path, needs in raters
        ),
        *(
            figure(f"{who}: exact", value_of(path, "exact"), tenths, None, needs)
            for who, path, needs in raters
        ),
        Column("warnings", lambda item: str(len(sentences.warnings(item)))),
    )
    available = (HUMANS,) if any(item.people for item in items) else ()
    return table("Item by item", columns, items, available)


def _sum_table(agreement: SumAgreement) -> Table:
    """A row for each scorer of a sum."""
    columns = (
        Column("scores by", lambda line: scorer_name(line.name)),
        figure("QWK", lambda line: line.qwk, number, QWK),
        figure("exact", lambda line: line.accuracy, tenths),
        figure("SMD", lambda line: line.smd, signed, SMD),
    )
    title = f"Sum of {', '.join(agreement.items)}: {agreement.responses} responses"
    return table(title, columns, agreement.lines)


def _pooled_table(pooled: Sequence[Together]) -> Table:
    columns = (
        Column("scores by", lambda line: scorer_name(line.name)),
        figure("mean QWK", lambda line: line.qwk, number, QWK),
        figure("lowest QWK", lambda line: line.lowest_qwk, number, QWK),
        figure("mean exact", lambda line: line.exact, tenths),
        figure("exact over all responses", lambda line: line.all_exact, tenths),
        figure("ECE over all", lambda line: getattr(line.sureness, "error", None), thousandths),
    )
    return table("Over all items", columns, pooled)
