"""The plots of an item."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge.console.svg import Plot
from kd_edge.report.figures.confidence import REVIEWED, ConfidenceFigures
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.page.numbers import percent, points

_SHARES = [(at / 100, f"{at}%") for at in range(0, 101, 20)]
_LONGEST_NAME = 9

# Responses left to a model below which its agreement with people is chance.
_LEAST_LEFT = 20

_MODELS = (("teacher", "large model"), ("student", "small model"))


def distribution(item: ItemFigures, name: str) -> Plot:
    """How often people, the large model and the small model give each score."""
    series = (
        ("human", item.human_shares),
        ("teacher", item.teacher.shares),
        ("student", item.bundle.shares),
    )
    highest = max(max(shares) for _, shares in series)
    top = max(0.1, (int(highest * 10) + 1) / 10)
    gap = max(abs(one - other) for one, other in zip(item.human_shares, item.bundle.shares))
    plot = Plot(
        name,
        "How often each score is given",
        "Shares of the responses that people, the large model and the small model give each of "
        f"{len(item.classes)} scores; small model and people differ by at most {points(gap)}.",
        (0, len(item.classes)),
        (0, top),
    )
    step = 0.1 if top <= 0.5 else 0.2
    ticks = [(at * step, percent(at * step)) for at in range(int(top / step + 1e-9) + 1)]
    plot.axes("score", "share", _class_ticks(item.classes), ticks)
    for at in range(len(item.classes)):
        for place, (kind, shares) in enumerate(series):
            left = at + 0.14 + place * 0.24
            plot.bar(kind, left, left + 0.22, shares[at])
    plot.legend([("human", "people"), *_MODELS])
    return plot


def confusion(item: ItemFigures, name: str) -> Plot:
    """The scores of the small model on a device by people's scores."""
    counts, total = item.bundle.confusion, item.responses
    equal = sum(row[at] for at, row in enumerate(counts))
    classes = len(item.classes)
    plot = Plot(
        name,
        "The small model's scores by people's scores",
        f"{equal} of {total} responses are on the diagonal, where both scores are equal. The "
        "stronger the colour, the larger the share of the row.",
        (0, classes),
        (0, classes),
    )
    for human, row in enumerate(counts):
        for machine, count in enumerate(row):
            shade = count / max(1, sum(row))
            plot.cell(machine, classes - 1 - human, shade, str(count) if count else "")
    across = _class_ticks(item.classes)
    down = [(classes - at, label) for at, label in across]
    plot.axes("small model", "people", across, down, grid=False)
    return plot


def reliability(confidence: ConfidenceFigures, name: str) -> Plot:
    """Exact agreement by confidence, with intervals, of groups large enough to say something."""
    pooled = confidence.pooled
    number = f"{len(pooled)} groups of" if len(pooled) > 1 else "a group of"
    plot = Plot(
        name,
        "Confidence and actual agreement",
        f"Agreement with people's scores by confidence, in {number} about "
        f"{pooled[0].responses} responses; the bars are 95% intervals. Where they cross the dotted "
        "line, confidence may be the chance of being right.",
        (0, 1),
        (0, 1),
    )
    plot.axes("confidence", "exact agreement", _SHARES, _SHARES)
    plot.line("even", [(0, 0), (1, 1)])
    for group in pooled:
        plot.interval("student", group.confidence, group.low, group.high)
        plot.dot("student", (group.confidence, group.exact), 5)
    return plot


def review(teacher: ConfidenceFigures, student: ConfidenceFigures, name: str) -> Plot:
    """Exact agreement on the rest when the least confident responses go to a person.

    Only as far as enough responses remain for a share of them to say something.
    """
    total = sum(bin_.responses for bin_ in student.bins)
    shown = sum(round(total * (1 - share)) >= _LEAST_LEFT for share in REVIEWED)
    shares = REVIEWED[: max(shown, 2)]
    lowest = min(*teacher.kept[: len(shares)], *student.kept[: len(shares)])
    floor = max(0.0, int(lowest * 10) / 10 - (0.1 if lowest > 0.9 else 0.0))
    plot = Plot(
        name,
        "Agreement when people review some responses",
        "Exact agreement on the rest by the share sent to a person, the least confident first, "
        f"while at least {_LEAST_LEFT} responses are left. Small model: {percent(student.at(0.0))} "
        f"without review, {percent(student.at(0.2))} when a fifth is reviewed.",
        (0, shares[-1]),
        (floor, 1),
    )
    step = 0.1 if floor >= 0.5 else 0.2
    steps = range(int((1 - floor) / step + 1.01))
    ticks = [(1 - at * step, percent(1 - at * step)) for at in steps]
    across = [(share, percent(share)) for share in shares[:: 4 if len(shares) > 8 else 1]]
    plot.axes("sent to a person", "agreement", across, ticks)
    for kind, confidence in (("teacher", teacher), ("student", student)):
        plot.line(kind, list(zip(shares, confidence.kept, strict=False)))
    plot.legend(_MODELS)
    return plot


def _class_ticks(classes: Sequence[str]) -> list[tuple[float, str]]:
    return [
        (at + 0.5, name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…")
        for at, name in enumerate(classes)
    ]
