"""The results of `kd-edge bench` on many devices and in many runs, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kd_edge.console.tables import TerminalTable, markdown
from kd_edge.files import make_folder, write_json
from kd_edge.report.benches.rows import BenchRow, read_benches
from kd_edge_runtime.bench.show import span
from kd_edge_runtime.files import atomic_write

_HEADER = (
    *("device", "bundle", "model", "bytes", "start", "p50", "p90", "p99", "responses/s"),
    *("memory", "accuracy", "QWK", "times faster", "state"),
)


@dataclass(frozen=True)
class JoinedBenches:
    """The joined results of many benches.

    Attributes:
        rows: by device, in the order of the files.
        files: the files written: the table as Markdown and JSON, and the plots.
    """

    rows: tuple[BenchRow, ...]
    files: tuple[Path, ...]

    def as_json(self) -> dict[str, Any]:
        """The content of the JSON file."""
        return {"rows": [asdict(row) for row in self.rows]}

    def table(self) -> TerminalTable:
        """The table for the terminal."""
        devices = len({row.device for row in self.rows})
        title = f"{devices} device{'s' if devices != 1 else ''}"
        return TerminalTable(title, _HEADER, [_cells(row) for row in self.rows])


def join_benches(files: Sequence[Path], output: Path) -> JoinedBenches:
    """Joins files of `kd-edge bench -o FILE` into one table, and plots them.

    Args:
        files: at least one.
        output: the folder for benches.md, benches.json and the plots, created where missing.

    Raises:
        InputError: `kd-edge bench` did not write a file, or the output cannot be written.
    """
    from kd_edge.report.benches.plots import write_plots

    rows = tuple(row for bench in read_benches(files) for row in bench)
    make_folder(output, private=False)
    document, figures = output / "benches.md", output / "benches.json"
    joined = JoinedBenches(rows, (document, figures, *write_plots(rows, output)))
    shown = [[cell.replace("|", "\\|") for cell in _cells(row)] for row in rows]
    with atomic_write(document) as file:
        file.write(markdown(_HEADER, shown) + "\n")
    write_json(figures, joined.as_json())
    return joined


def _cells(row: BenchRow) -> list[str]:
    def text(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    return [
        row.device,
        row.bundle,
        row.name + (" (fastest)" if row.fastest else ""),
        f"{row.bytes:,}",
        *("" if one is None else span(one) for one in (row.start_s, row.p50, row.p90, row.p99)),
        text(row.per_s, ",.0f"),
        "" if row.rss_kib is None else f"{row.rss_kib / 1024:.1f} MiB",
        text(row.accuracy, ".3f"),
        text(row.qwk, ".3f"),
        text(row.faster, ",.3g" if row.faster and row.faster < 100 else ",.0f"),
        row.state,
    ]
