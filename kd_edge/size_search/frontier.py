"""The sizes that a search tried, as a table, a plot and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from kd_edge.files import write_json
from kd_edge.size_search.plot import frontier_picture
from kd_edge.size_search.tried import Limits, Tried, Untrained, layers_in_words
from kd_edge.students.registry import BOTH
from kd_edge_runtime.files import atomic_write

COLUMNS = (
    *("bytes", "ms", "student", "n-grams", "dimensions", "bits", "parameters", "QWK", "accuracy"),
    "chosen",
)


def cells(
    tried: Sequence[Tried],
    chosen: Tried | None,
    limits: Limits,
    untrained: Sequence[Untrained] = (),
) -> list[list[str]]:
    """A row for each size that was tried, and for those that were not trained; smallest first."""
    rows = [(size.bytes, _row(size, chosen, limits)) for size in tried]
    rows += [(size.bytes, _untrained_row(size, limits)) for size in untrained]
    return [row for _, row in sorted(rows, key=lambda row: row[0])]


def _row(size: Tried, chosen: Tried | None, limits: Limits) -> list[str]:
    return [
        f"{size.bytes:,}",
        f"{size.ms:.3f}",
        student_cell(size),
        f"{size.ngrams:,}" if size.ngrams else "",
        str(size.dimensions or ""),
        "float" if size.bits > 8 else str(size.bits or ""),
        f"{size.parameters:,}",
        f"{size.qwk:.3f}",
        f"{size.accuracy:.3f}",
        _verdict(size, chosen, limits),
    ]


def _untrained_row(size: Untrained, limits: Limits) -> list[str]:
    row = [""] * len(COLUMNS)
    row[0] = f"~{size.bytes:,}"
    row[1] = "" if size.ms is None else f"{size.ms:.3f}"
    row[2] = layers_in_words(size.layers)
    why = "too slow" if limits.within_bytes(size.bytes) else "too large"
    row[-1] = f"{why}, not trained"
    return row


def student_cell(size: Tried) -> str:
    """The student of a size, or two, in a few words."""
    if not size.layers:
        return size.student
    layers = layers_in_words(size.layers)
    return f"bag, {size.share:.0%} {layers}" if size.student == BOTH else layers


def _verdict(size: Tried, chosen: Tried | None, limits: Limits) -> str:
    if size.fits:
        return "yes" if size == chosen else ""
    return "too slow" if limits.within_bytes(size.bytes) else "too large"


def write_frontier(
    plot: Path,
    tried: Sequence[Tried],
    chosen: Tried | None,
    limits: Limits,
    untrained: Sequence[Untrained] = (),
    why: str = "",
) -> Path:
    """Writes the plot, an SVG file, and beside it the figures as JSON.

    Args:
        plot: the plot's path.
        tried: the sizes that were tried.
        chosen: the one that was chosen; None for none.
        limits: of the bundle.
        untrained: transformers that cannot fit and were not trained.
        why: why it was chosen, in sentences.

    Returns:
        The path of the figures.

    Raises:
        InputError: they cannot be written.
    """
    figures = plot.with_suffix(".json")
    with atomic_write(plot) as file:
        file.write(frontier_picture(tried, chosen, limits))
    best = asdict(chosen) if chosen else None
    content = {
        "limit": limits.bytes,
        "limit_ms": limits.ms,
        "chosen": best,
        "why": why,
        "tried": [{**asdict(size), "beaten": beaten(size, tried)} for size in tried],
        "not_trained": [asdict(size) for size in untrained],
    }
    write_json(figures, content)
    return figures


def beaten(size: Tried, tried: Sequence[Tried]) -> bool:
    """Whether another one agrees with people as well, and is neither larger nor slower."""
    own = (size.bytes, size.ms, -size.qwk)
    return any(
        other != own and all(theirs <= ours for theirs, ours in zip(other, own, strict=True))
        for other in ((one.bytes, one.ms, -one.qwk) for one in tried)
    )
