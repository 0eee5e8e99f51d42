"""The sizes that a search tried, as a table, a plot and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from kd_edge.files import write_json
from kd_edge.size_search.search import Tried
from kd_edge_runtime.files import atomic_write

COLUMNS = ("bytes", "n-grams", "dimensions", "bits", "parameters", "QWK", "accuracy", "chosen")


def cells(tried: Sequence[Tried], chosen: Tried | None) -> list[list[str]]:
    """A row for each size that was tried, the smallest first."""
    return [
        [
            f"{size.bytes:,}",
            f"{size.ngrams:,}",
            str(size.dimensions),
            "float" if size.bits > 8 else str(size.bits),
            f"{size.parameters:,}",
            f"{size.qwk:.3f}",
            f"{size.accuracy:.3f}",
            "yes" if size == chosen else "" if size.fits else "too large",
        ]
        for size in sorted(tried, key=lambda size: size.bytes)
    ]


def write_frontier(
    stem: Path, tried: Sequence[Tried], chosen: Tried | None, limit: int
) -> tuple[Path, Path]:
    """Writes `<stem>.frontier.svg` and `<stem>.frontier.json`.

    Raises:
        InputError: they cannot be written.
    """
    plot = stem.with_name(f"{stem.name}.frontier.svg")
    figures = stem.with_name(f"{stem.name}.frontier.json")
    with atomic_write(plot) as file:
        file.write(_svg(tried, chosen, limit))
    sizes = [asdict(size) for size in tried]
    best = asdict(chosen) if chosen else None
    write_json(figures, {"limit": limit, "chosen": best, "tried": sizes})
    return plot, figures


def _svg(tried: Sequence[Tried], chosen: Tried | None, limit: int) -> str:
    from io import StringIO

    # No pyplot: it would choose a window system.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for dimensions in sorted({size.dimensions for size in tried}):
        alike = [size for size in tried if size.dimensions == dimensions]
        places = [(size.bytes / 1000, size.qwk) for size in alike]
        axes.scatter(*zip(*places, strict=True), label=f"{dimensions} dimensions")
        for size, place in zip(alike, places, strict=True):
            bits = "float" if size.bits > 8 else f"{size.bits} bits"
            label = f"{size.ngrams}, {bits}"
            axes.annotate(label, place, xytext=(5, 4), textcoords="offset points", fontsize=7)
    if chosen is not None:
        axes.scatter(
            [chosen.bytes / 1000], [chosen.qwk], s=180, facecolors="none", edgecolors="black",
            label="chosen",
        )  # fmt: skip
    axes.axvline(limit / 1000, linestyle="--", color="grey", label="limit")
    axes.set_xscale("log")
    axes.set_xlabel("bundle, KB")
    axes.set_ylabel("QWK on held-out responses")
    axes.legend(fontsize=8)
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
