"""The frontier as a picture: agreement with people over bytes, and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from kd_edge.console.svg import Plot, Point, picture
from kd_edge.size_search.tried import Limits, Tried, layers_in_words
from kd_edge.students.registry import BOTH, DEFAULT, SECOND

# The colour of each kind, and its name in the legend.
_KINDS = {
    DEFAULT: ("first", "bag"),
    SECOND: ("second", "transformer"),
    BOTH: ("third", "bag with a transformer"),
}
_ROOM = 0.1  # of a decade, left and right of the marks

_NOTE = (90, 14)  # pixels across and down that a note takes

# Of the marks on an axis of so many decades at most: their first digits.
_DIGITS = ((1.2, (1, 2, 5)), (3.0, (1, 3)), (99.0, (1,)))
_STEPS = ((0.15, 0.02), (0.4, 0.05), (9.0, 0.2))


class _Wide(Plot):
    width, height = 460, 320


@dataclass(frozen=True)
class _Axis:
    """What is drawn from left to right, on a logarithmic axis.

    Attributes:
        title: of the plot.
        label: of the axis.
        of: a size's place; 0 where it is not known.
        limit: the greatest that was asked for.
        written: a mark in words.
    """

    title: str
    label: str
    of: Callable[[Tried], float]
    limit: float | None
    written: Callable[[float], str]


def frontier_picture(tried: Sequence[Tried], chosen: Tried | None, limits: Limits) -> str:
    """An SVG file with two plots: QWK over bytes, and over milliseconds where these are known."""
    axes = (
        _Axis("Agreement by size", "bundle", lambda one: one.bytes, limits.bytes, _bytes),
        _Axis(
            "Agreement by time",
            "mean time of a response, one thread",
            lambda one: one.ms,
            limits.ms,
            lambda ms: f"{ms:g} ms",
        ),
    )
    drawn = [[size for size in tried if axis.of(size) > 0] for axis in axes]
    return picture(
        [_plot(axis, sizes, chosen) for axis, sizes in zip(axes, drawn, strict=True) if sizes]
    )


def _plot(axis: _Axis, sizes: Sequence[Tried], chosen: Tried | None) -> Plot:
    """One plot of at least one size."""
    places = {size: (log10(axis.of(size)), size.qwk) for size in sizes}
    limit = [log10(axis.limit)] if axis.limit else []
    costs = [*(cost for cost, _ in places.values()), *limit]
    across = (min(costs) - _ROOM, max(costs) + _ROOM)
    steps = next(step for span, step in _STEPS if _spread(sizes) <= span)
    lowest, highest = min(size.qwk for size in sizes), max(size.qwk for size in sizes)
    down = (floor(lowest / steps) * steps, (floor(highest / steps) + 1) * steps)
    best = f" Chosen: {chosen.name}." if chosen else ""
    described = f"QWK with people's scores on held-out responses of {len(sizes)} sizes.{best}"
    plot = _Wide("", axis.title, described, across, down)
    marks = [(log10(value), axis.written(value)) for value in _marks(*across)]
    rows = range(round((down[1] - down[0]) / steps) + 1)
    levels = [down[0] + at * steps for at in rows]
    plot.axes(axis.label, "QWK", marks, [(level, f"{level:.2f}") for level in levels])
    for at in limit:
        plot.line("limit", [(at, down[0]), (at, down[1])])
    front = _front(places)
    plot.line("front", [*_stairs([places[size] for size in front], across[1])])
    for size, place in places.items():
        plot.dot(_KINDS[size.student][0], place, 4)
    for size in _noted(plot, places, front, chosen):
        plot.note(places[size], _note(size))
    if chosen in places:
        plot.dot("ring", places[chosen], 8)
    kinds = {size.student for size in sizes}
    plot.legend([shown for kind, shown in _KINDS.items() if kind in kinds])
    return plot


def _spread(sizes: Sequence[Tried]) -> float:
    return max(size.qwk for size in sizes) - min(size.qwk for size in sizes)


def _front(places: dict[Tried, Point]) -> list[Tried]:
    """The sizes that no other beats at the same or lower cost, by rising cost."""
    best: list[Tried] = []
    for size in sorted(places, key=lambda size: (places[size][0], -size.qwk)):
        if not best or size.qwk > best[-1].qwk:
            best.append(size)
    return best


def _noted(
    plot: Plot, places: dict[Tried, Point], front: Sequence[Tried], chosen: Tried | None
) -> list[Tried]:
    """The sizes with room for a note: the chosen one, those with layers, and of the front."""
    noted: list[Tried] = []
    wanted = [size for size in places if size == chosen]
    wanted += [size for size in places if size.layers]
    for size in dict.fromkeys([*wanted, *reversed(front)]):
        cost, kappa = places[size]
        across, down = plot.across(cost), plot.down(kappa)
        if all(
            abs(across - plot.across(places[other][0])) > _NOTE[0]
            or abs(down - plot.down(places[other][1])) > _NOTE[1]
            for other in noted
        ):
            noted.append(size)
    return noted


def _stairs(points: Sequence[Point], right: float) -> Iterator[Point]:
    """The best QWK for each cost, up to the right end of the axis."""
    for at, (cost, kappa) in enumerate(points):
        if at:
            yield cost, points[at - 1][1]
        yield cost, kappa
    yield right, points[-1][1]


def _marks(low: float, high: float) -> Iterator[float]:
    """Round numbers between two powers of ten."""
    digits = next(chosen for span, chosen in _DIGITS if high - low <= span)
    for power in range(floor(low), ceil(high) + 1):
        for digit in digits:
            if low <= log10(digit * 10.0**power) <= high:
                yield digit * 10.0**power


def _bytes(value: float) -> str:
    return f"{value / 1e6:g} MB" if value >= 1e6 else f"{value / 1e3:g} KB"


def _note(size: Tried) -> str:
    if not size.layers:
        return f"{size.ngrams:,} n-grams"
    layers = layers_in_words(size.layers)
    return f"{size.share:.0%} to {layers}" if size.student == BOTH else layers
