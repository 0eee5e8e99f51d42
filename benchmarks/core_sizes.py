"""How large the core in C is: wheels by platform, and flash and RAM of an emulated microcontroller.

    python -m benchmarks.core_sizes

Needs ziglang and qemu-system-arm. The students are those of tests/conformance. Writes
`results/core_sizes.json`, in bytes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks import record
from kd_edge.console.tables import markdown
from kd_edge_runtime.bundle.archive import Bundle

ROOT = Path(__file__).parent.parent
KINDS = {
    "bag, text rules 1": "bag-1a",
    "pairs, text rules 1": "pairs-1a",
    "bag, text rules 2": "bag-2a",
    "pairs, text rules 2": "pairs-2a",
}


@click.command()
def main() -> None:
    """Measure how large the core is."""
    sys.path.append(str(ROOT / "tests" / "support"))
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "wheels": _wheels(Path(folder)),
            "microcontroller": {
                kind: _microcontroller(Path(folder), name) for kind, name in KINDS.items()
            },
        }
    click.echo(str(record.write("core_sizes", figures, 0)))


def _wheels(folder: Path) -> dict[str, int]:
    import zig

    module = zig.build_wheels()
    return {name: module.build(name, folder).stat().st_size for name in module.PLATFORMS}


def _microcontroller(folder: Path, name: str) -> dict[str, Any]:
    import corpus_bundles
    import cortex_m_board
    from kd_edge.bundling.c_source import write_c

    bundle, source = folder / f"{name}.kdz", folder / name
    corpus_bundles.write(bundle, [name])
    write_c(bundle, source)
    with Bundle(bundle) as opened:
        entry = opened.manifest.items[0]
        texts = json.loads(opened.read(entry.golden))["inputs"]
    ran = asdict(cortex_m_board.run(source, texts, len(entry.classes)))
    return {name: size for name, size in ran.items() if name != "lines"}


def wheels() -> str:
    """Bytes of each platform's wheel."""
    sizes = record.read("core_sizes")["figures"]["wheels"]
    return markdown(["wheel", "KB"], [[name, f"{size / 1000:.1f}"] for name, size in sizes.items()])


def microcontroller() -> str:
    """Flash and RAM of an emulated Cortex-M3, by what a folder of C scores."""
    header = ["student", "core, KB", "C library, KB", "RAM, KB", "scratch, KB", "question, KB"]
    rows = []
    for kind, ran in record.read("core_sizes")["figures"]["microcontroller"].items():
        sizes = (
            *(ran["core"], ran["library"], ran["stack"] + ran["static"]),
            *(ran["scratch"], ran["question"]),
        )
        rows.append([kind, *(f"{size / 1024:.1f}" for size in sizes)])
    return markdown(header, rows)


if __name__ == "__main__":
    main()
