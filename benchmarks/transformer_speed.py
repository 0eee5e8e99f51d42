"""How long one response takes the second student, both students, and their teacher.

    python -m benchmarks.transformer_speed asap-sas-1 1 --work WORK

`WORK` holds the run of `benchmarks.agreement … --student both`. Responses are the item's held-out
ones, one at a time on one thread of ONNX Runtime; the contenders take turns, and the best of each
response's rounds counts, so that a busy machine changes the ratios little. The teacher's int8 is
ONNX Runtime's own dynamic quantization, per channel. The teacher's tokens are given to it; the
students read texts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import click
import numpy as np

from benchmarks import record
from kd_edge.console.tables import markdown, short
from kd_edge.runs.folder import BUNDLE, item_folder
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.graph import fp32_graph
from kd_edge_runtime.backends import choose
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem

_ROUNDS = 7
_RESPONSES = 100
_SECOND = "second student, int8"
_BOTH = "both students"
_FP32, _INT8 = "teacher, fp32", "teacher, int8"
_LONGEST = 192


@click.command()
@click.argument("name")
@click.argument("item")
@click.option("--work", type=click.Path(path_type=Path, exists=True), required=True)
def main(name: str, item: str, work: Path) -> None:
    """Measure the run NAME in the work folder, of the item ITEM."""
    out = work / name
    folder = item_folder(out, item)
    with Scorer.open(out / BUNDLE) as scorer:
        classes = scorer.bundle.manifest.item(item).classes
        texts = read_scored(folder / FILE, classes).texts[:_RESPONSES]
        alone = of_second(scorer.bundle.manifest.item(item))
        assert alone is not None, "the bundle has two students"
        _, second = choose.load(LoadedItem(scorer.bundle, alone))
        first = Scorer(scorer.bundle, first_only=True)
        teacher, sizes = _teacher(folder / "teacher", texts)
        contenders: dict[str, Callable[[int], object]] = {
            "first student, as a device chooses": lambda at: first.score(texts[at], item),
            _SECOND: lambda at: second.probabilities([texts[at]]),
            _BOTH: lambda at: scorer.score(texts[at], item),
            **teacher,
        }
        milliseconds = _race(contenders, len(texts))
        members = scorer.bundle.manifest.members
        sizes[_SECOND] = sum(members[one].bytes for one in alone.forms.values())
    figures = {"item": name, "milliseconds": milliseconds, "bytes": sizes}
    click.echo(str(record.write("transformer_speed", figures, 0)))


def _teacher(
    folder: Path, texts: tuple[str, ...]
) -> tuple[dict[str, Callable[[int], object]], dict[str, int]]:
    """The teacher's two graphs as contenders, and their bytes."""
    import onnxruntime
    from onnxruntime.quantization import quantize_dynamic

    model = load_teacher(folder)
    ids = model.tokenizer(list(texts), truncation=True, max_length=_LONGEST)["input_ids"]
    feeds = [
        {"ids": np.array([one], np.int64), "mask": np.ones((1, len(one)), np.int64)} for one in ids
    ]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    contenders: dict[str, Callable[[int], object]] = {}
    sizes = {}
    with tempfile.TemporaryDirectory() as scratch:
        paths = {_FP32: Path(scratch) / "fp32.onnx", _INT8: Path(scratch) / "int8.onnx"}
        paths[_FP32].write_bytes(fp32_graph(model, "", ""))
        quantize_dynamic(paths[_FP32], paths[_INT8], per_channel=True)
        for name, path in paths.items():
            session: Any = onnxruntime.InferenceSession(str(path), options)
            contenders[name] = lambda at, session=session: session.run(None, feeds[at])
            sizes[name] = path.stat().st_size
    return contenders, sizes


def _race(contenders: dict[str, Callable[[int], object]], responses: int) -> dict[str, float]:
    """The mean over responses of each one's best time, in milliseconds."""
    best = {name: [float("inf")] * responses for name in contenders}
    for _ in range(_ROUNDS):
        for name, score in contenders.items():
            score(0)
            for at in range(responses):
                started = time.perf_counter()
                score(at)
                best[name][at] = min(best[name][at], time.perf_counter() - started)
    return {name: round(mean(times) * 1e3, 4) for name, times in best.items()}


def speed() -> str:
    """Milliseconds a response, and how many times as long as the second student's."""
    figures = record.read("transformer_speed")["figures"]
    own = figures["milliseconds"][_SECOND]
    rows = [
        [
            name,
            short(figures["bytes"][name]) if name in figures["bytes"] else "",
            f"{milliseconds:.3f}",
            f"{milliseconds / own:.2g}",
        ]
        for name, milliseconds in figures["milliseconds"].items()
    ]
    return markdown(["scorer", "bytes", "ms a response", "times the second's"], rows)


TABLES: dict[str, Callable[[], str]] = {"transformer-speed": speed}

if __name__ == "__main__":
    main()
