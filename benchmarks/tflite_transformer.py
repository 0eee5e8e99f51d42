"""A cut transformer as TFLite beside its ONNX: agreement, bytes, time, instructions on devices.

    make devices
    python -m benchmarks.tflite_transformer asap-sas-1 1 --work WORK

`WORK` holds the run of `benchmarks.agreement … --student both`, with a teacher that is a BERT. No
bundle has such a form (see README.md); this is what it would give. Every runtime scores the ids of
the item's first held-out responses, one by one on one thread, in processes that take turns; the
least of each response's times counts, in the thread's own processor time. Writes
`results/tflite_transformer.json`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from typing import Any

import click
import numpy as np
import torch
from safetensors.numpy import load_file

from benchmarks import record
from benchmarks.emulated import Device
from benchmarks.instruction_counter import InstructionCounter
from benchmarks.raspberry_pi import OLDER
from benchmarks.tflite_transformer_graph import cut_bert
from kd_edge.console.tables import markdown
from kd_edge.runs.folder import BUNDLE, item_folder
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge.students.store import load
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.students.item import LoadedItem

_NAME = "tflite_transformer"
_CHILD = Path(__file__).with_name("tflite_transformer_child.py")
_RESPONSES, _TURNS, _ROUNDS = 30, 2, 3
_ON_DEVICES = 10
_ONNX = "ONNX Runtime"
# Runtimes by name: how the child calls each, its Python here, and its packages on a device.
_RUNTIMES: dict[str, tuple[str, str | Path, str]] = {
    _ONNX: ("onnx", sys.executable, "current"),
    "LiteRT, XNNPACK": ("delegate", sys.executable, "current"),
    "LiteRT, its own kernels": ("kernels", sys.executable, "current"),
    "tflite-runtime 2.14": ("kernels", OLDER, "tflite"),
}
_DEVICES = {"pi-64": tuple(_RUNTIMES), "pi-32": ("tflite-runtime 2.14",)}


@click.command()
@click.argument("name")
@click.argument("item")
@click.option("--work", type=click.Path(path_type=Path, exists=True), required=True)
def main(name: str, item: str, work: Path) -> None:
    """Measure the run NAME in the work folder, of the item ITEM."""
    second = item_folder(work / name, item) / "second"
    with Bundle(work / name / BUNDLE) as bundle, tempfile.TemporaryDirectory() as scratch:
        entry = bundle.manifest.item(item)
        alone = of_second(entry)
        assert alone is not None, "the bundle has two students"
        folder = Path(scratch)
        onnx, tflite = folder / "int8.onnx", folder / "int8.tflite"
        onnx.write_bytes(LoadedItem(bundle, alone).form("onnx-int8"))
        texts = read_scored(second.parent / FILE, entry.classes).texts[:_RESPONSES]
        ids, expected = _in_pytorch(second, texts)
        config = json.loads((second / "student.json").read_text("utf-8"))["options"]["config"]
        tflite.write_bytes(cut_bert(load_file(second / "weights.safetensors"), config))
        graphs = {one: onnx if one == _ONNX else tflite for one in _RUNTIMES}
        figures = {
            "item": name,
            "packages": {one: version(one) for one in ("onnxruntime", "ai-edge-litert")},
            "tokens": round(mean(map(len, ids)), 1),
            "runtimes": _here(graphs, ids, expected, folder),
            "instructions": _on_devices(graphs, ids[:_ON_DEVICES], folder),
        }
    click.echo(str(record.write(_NAME, figures, 0)))


def _in_pytorch(folder: Path, texts: Sequence[str]) -> tuple[list[list[int]], np.ndarray]:
    """Ids of N responses, and the network's probabilities [N, K]."""
    student = load(folder)
    encoded = student.text.encode(texts)
    batches = [encoded.batch(np.array([at])) for at in range(len(texts))]
    with torch.inference_mode():
        shares = [student.network(*one).softmax(-1)[0].numpy() for one in batches]
    return [ids[0].tolist() for ids, _ in batches], np.array(shares)


def _here(
    graphs: dict[str, Path], ids: list[list[int]], expected: np.ndarray, folder: Path
) -> dict[str, Any]:
    """What each runtime gives and takes on this machine."""
    path = _written(ids, folder)
    said: dict[str, list[Any]] = {name: [] for name in _RUNTIMES}
    for _ in range(_TURNS):
        for name, (kind, python, _) in _RUNTIMES.items():
            command = [str(python), str(_CHILD), kind, str(graphs[name]), str(path), str(_ROUNDS)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            said[name].append(json.loads(done.stdout))
    shares = {name: np.array(turns[0]["probabilities"]) for name, turns in said.items()}
    return {
        name: {
            "bytes": graphs[name].stat().st_size,
            "ms": round(mean(np.min([one["ms"] for one in turns], 0).tolist()), 3),
            "difference": float(np.abs(shares[name] - expected).max()),
            "from LiteRT": float(np.abs(shares[name] - shares["LiteRT, XNNPACK"]).max()),
            "other scores": int((shares[name].argmax(1) != expected.argmax(1)).sum()),
        }
        for name, turns in said.items()
    }


def _on_devices(graphs: dict[str, Path], ids: list[list[int]], folder: Path) -> dict[str, Any]:
    """Instructions of a process that scores one response, and of one more; {} without devices."""
    if any(Device(kind).missing for kind in _DEVICES):
        return {}
    counter = InstructionCounter(folder)
    first, path = _written(ids[:1], folder, "first.json"), _written(ids, folder)
    counts: dict[str, Any] = {}
    for kind, names in _DEVICES.items():
        for name in names:
            how, _, packages = _RUNTIMES[name]
            device = Device(kind)

            def count(responses: Path, rounds: int, device: Device = device) -> int:
                arguments = [_CHILD, how, graphs[name], responses, rounds]  # noqa: B023
                return counter.count(device, arguments, [device.packages(packages)])  # noqa: B023

            count(first, 1)  # writes the byte code
            start, once, twice = count(first, 1), count(path, 1), count(path, 2)
            warm = round((twice - once) / len(ids))
            counts.setdefault(kind, {})[name] = {"start": start, "warm": warm}
            click.echo(f"{kind}, {name}: {start}, {warm}", err=True)
    return counts


def _written(ids: list[list[int]], folder: Path, name: str = "ids.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(ids), encoding="utf-8")
    return path


def table() -> str:
    """Each runtime's figures on this machine and on emulated devices."""
    figures = record.read(_NAME)["figures"]
    rows = []
    for name, one in figures["runtimes"].items():
        row = [
            name,
            f"{one['bytes']:,}",
            f"{one['difference']:.3f}",
            f"{one['from LiteRT']:.4f}",
            str(one["other scores"]),
            f"{one['ms']:.2f}",
        ]
        for kind in _DEVICES:
            counted = figures["instructions"][kind].get(name)
            row += [f"{counted[of] / 1e6:.0f}" for of in ("start", "warm")] if counted else ["", ""]
        rows.append(row)
    header = [
        "runtime",
        "bytes",
        "greatest difference from PyTorch",
        "from LiteRT with XNNPACK",
        "other scores",
        "ms, x86-64",
        *(f"{bits}-bit Pi: {what}" for bits in (64, 32) for what in ("with the start", "one more")),
    ]
    return markdown(header, rows)


TABLES: dict[str, Callable[[], str]] = {"tflite-transformer": table}

if __name__ == "__main__":
    main()
