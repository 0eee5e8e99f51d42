"""Scoring with a teacher in ONNX Runtime."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from kd_edge.teacher import classifier, compute, predict_onnx
from kd_edge.teacher.predict import predict
from tiny import tiny_item, tiny_teacher

TEXTS = [row.text for row in tiny_item().rows]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return classifier.build(tiny_teacher(tmp_path_factory.mktemp("m")), ("a", "b", "c"), 32, seed=0)


@pytest.fixture(autouse=True)
def _without_bf16(monkeypatch, tmp_path):
    monkeypatch.setattr(compute, "_CPUINFO", tmp_path / "none")
    monkeypatch.setattr(predict_onnx, "choose_device", lambda _: compute.torch.device("cpu"))
    monkeypatch.setattr(predict_onnx, "MANY", 10)


def _is_onnx(found):
    return found.__name__ == "predict_rows"


def test_the_same_scores_as_pytorch(model):
    found = predict_onnx.fastest(model, TEXTS, "auto")
    assert _is_onnx(found)
    texts = [*TEXTS, "", "ice " * 100]
    expected = predict(model, texts, precision="fp32", device="cpu")
    scored = found(texts)
    assert scored.dtype == np.float32
    assert np.abs(scored - expected).max() < 1e-5
    assert np.array_equal(scored, found(texts))
    assert found([]).shape == (0, 3)


@pytest.mark.parametrize("why", ["few", "asked", "bf16"])
def test_pytorch_scores_where_the_other_is_no_gain_or_not_asked_for(model, monkeypatch, why):
    if why == "bf16":
        monkeypatch.setattr(predict_onnx, "choose_precision", lambda *_: "bf16")
    texts = TEXTS[:9] if why == "few" else TEXTS
    found = predict_onnx.fastest(model, texts, "fp32" if why == "asked" else "auto")
    assert not _is_onnx(found)
    assert found(TEXTS).shape == (60, 3)


@pytest.mark.parametrize("why", ["differs", "missing"])
def test_pytorch_scores_where_the_other_differs_or_fails(model, monkeypatch, capsys, why):
    if why == "differs":
        monkeypatch.setattr(predict_onnx, "_GREATEST", -1.0)
    else:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = predict_onnx.fastest(model, TEXTS, "auto")
    assert not _is_onnx(found)
    said = "scores differ" if why == "differs" else "cannot run this model (ModuleNotFoundError)"
    assert said in capsys.readouterr().err
