"""The plots of an item."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge.report.figures.confidence import REVIEWED, Sureness
from kd_edge.report.figures.items import ItemFigures
from kd_edge.report.page.numbers import percent, points
from kd_edge.report.page.svg import Plot

_SHARES = [(at / 100, f"{at} %") for at in range(0, 101, 20)]
_LONGEST_NAME = 9


def distribution(item: ItemFigures, name: str) -> Plot:
    """How often people, teacher and student give each class."""
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
        f"Shares of people, teacher and student for each of {len(item.classes)} scores; student "
        f"and people differ by {points(gap)} at most.",
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
    plot.legend([("human", "people"), ("teacher", "teacher"), ("student", "student")])
    return plot


def confusion(item: ItemFigures, name: str) -> Plot:
    """Which score the student on a device gives where people give which."""
    counts, total = item.bundle.confusion, item.responses
    equal = sum(row[at] for at, row in enumerate(counts))
    classes = len(item.classes)
    plot = Plot(
        name,
        "The student's scores by those of people",
        f"{equal} of {total} responses lie on the diagonal, where both give the same score. The "
        "stronger a cell's colour, the more of the responses with that score from people.",
        (0, classes),
        (0, classes),
    )
    for human, row in enumerate(counts):
        for machine, count in enumerate(row):
            shade = 0.06 + 0.84 * count / max(1, sum(row))
            plot.cell(machine, classes - 1 - human, shade, str(count) if count else "")
    across = _class_ticks(item.classes)
    down = [(classes - at, said) for at, said in across]
    plot.axes("student", "people", across, down, grid=False)
    return plot


def reliability(sure: Sureness, name: str) -> Plot:
    """Whether the student is right as often as it is sure."""
    plot = Plot(
        name,
        "Is it right as often as it is sure?",
        f"Agreement with people by confidence; on the dotted line both are equal. The expected "
        f"calibration error is {sure.error:.3f}.",
        (0, 1),
        (0, 1),
    )
    plot.axes("confidence", "exact agreement", _SHARES, _SHARES)
    plot.line("even", [(0, 0), (1, 1)])
    most = max(one.responses for one in sure.bins)
    plot.line("student", [(one.confidence, one.exact) for one in sure.bins])
    for one in sure.bins:
        radius = 2.5 + 6 * (one.responses / most) ** 0.5
        plot.dot("student", (one.confidence, one.exact), radius)
    return plot


def review(teacher: Sureness, student: Sureness, name: str) -> Plot:
    """How well the rest agrees where the least sure responses go to a person."""
    lowest = min(*teacher.kept, *student.kept)
    floor = max(0.0, int(lowest * 10) / 10 - (0.1 if lowest > 0.9 else 0.0))
    plot = Plot(
        name,
        "What is gained by sending responses to a person",
        f"Exact agreement on the rest, by the share sent to a person. Student: "
        f"{percent(student.at(0.0))} where none is sent, {percent(student.at(0.2))} where a "
        "fifth is.",
        (0, 1),
        (floor, 1),
    )
    step = 0.1 if floor >= 0.5 else 0.2
    steps = range(int((1 - floor) / step + 1.01))
    ticks = [(1 - at * step, percent(1 - at * step)) for at in steps]
    plot.axes("sent to a person", "agreement on the rest", _SHARES, ticks)
    for kind, sure in (("teacher", teacher), ("student", student)):
        plot.line(kind, list(zip(REVIEWED, sure.kept, strict=True)))
    plot.legend([("teacher", "teacher"), ("student", "student")])
    return plot


def _class_ticks(classes: Sequence[str]) -> list[tuple[float, str]]:
    def short(name: str) -> str:
        return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"

    return [(at + 0.5, short(name)) for at, name in enumerate(classes)]
