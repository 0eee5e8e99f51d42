"""A student's network, cut out of its teacher: every family of encoders, on tiny random ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import transformers

from families import CLASSES, FAMILIES, LAYERS, LONGEST, WIDTH, family_teacher, unlisted_layers
from kd_edge.students.cutting import build_network, cut_network
from kd_edge.students.layers import usual_layers
from kd_edge.students.tokens import TokenText
from kd_edge.students.transformer import TransformerOptions
from kd_edge.teacher.classifier import load_teacher
from kd_edge.teacher.predict import predict
from kd_edge_runtime.errors import InputError
from workshop import sentences

# Every piece of these is in three of them.
TEXTS = sentences(12) * 3


def cut(folder, *how):
    return cut_network(load_teacher(folder), *how)


def _network(made):
    network = build_network(made.config, made.classes)
    network.load_state_dict(made.state)
    return network.eval()


def _logits(made, texts):
    encoded = TokenText(made.tokenizer).encode(texts)
    with torch.inference_mode():
        return _network(made)(*encoded.batch(np.arange(len(texts))))


@pytest.mark.parametrize("classify", [False, True], ids=["encoder", "classifier"])
@pytest.mark.parametrize("name", FAMILIES)
def test_all_layers_of_a_teacher_score_as_it_does(tmp_path, name, classify):
    teacher = family_teacher(tmp_path / "teacher", name, TEXTS, classify=classify)
    made = cut(tmp_path / "teacher", TEXTS, range(LAYERS), 3, 192)
    texts = [*TEXTS[:8], " ".join(TEXTS), "in"]
    expected = predict(teacher, texts, precision="fp32", device="cpu")
    assert np.abs(_logits(made, texts).softmax(-1).numpy() - expected).max() < 1e-4
    assert np.ptp(expected, axis=0).max() > 0.01, "a teacher that always says the same"


@pytest.mark.parametrize("name", FAMILIES)
def test_some_layers(tmp_path, name):
    family_teacher(tmp_path / "teacher", name, TEXTS)
    made = cut(tmp_path / "teacher", TEXTS, (0, 2), 3, 192)
    assert made.layers == (0, 2)
    assert made.longest == LONGEST
    assert json.loads(json.dumps(made.config)) == made.config
    assert not {"_name_or_path", "transformers_version"} & set(made.config)
    two, all_four = (
        sum(weights.numel() for weights in part.state.values())
        for part in (made, cut(tmp_path / "teacher", TEXTS, range(LAYERS), 3, 192))
    )
    assert two < all_four
    assert _logits(made, TEXTS[:5]).shape == (5, len(CLASSES))


def test_the_table_of_positions_is_as_long_as_a_response_may_be(tmp_path):
    family_teacher(tmp_path / "bert", "bert", TEXTS)
    family_teacher(tmp_path / "roberta", "roberta", TEXTS)
    for name, more in (("bert", 0), ("roberta", 2)):
        made = cut(tmp_path / name, TEXTS, (0,), 3, 9)
        assert made.longest == 9
        table = made.state["backbone.embeddings.position_embeddings.weight"]
        assert table.shape == (9 + more, WIDTH)
        assert _logits(made, [" ".join(TEXTS)]).isfinite().all()


def test_the_layers_by_default():
    assert [usual_layers(total) for total in (1, 2, 6)] == [(0,), (0, 1), (0, 5)]


def test_modernbert_keeps_its_first_layer(tmp_path):
    family_teacher(tmp_path / "teacher", "modernbert", TEXTS)
    assert cut(tmp_path / "teacher", TEXTS, None, 3, 192).layers == (0, 3)
    with pytest.raises(InputError, match=r"\(modernbert\): layers 1, 3 do not fit .* layer 0 too"):
        cut(tmp_path / "teacher", TEXTS, (1, 3), 3, 192)


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ((0, 4), "there is no layer 4: the teacher has 4 layers, 0 to 3, and .* to be 0,4"),
        ((-1,), "cannot be -1: name them by their numbers from 0"),
        ((2, 1), "cannot be 2,1: .* in ascending order"),
        ((1, 1), "cannot be 1,1: .* each once"),
        ((), "name them by their numbers"),
        ((0.5,), "cannot be 0.5"),
        (("0",), "name them by their numbers"),
    ],
)
def test_layers_that_the_teacher_does_not_have(tmp_path, layers, why):
    family_teacher(tmp_path / "teacher", "bert", TEXTS)
    with pytest.raises(InputError, match=why):
        cut(tmp_path / "teacher", TEXTS, layers, 3, 192)
    if "there is no" not in why:
        with pytest.raises(InputError, match=why):
            TransformerOptions(layers=layers)


def test_a_number_is_no_list_of_layers():
    with pytest.raises(InputError, match="cannot be 3"):
        TransformerOptions(layers=3)


def test_a_model_whose_layers_share_weights_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(FAMILIES, "albert", unlisted_layers())
    family_teacher(tmp_path / "teacher", "albert", TEXTS)
    with pytest.raises(InputError, match=r"cannot be cut .*\(albert\): .* share weights"):
        cut(tmp_path / "teacher", TEXTS, (0, 1), 3, 192)


def test_a_tokenizer_in_python_is_refused(tmp_path, monkeypatch):
    family_teacher(tmp_path / "teacher", "bert", TEXTS)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *_, **__: object())
    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        cut(tmp_path / "teacher", TEXTS, (0, 1), 3, 192)
