"""Tables of scorers' figures, for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge.console.tables import TerminalTable, markdown, short
from kd_edge.evaluation.agreement import Line, Pooled, Sizes, scorer_name

_COLUMNS = ("", "QWK", "exact (accuracy)", "adjacent", "macro F1", "parameters", "bytes")

_POOLED = ("", "items", "responses", "mean QWK", "lowest QWK", "exact (accuracy)")

LEGEND = (
    "Small model: what the bundle holds and a device runs (in research, the student). Large "
    "model: the language model that it was trained to imitate (the teacher). Small model alone: "
    "the same network (beside a transformer, which cannot be without a large model, n-grams), "
    "trained on people's scores only."
)


def figures_table(title: str, lines: Sequence[Line]) -> TerminalTable:
    """A table for the terminal, a row for each scorer."""
    return TerminalTable(title, _COLUMNS, [_cells(line) for line in lines])


def pooled_table(scorers: Sequence[Pooled]) -> TerminalTable:
    """A table for the terminal of each scorer's figures over all items."""
    rows = [
        [
            scorer_name(scorer.name),
            str(scorer.items),
            f"{scorer.responses:,}",
            f"{scorer.qwk:.3f}",
            f"{scorer.least_qwk:.3f} ({scorer.least_item})",
            f"{scorer.accuracy:.3f}",
        ]
        for scorer in scorers
    ]
    return TerminalTable("All items", _POOLED, rows)


def figures_markdown(lines: Sequence[Line]) -> str:
    """A Markdown table, a row for each scorer."""
    return markdown(_COLUMNS, [_cells(line) for line in lines])


def smaller(sizes: Sizes) -> str:
    """A sentence on how much smaller the small model is."""
    return (
        f"The small model has {sizes.times_fewer_parameters:,.0f} times fewer parameters than the "
        f"large one. It takes {sizes.plain_bytes:,} bytes on a device "
        f"({sizes.times_smaller:,.0f} times fewer), the whole bundle {sizes.bundle_bytes:,} bytes "
        f"({sizes.times_smaller_bundle:,.0f} times fewer)."
    )


def _cells(line: Line) -> list[str]:
    figures = line.agreement
    return [
        scorer_name(line.name),
        f"{figures.qwk:.3f}",
        f"{figures.accuracy:.3f}",
        "" if figures.adjacent is None else f"{figures.adjacent:.3f}",
        f"{figures.macro_f1:.3f}",
        "" if line.parameters is None else short(line.parameters),
        "" if line.bytes is None else short(line.bytes),
    ]
