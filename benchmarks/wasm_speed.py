"""How fast the core scores as WebAssembly, in Node, beside plain Python; and how large it is.

    python -m benchmarks.wasm_speed [--responses rows.csv]

Rounds take turns, each on one thread: quote ratios, not times. The bundles are those of
`benchmarks.core_speed`. Writes `results/wasm.json`.
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import core_speed, record
from kd_edge.console.tables import markdown
from kd_edge.page import sources
from kd_edge_runtime.scorer import Scorer

CHILD = Path(__file__).with_name("wasm_speed.mjs")
ROUNDS = 9
SEED = 0


@click.command()
@core_speed.responses_option
def main(responses: Path | None) -> None:
    """Measure how fast the core scores as WebAssembly."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), responses)
    click.echo(str(record.write("wasm", figures, SEED)))


def measure(folder: Path, responses: Path | None, rounds: int = ROUNDS) -> dict[str, Any]:
    """All figures: bytes, and microseconds a response by rules."""
    texts = [text for text, _ in core_speed.labelled_texts(responses)]
    core, module = sources.wasm(), sources.module().encode()
    (folder / "kd_edge.mjs").write_bytes(module)
    (folder / "kd_edge.wasm").write_bytes(core)
    (folder / "texts.json").write_text(json.dumps(texts), encoding="ascii")
    figures: dict[str, Any] = {
        "responses": len(texts),
        "words": statistics.median(len(text.split()) for text in texts),
        "bytes": {
            "core": len(core),
            "core packed": len(gzip.compress(core, 9)),
            "module": len(module),
            "module packed": len(gzip.compress(module, 9)),
        },
    }
    for rules in (1, 2):
        bundle = folder / f"rules-{rules}.kdz"
        core_speed.write_untrained(bundle, texts, rules)
        figures[f"rules {rules}"] = _race(folder, bundle, texts, rounds)
    return figures


def _race(folder: Path, bundle: Path, texts: Sequence[str], rounds: int) -> dict[str, Any]:
    """The least of rounds in which Node and plain Python take turns."""
    command = ["node", CHILD, folder / "kd_edge.mjs", bundle, folder / "texts.json"]
    with (
        Scorer.open(bundle, "plain") as scorer,
        subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as child,
    ):

        def ask(what: str) -> Any:
            assert child.stdin
            assert child.stdout
            print(what, file=child.stdin, flush=True)
            return json.loads(child.stdout.readline())

        plain: dict[str, Callable[[], float]] = {
            "one": lambda: _one(scorer, texts),
            "batch": lambda: _batch(scorer, texts),
        }
        found: dict[str, Any] = {"node": ask("node")}
        for what, run in plain.items():
            pairs = [(ask(what), run()) for _ in range(rounds)]
            found[what] = {
                "wasm": min(own for own, _ in pairs),
                "plain": min(other for _, other in pairs),
            }
        assert child.stdin
        child.stdin.close()
        return found


def _one(scorer: Scorer, texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        begun = time.perf_counter()
        scorer.score(text)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def _batch(scorer: Scorer, texts: Sequence[str]) -> float:
    begun = time.thread_time()
    scorer.score_many(texts)
    return (time.thread_time() - begun) / len(texts) * 1e6


def table() -> str:
    """The core in Node beside plain Python, as ratios: below 1 is in its favour."""
    figures = record.read("wasm")["figures"]
    kinds = [name for name in figures if name.startswith("rules")]
    names = {"one": "one response", "batch": f"{figures['responses']:,} at once"}
    rows = []
    for what, label in names.items():
        races = [figures[kind][what] for kind in kinds]
        ratios = [f"{race['wasm'] / race['plain']:.2f}" for race in races]
        rows.append([f"{label} / plain Python", *ratios])
    return markdown(["core in Node / other", *(f"text {kind}" for kind in kinds)], rows)


def sizes() -> str:
    """Bytes of what a page loads, without the bundle."""
    found = record.read("wasm")["figures"]["bytes"]
    names = {"core": "`kd_edge.wasm`", "module": "`kd_edge.mjs`"}
    rows = [
        [label, f"{found[name]:,}", f"{found[f'{name} packed']:,}"] for name, label in names.items()
    ]
    return markdown(["file", "bytes", "packed (gzip -9)"], rows)


if __name__ == "__main__":
    main()
