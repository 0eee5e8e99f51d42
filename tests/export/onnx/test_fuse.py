"""Fused graphs and graphs with products in 8 bits against the graphs that they are made from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import transformers
from onnx import numpy_helper

from kd_edge_export import form_writers, golden
from kd_edge_export.form_writers import TRANSFORMER, TokenGraph, token_forms
from kd_edge_export.onnx import fuse, int8_static
from kd_edge_export.onnx.fuse import fused
from kd_edge_export.onnx.int8_static import has_products, static_products
from kd_edge_export.onnx.transformer import onnx_fp32
from kd_edge_export.onnx.weights import int8_weights

WIDTH, LAYERS, TOKENS = 256, 2, 60


class Classifier(torch.nn.Module):
    """A random encoder with a head over the mean of its tokens."""

    def __init__(self, family):
        super().__init__()
        sizes = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 4}
        more = {"intermediate_size": 300, "vocab_size": TOKENS, "max_position_embeddings": 70}
        if family == "distilbert":
            sizes = {"dim": WIDTH, "n_layers": LAYERS, "n_heads": 4, "hidden_dim": 300}
            more = {"vocab_size": TOKENS, "max_position_embeddings": 70}
        config = transformers.AutoConfig.for_model(family, **sizes, **more, pad_token_id=0)
        self.encoder = transformers.AutoModel.from_config(config)
        self.head = torch.nn.Linear(WIDTH, 3)

    def forward(self, ids, mask):
        weights = mask.unsqueeze(-1).float()
        output = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.head((output * weights).sum(1) / weights.sum(1))


def exported(family):
    torch.manual_seed(0)
    network = Classifier(family)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            spread = 0.5 if "norm" in name.lower() else 0.06
            parameter.add_(torch.randn_like(parameter) * spread)
        network.head.weight.mul_(4)
    return onnx_fp32(network.eval(), "spoon", "ab" * 32)


@pytest.fixture(scope="module")
def model():
    return exported("bert")


def padded(rows, tokens, seed=0):
    rng = np.random.default_rng(seed)
    mask = (np.arange(tokens)[None] < rng.integers(1, tokens + 1, rows)[:, None]).astype(np.int64)
    mask[0] = 1
    return {"ids": rng.integers(2, TOKENS, (rows, tokens)) * mask, "mask": mask}


def singles(count, seed=1):
    return [padded(1, 2 + at % 30, seed + at) for at in range(count)]


def run(data, feed):
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def operators(data):
    return Counter(node.op_type for node in onnx.load_from_string(data).graph.node)


@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "distilbert"])
def test_fused_is_the_same(family):
    plain = exported(family)
    data = fused(plain)
    found = operators(data)
    assert found["MultiHeadAttention"] == found["Gelu"] == LAYERS, found
    assert found["Erf"] == 0
    assert sum(found.values()) < sum(operators(plain).values()) * 0.6
    for rows, tokens in ((1, 1), (1, 40), (5, 13), (17, 2)):
        feed = padded(rows, tokens)
        wanted = run(plain, feed)
        assert np.abs(run(data, feed) - wanted).max() < 2e-6


def test_a_window_around_each_token_is_not_a_padding_mask():
    """ModernBERT looks at near tokens only in some layers: their attention stays as it is."""
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(
        "modernbert", hidden_size=64, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, vocab_size=TOKENS, local_attention=4, pad_token_id=0,
        global_attn_every_n_layers=2, cls_token_id=1, sep_token_id=1, bos_token_id=1,
        eos_token_id=1,
    )  # fmt: skip
    network = Classifier("bert")
    network.encoder = transformers.AutoModel.from_config(config)
    network.head = torch.nn.Linear(64, 3)
    plain = onnx_fp32(network.eval(), "spoon", "")
    feed = padded(3, 30)
    assert np.abs(run(fused(plain), feed) - run(plain, feed)).max() < 2e-6


def test_a_graph_without_such_groups_stays_as_it_is(model):
    assert fused(fused(model)) == fused(model)


def test_operators_and_metadata(model):
    """What a device has to know: nothing beyond the listed operators of ONNX Runtime."""
    for data in (fused(model), static_products(fused(model), singles(40))):
        parsed = onnx.load_from_string(data)
        own = {node.op_type for node in parsed.graph.node if node.domain}
        assert own <= {*fuse.OPERATORS, *int8_static.OPERATORS}
        assert {one.domain: one.version for one in parsed.opset_import} == {
            "": 18,
            "com.microsoft": 1,
        }
        told = {one.key: one.value for one in parsed.metadata_props}
        assert told["kd-edge.item"] == "spoon"
        assert told["kd-edge.vectorizer"] == "ab" * 32
        assert ("kd-edge.singly" in told) == has_products(data)


def test_products_in_8_bits_are_close(model):
    data = static_products(fused(model), singles(60))
    found = operators(data)
    assert found["MatMulIntegerToFloat"] == 6 * LAYERS
    assert found["MatMul"] == 0
    assert found["QuantizeLinear"] == 4 * LAYERS  # queries, keys and values read the same
    wanted, got = (
        np.concatenate([run(each, feed) for feed in singles(40, seed=500)])
        for each in (model, data)
    )
    assert np.ptp(wanted, axis=0).min() > 0.1  # the responses do differ
    assert 1e-5 < np.abs(got - wanted).mean() < 0.02
    assert np.abs(got - wanted).max() < 0.2


def test_pairs_of_numbers_do_not_saturate(model):
    """Processors without VNNI add two products in 16 bits."""
    data = static_products(fused(model), singles(40))
    graph = onnx.load_from_string(data).graph
    weights = [numpy_helper.to_array(one) for one in graph.initializer if "whole" in one.name]
    assert len(weights) == 6 * LAYERS
    for weight in weights:
        whole = weight.astype(np.int64)
        pairs = whole[: len(whole) // 2 * 2].reshape(-1, 2, whole.shape[1])
        for sign in (1, -1):
            assert 255 * np.maximum(sign * pairs, 0).sum(1).max() <= 32767


def test_a_graph_without_large_products_stays_as_it_is():
    torch.manual_seed(0)
    network = Classifier("bert")
    network.encoder = transformers.AutoModel.from_config(
        transformers.BertConfig(
            hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            vocab_size=TOKENS,
        )
    )  # fmt: skip
    network.head = torch.nn.Linear(16, 3)
    small = onnx_fp32(network.eval(), "spoon", "")
    assert static_products(small, singles(40)) == small
    assert not has_products(small)


def test_the_forms_of_a_transformer(model):
    few, many = singles(form_writers.LEAST_FEEDS - 1), singles(form_writers.LEAST_FEEDS)
    names = tuple(TRANSFORMER)
    without = token_forms(TokenGraph(model, few), "spoon", "ab" * 32, names, TRANSFORMER)
    made = token_forms(TokenGraph(model, many), "spoon", "ab" * 32, names, TRANSFORMER)
    assert without["onnx-int8"][1] == int8_weights(fused(model))
    assert has_products(made["onnx-int8"][1])
    assert made["onnx-fp32"] == without["onnx-fp32"] == ("fp32.onnx", fused(model))
    assert len(made["onnx-int8"][1]) < 1.1 * len(without["onnx-int8"][1])
    assert golden.tolerances(made) == {"onnx-int8": golden.PRODUCTS_TOLERANCE}
    assert golden.tolerances(without) == {}
