"""A cut BERT as TFLite computes what PyTorch does, in LiteRT with and without its delegate."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from benchmarks import tflite_transformer, tflite_transformer_graph
from benchmarks.tflite_transformer_graph import cut_bert

IDS = [[2, 5, 6, 7, 3], [2, 4, 3], [2, *(5, 4, 7, 7, 6) * 3, 3]]


@pytest.fixture(scope="module")
def student(small_students):
    return small_students["transformer"]


@pytest.fixture(scope="module")
def expected(student):
    with torch.inference_mode():
        rows = [student.network(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.int64))
                for ids in IDS]  # fmt: skip
    return np.array([row.softmax(-1)[0].numpy() for row in rows])


@pytest.mark.parametrize("runtime", ["kernels", "delegate"])
@pytest.mark.parametrize(("least", "greatest"), [(1, 0.03), (1 << 20, 0.003)])
def test_it_computes_what_pytorch_does(
    student, expected, tmp_path, monkeypatch, runtime, least, greatest
):
    """With products in 8 bits and in floats; only the table of embeddings is always in 8 bits."""
    monkeypatch.setattr(tflite_transformer_graph, "_LEAST", least)
    weights = {name: one.numpy() for name, one in student.network.state_dict().items()}
    (tmp_path / "cut.tflite").write_bytes(cut_bert(weights, student.options.config))
    (tmp_path / "ids.json").write_text(json.dumps(IDS))
    command = [tflite_transformer._CHILD, runtime, tmp_path / "cut.tflite", tmp_path / "ids.json"]
    done = subprocess.run(
        [sys.executable, *map(str, command), "1"], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    assert len(said["ms"]) == len(IDS)
    np.testing.assert_allclose(said["probabilities"], expected, atol=greatest)
    assert np.ptp(expected, 0).max() > 3 * greatest  # the responses differ by more


def test_the_table_leaves_out_what_a_device_cannot_run(monkeypatch):
    one = {"bytes": 4_000_000, "ms": 1.0, "difference": 0.01, "from LiteRT": 0.001}
    one["other scores"] = 0
    names = list(tflite_transformer._RUNTIMES)
    counted = {"start": 5_000_000, "warm": 2_000_000}
    figures = {
        "runtimes": dict.fromkeys(names, one),
        "instructions": {"pi-64": dict.fromkeys(names, counted), "pi-32": {names[3]: counted}},
    }
    monkeypatch.setattr(tflite_transformer.record, "read", lambda _: {"figures": figures})
    rows = tflite_transformer.table().splitlines()[2:]
    assert [row.split("|")[-3:-1] for row in rows] == [["  ", "  "]] * 3 + [[" 5 ", " 2 "]]
