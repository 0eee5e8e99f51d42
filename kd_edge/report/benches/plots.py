"""Plots of joined benches: quality against bytes and latency, and distributions of latency."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kd_edge_runtime.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kd_edge.report.benches.rows import BenchRow

_MARKERS = "osD^vPX*<>hp"
_MOST_DEVICES = 12  # a panel each

Point = tuple[float, float]


def write_plots(rows: Sequence[BenchRow], output: Path) -> list[Path]:
    """Writes every plot that has figures as SVG and as PNG, and returns the files.

    Raises:
        InputError: they cannot be written.
    """
    shown = [row for row in rows if row.good and row.p50]
    if not shown:
        return []
    import matplotlib as mpl

    plots = {"frontier": _frontier(shown), "latencies": _latencies(shown)}
    files = []
    for name, figure in plots.items():
        for kind, about in (("svg", {"Date": None}), ("png", {"Software": None})):
            path = output / f"{name}.{kind}"
            # A fixed salt gives an SVG the same ids each time.
            with atomic_write(path, binary=True) as file, mpl.rc_context({"svg.hashsalt": name}):
                figure.savefig(file, format=kind, metadata=about, dpi=150)
            files.append(path)
    return files


def front(points: Sequence[Point]) -> list[Point]:
    """The Pareto front of pairs of cost and quality, by rising cost, without duplicates.

    It holds the points that no other point beats at the same or lower cost.
    """
    best: list[Point] = []
    for cost, quality in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if not best or quality > best[-1][1]:
            best.append((cost, quality))
    return best


def _frontier(rows: Sequence[BenchRow]) -> Figure:
    """Quality against bytes and against latency; without labels, latency against bytes."""
    scored = [row for row in rows if row.qwk is not None]
    figure = _figure(11 if scored else 6.5, 4.8)
    if not scored:
        axes = figure.add_subplot()
        _scatter(axes, rows, [(row.bytes, 1e3 * (row.p50 or 0)) for row in rows])
        axes.set(xscale="log", yscale="log", xlabel="bytes that a device reads")
        axes.set_ylabel("median latency of one response, ms")
        _legend(figure, axes)
        return figure
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, label, costs in (
        (left, "bytes that a device reads", [float(row.bytes) for row in scored]),
        (right, "median latency of one response, ms", [1e3 * (row.p50 or 0) for row in scored]),
    ):
        points = [(cost, row.qwk or 0.0) for cost, row in zip(costs, scored, strict=True)]
        best = front(points)
        axes.step(*zip(*best, strict=True), where="post", color="grey", linewidth=1, zorder=1)
        _scatter(axes, scored, points)
        axes.set(xscale="log", xlabel=label)
    left.set_ylabel("QWK against people")
    _legend(figure, left)
    return figure


def _latencies(rows: Sequence[BenchRow]) -> Figure:
    """The cumulative distribution of latency, in a panel for each device."""
    devices = list(dict.fromkeys(row.device for row in rows))[:_MOST_DEVICES]
    figure = _figure(8, 1 + 2.4 * len(devices))
    panels = figure.subplots(len(devices), 1, sharex=True, squeeze=False)
    for device, axes in zip(devices, panels[:, 0], strict=True):
        for row in filter(lambda row: row.device == device, rows):
            shares, seconds = zip(*row.quantiles, strict=True) if row.quantiles else ((), ())
            axes.plot([1e3 * second for second in seconds], shares, marker=".", label=row.name)
        axes.set(xscale="log", ylim=(0, 1), ylabel="share of responses")
        axes.set_title(device, fontsize=9)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    panels[-1, 0].set_xlabel("latency of one response, ms")
    return figure


def _figure(width: float, height: float) -> Figure:
    # Without pyplot, which would choose a window system.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _scatter(axes: Axes, rows: Sequence[BenchRow], points: Sequence[Point]) -> None:
    """A colour for each device, a mark for each contender."""
    devices = list(dict.fromkeys(row.device for row in rows))
    several = len({row.bundle for row in rows}) > 1
    names = list(dict.fromkeys(row.name for row in rows))
    for row, (x, y) in zip(rows, points, strict=True):
        axes.scatter(
            [x],
            [y],
            color=f"C{devices.index(row.device) % 10}",
            marker=_MARKERS[names.index(row.name) % len(_MARKERS)],
            label=f"{row.name}, {row.device}" + (f", {row.bundle}" if several else ""),
            alpha=0.8,
        )
    axes.grid(alpha=0.3)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=7)
