"""Networks as ONNX by PyTorch's exporter: the same numbers, and nothing of this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from kd_edge.students.transformer import TransformerNetwork
from kd_edge_export.onnx.transformer import onnx_fp32

CONFIG = {
    "model_type": "bert",
    "vocab_size": 50,
    "num_hidden_layers": 2,
    "hidden_size": 16,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    network = TransformerNetwork(CONFIG, 3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return network.eval()


@pytest.fixture(scope="module")
def model(network):
    return onnx_fp32(network, "spoon", "ab" * 32)


@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (1, 40), (5, 13), (33, 2)])
def test_any_number_of_responses_of_any_length(network, model, rows, tokens):
    rng = np.random.default_rng(rows)
    ids = rng.integers(0, 50, (rows, tokens))
    mask = (np.arange(tokens)[None] < rng.integers(1, tokens + 1, rows)[:, None]).astype(np.int64)
    with torch.inference_mode():
        expected = network(torch.from_numpy(ids), torch.from_numpy(mask)).softmax(-1).numpy()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"ids": ids, "mask": mask})
    assert np.ptp(expected, axis=0).max() > 0.1 or rows == 1
    assert np.abs(found - expected).max() < 1e-5


def test_nothing_of_this_machine_is_in_it(model):
    for part in (str(Path.cwd()), str(Path(torch.__file__).parent), "site-packages", ".py"):
        assert part.encode() not in model
    parsed = onnx.load_from_string(model)
    parts = (*parsed.graph.node, *parsed.graph.initializer, *parsed.graph.input, parsed.graph)
    assert not any(part.metadata_props or part.doc_string for part in parts)


def test_what_the_graph_says_of_itself(model):
    parsed = onnx.load_from_string(model)
    assert {one.key: one.value for one in parsed.metadata_props} == {
        "kd-edge.item": "spoon",
        "kd-edge.vectorizer": "ab" * 32,
    }
    assert parsed.opset_import[0].version == 18
    assert parsed.ir_version <= 10  # what onnxruntime 1.19 reads
    assert [one.name for one in parsed.graph.input] == ["ids", "mask"]
    (output,) = parsed.graph.output
    assert output.name == "probabilities"
    assert output.type.tensor_type.shape.dim[-1].dim_value == 3
