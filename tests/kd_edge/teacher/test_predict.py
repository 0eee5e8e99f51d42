"""Scoring with a teacher."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kd_edge.teacher import classifier, predict
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.finetune import TeacherOptions, finetune
from kd_edge_runtime.errors import InputError
from tiny import tiny_item, tiny_teacher

ITEM = tiny_item()
TEXTS = [row.text for row in ITEM.rows]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    options = TeacherOptions(
        model=str(tiny_teacher(folder / "model")), epochs=1, precision="fp32", device="cpu"
    )
    return finetune(ITEM, ITEM.rows, options, folder / "teacher").folder


def test_each_text_gets_its_own_probabilities(teacher):
    found = predict.predict(teacher, TEXTS, precision="fp32")
    assert found.shape == (60, 3)
    assert found.dtype == np.float32
    assert np.abs(found.sum(1) - 1).max() < 1e-6
    assert (found > 0).all()
    model = load_teacher(teacher)
    one_by_one = np.concatenate(
        [predict.predict(model, [text], precision="fp32") for text in TEXTS]
    )
    assert np.allclose(found, one_by_one, atol=1e-6)
    assert len(np.unique(found[:, 0].round(7))) > 30


def test_chunks_and_batches_change_nothing(teacher, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(predict, "_BATCH", 7)
        whole = predict.predict(teacher, TEXTS, precision="fp32")
    seen = []
    original = classifier.encode

    def encode(tokenizer, texts, max_length):
        seen.append(len(texts))
        return original(tokenizer, texts, max_length)

    monkeypatch.setattr(classifier, "encode", encode)
    monkeypatch.setattr(predict, "_CHUNK", 25)
    assert np.allclose(predict.predict(teacher, TEXTS, precision="fp32"), whole, atol=1e-6)
    assert seen == [25, 25, 10]


def test_dropout_is_off_and_gradients_too(teacher):
    model = load_teacher(teacher).train()
    first = predict.predict(model, TEXTS, precision="fp32")
    model.train()
    assert np.array_equal(predict.predict(model, TEXTS, precision="fp32"), first)


def test_bf16_is_close(teacher):
    exact = predict.predict(teacher, TEXTS, precision="fp32")
    fast = predict.predict(teacher, TEXTS, precision="bf16")
    assert np.abs(exact - fast).max() < 0.05
    assert not np.array_equal(exact, fast)
    assert np.abs(fast.sum(1) - 1).max() < 1e-6


def test_no_texts_and_empty_texts(teacher):
    assert predict.predict(teacher, []).shape == (0, 3)
    found = predict.predict(teacher, ["", "  ", "ice"], precision="fp32")
    assert np.isfinite(found).all()
    assert np.allclose(found[0], found[1])


def test_a_tokenizer_without_marks_still_scores_an_empty_text(teacher):
    model = load_teacher(teacher)
    model.tokenizer = lambda texts, **_: {"input_ids": [[] for _ in texts]}
    model.tokenizer.model_max_length = 64
    model.tokenizer.pad_token_id = None
    found = predict.predict(model, ["", ""], precision="fp32")
    assert np.isfinite(found).all()


def test_progress_is_shown_when_named(teacher, capsys):
    predict.predict(teacher, TEXTS)
    assert capsys.readouterr() == ("", "")
    predict.predict(teacher, TEXTS, progress="scoring")
    out, err = capsys.readouterr()
    assert (out, "scoring: 60/60" in err) == ("", True)


def test_an_unfinished_folder_is_no_teacher(tmp_path):
    with pytest.raises(InputError, match="not a teacher"):
        predict.predict(tmp_path, TEXTS)


def test_an_untrained_model_can_be_given(tmp_path):
    model = classifier.build(tiny_teacher(tmp_path), ("a", "b"), 32, seed=0)
    found = predict.predict(model, TEXTS[:3], precision="fp32")
    assert found.shape == (3, 2)
    assert not any(parameter.grad is not None for parameter in model.parameters())
    assert torch.is_grad_enabled()
