"""The sizes that a search tried, as a table, a plot and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kd_edge.files import write_json
from kd_edge.size_search.tried import Limits, Tried
from kd_edge.students.registry import BOTH
from kd_edge_runtime.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    *("bytes", "ms", "student", "n-grams", "dimensions", "bits", "parameters", "QWK", "accuracy"),
    "chosen",
)


def cells(tried: Sequence[Tried], chosen: Tried | None, limits: Limits) -> list[list[str]]:
    """A row for each size that was tried, the smallest first."""
    return [
        [
            f"{size.bytes:,}",
            f"{size.ms:.3f}",
            _student(size),
            f"{size.ngrams:,}" if size.ngrams else "",
            str(size.dimensions or ""),
            "float" if size.bits > 8 else str(size.bits or ""),
            f"{size.parameters:,}",
            f"{size.qwk:.3f}",
            f"{size.accuracy:.3f}",
            _verdict(size, chosen, limits),
        ]
        for size in sorted(tried, key=lambda size: size.bytes)
    ]


def _student(size: Tried) -> str:
    layers = ", ".join(map(str, size.layers))
    if size.student == BOTH:
        return f"bag and layers {layers}"
    return f"layers {layers}" if layers else size.student


def _verdict(size: Tried, chosen: Tried | None, limits: Limits) -> str:
    if size.fits:
        return "yes" if size == chosen else ""
    return "too slow" if limits.within_bytes(size.bytes) else "too large"


def write_frontier(
    stem: Path, tried: Sequence[Tried], chosen: Tried | None, limits: Limits
) -> tuple[Path, Path]:
    """Writes `<stem>.frontier.svg` and `<stem>.frontier.json`.

    Raises:
        InputError: they cannot be written.
    """
    plot = stem.with_name(f"{stem.name}.frontier.svg")
    figures = stem.with_name(f"{stem.name}.frontier.json")
    with atomic_write(plot) as file:
        file.write(_svg(tried, chosen, limits))
    best = asdict(chosen) if chosen else None
    content = {"limit": limits.bytes, "limit_ms": limits.ms, "chosen": best}
    write_json(figures, {**content, "tried": [asdict(size) for size in tried]})
    return plot, figures


def _svg(tried: Sequence[Tried], chosen: Tried | None, limits: Limits) -> str:
    from io import StringIO

    # No pyplot: it would choose a window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    by_size, by_time = figure.subplots(1, 2, sharey=True)
    kilobytes = None if limits.bytes is None else limits.bytes / 1000
    _draw(by_size, {size: size.bytes / 1000 for size in tried}, chosen, kilobytes)
    by_size.set_xlabel("bundle, KB")
    by_size.set_ylabel("QWK on held-out responses")
    _draw(by_time, {size: size.ms for size in tried}, chosen, limits.ms)
    by_time.set_xlabel("a response on this machine, ms")
    by_size.legend(fontsize=8)
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _draw(
    axes: Axes, places: dict[Tried, float], chosen: Tried | None, limit: float | None
) -> None:
    """QWK over bytes or time."""
    series: dict[str, list[Tried]] = {}
    for size in sorted(places, key=lambda size: (size.student, size.dimensions)):
        many = f"bag, {size.dimensions} dimensions"
        names = {"bag": many, BOTH: "bag and transformer"}
        series.setdefault(names.get(size.student, size.student), []).append(size)
    for name, alike in series.items():
        axes.scatter([places[size] for size in alike], [size.qwk for size in alike], label=name)
        for size in alike:
            axes.annotate(
                _label(size), (places[size], size.qwk), xytext=(5, 4),
                textcoords="offset points", fontsize=7,
            )  # fmt: skip
    if chosen is not None:
        axes.scatter(
            [places[chosen]], [chosen.qwk], s=180, facecolors="none", edgecolors="black",
            label="chosen",
        )  # fmt: skip
    if limit is not None:
        axes.axvline(limit, linestyle="--", color="grey", label="limit")
    axes.set_xscale("log")


def _label(size: Tried) -> str:
    if size.layers:
        return f"layers {', '.join(map(str, size.layers))}"
    return f"{size.ngrams}, " + ("float" if size.bits > 8 else f"{size.bits} bits")
