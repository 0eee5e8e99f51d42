"""A program that scores token ids with one runtime: on this machine or an emulated device.

    python tflite_transformer_child.py RUNTIME GRAPH IDS ROUNDS

RUNTIME: "onnx", "delegate" (TFLite with XNNPACK) or "kernels" (TFLite's own). IDS is a JSON file
with the ids of N responses. Prints JSON: each response's probabilities, and the least milliseconds
of processor time that it took in a round.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Score = Callable[[list[int]], Any]


def main(runtime: str, graph: str, ids_file: str, rounds: str) -> None:
    """Scores in rounds."""
    score = _onnx(graph) if runtime == "onnx" else _tflite(graph, runtime == "delegate")
    responses = json.loads(Path(ids_file).read_text(encoding="utf-8"))
    least = [float("inf")] * len(responses)
    shares = []
    for _ in range(int(rounds)):
        shares = []
        for at, ids in enumerate(responses):
            started = time.thread_time()
            shares.append(score(ids).tolist())
            least[at] = min(least[at], time.thread_time() - started)
    print(json.dumps({"probabilities": shares, "ms": [1e3 * one for one in least]}))


def _onnx(graph: str) -> Score:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def score(ids: list[int]) -> Any:
        feed = {"ids": np.array([ids], np.int64), "mask": np.ones((1, len(ids)), np.int64)}
        return session.run(None, feed)[0][0]

    return score


def _tflite(graph: str, delegate: bool) -> Score:
    try:
        from ai_edge_litert import interpreter as tflite
    except ImportError:
        from tflite_runtime import interpreter as tflite

    resolver = tflite.OpResolverType
    model = tflite.Interpreter(
        model_path=graph,
        num_threads=1,
        experimental_op_resolver_type=resolver.AUTO
        if delegate
        else resolver.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    model.allocate_tensors()
    inputs = [one["index"] for one in model.get_input_details()]
    output = model.get_output_details()[0]["index"]
    size = 1

    def score(ids: list[int]) -> Any:
        nonlocal size
        if len(ids) != size:
            size = len(ids)
            for one in inputs:
                model.resize_tensor_input(one, [size])
            model.allocate_tensors()
        for one, numbers in zip(inputs, (ids, range(size))):
            model.set_tensor(one, np.array(numbers, np.int32))
        model.invoke()
        return model.get_tensor(output)[0]

    return score


if __name__ == "__main__":
    main(*sys.argv[1:])
