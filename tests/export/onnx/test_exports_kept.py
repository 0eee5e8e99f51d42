"""The tests' exporter answers from its folder for the same network alone."""

from __future__ import annotations

from types import SimpleNamespace

import onnx
import pytest
import torch
from torch import nn

from exports_kept import keeping, key


def network(seed=0, heads=2, activation="relu"):
    torch.manual_seed(seed)
    return nn.TransformerEncoderLayer(8, heads, 8, activation=activation).eval()


def changed(place):
    found = network()
    found.linear1.weight.data[place] += 1e-6
    return found


EXAMPLE = (torch.ones((2, 7), dtype=torch.int64),)


@pytest.mark.parametrize(
    "other",
    [network(1), network(heads=4), network(activation="gelu"), network().train(), changed((3, 2))],
)
def test_any_difference_is_another_network(other):
    assert key(network(), EXAMPLE) == key(network(), EXAMPLE)
    assert key(other, EXAMPLE) != key(network(), EXAMPLE)
    assert key(network(), EXAMPLE, {"opset": 18}) != key(network(), EXAMPLE, {"opset": 17})


def test_the_same_is_exported_once(tmp_path):
    asked = []

    def export(module, example, **options):
        asked.append((module, example, options))
        graph = onnx.helper.make_graph([], f"number {len(asked)}", [], [])
        return SimpleNamespace(model_proto=onnx.helper.make_model(graph))

    kept = keeping(export, tmp_path)
    names = [
        kept(one, EXAMPLE, opset_version=18).model_proto.graph.name
        for one in (network(), network(1), network())
    ]
    assert names == ["number 1", "number 2", "number 1"]
    # What cannot be described is exported each time.
    odd = network()
    odd.own = lambda: None
    assert [kept(odd, EXAMPLE).model_proto.graph.name for _ in range(2)] == ["number 3", "number 4"]
