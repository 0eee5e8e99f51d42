"""A reference answer and the response as the segments that a teacher reads."""

from __future__ import annotations

import pytest
import torch

from kd_edge.teacher import classifier
from kd_edge.teacher.batches import pad
from kd_edge.teacher.card import TeacherCard
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.pair_text import encode_parts, join_parts, reads_parts
from kd_edge_runtime.errors import InputError

CLASSES = ("0", "1", "2")
CLS, SEP = "[CLS]", "[SEP]"


@pytest.fixture(scope="module")
def model(tiny_model):
    made = classifier.build(tiny_model, CLASSES, 40, seed=1)
    made.pairs = True
    return made.eval()


def _words(model, text, most=40):
    (ids,) = encode_parts(model.tokenizer, [text], most)
    return model.tokenizer.convert_ids_to_tokens(ids)


def test_two_segments(model):
    assert reads_parts(model.tokenizer)
    text = join_parts("the cup", "a lamp")
    assert _words(model, text) == [CLS, "the", "cup", SEP, "a", "lamp", SEP]
    assert model.encode([text]) == encode_parts(model.tokenizer, [text], 40)
    assert _words(model, join_parts("the cup", "")) == [CLS, "the", "cup", SEP, SEP]


def test_only_a_response_may_have_what_separates_them(model):
    text = join_parts("the [SEP] cup", "a [SEP] lamp")
    assert _words(model, text) == [CLS, "the", "cup", SEP, "a", SEP, "lamp", SEP]


def test_a_response_alone_is_refused(model):
    with pytest.raises(InputError, match="1 of 2 texts have none"):
        model.encode([join_parts("the cup", "a lamp"), "a lamp"])
    model.pairs = False
    try:
        assert model.encode(["a lamp"])
    finally:
        model.pairs = True


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (9, [CLS, "the", "cup", "of", SEP, "a", "red", "lamp", SEP]),
        (7, [CLS, "the", SEP, "a", "red", "lamp", SEP]),
        (5, [CLS, SEP, "a", "red", SEP]),
    ],
)
def test_the_response_is_cut_last(model, most, kept):
    assert _words(model, join_parts("the cup of", "a red lamp"), most) == kept


def test_the_network_tells_the_response_from_the_rest(model):
    ids = model.encode([join_parts("the cup", "a lamp"), join_parts("cup", "a")])
    tokens, mask = pad(ids, [0, 1], 0, torch.device("cpu"))
    types = model._types(tokens)["token_type_ids"]
    assert types[0].tolist() == [0] * 4 + [1] * 3
    assert types[1, : len(ids[1])].tolist() == [0] * 3 + [1] * 2
    with torch.no_grad():
        model.pairs = False
        plain = model(tokens, mask)
        model.pairs = True
        assert not torch.equal(model(tokens, mask), plain)


def test_a_folder_says_that_it_reads_them(model, tmp_path):
    card = TeacherCard(
        classes=CLASSES,
        numeric=True,
        max_length=32,
        base="tiny",
        base_revision=None,
        base_sha256="ab",
        options={"seed": 0, "pairs": True},
        validation_ids=("r1",),
        best_epoch=1,
        history=(),
    )
    classifier.save(model, card, tmp_path)
    assert classifier.load_teacher(tmp_path).pairs


def test_options_of_many_questions():
    plain, pairs = TeacherOptions(), TeacherOptions().for_pairs()
    assert (pairs.patience, pairs.label_smoothing) == (3, 0)
    assert "label_smoothing" not in pairs.as_input(), "such teachers stay valid"
    assert "pairs" not in plain.as_input()
    assert pairs.as_input()["pairs"]
    assert pairs.learning_rate > plain.learning_rate
    assert pairs.epochs_for(3000) > plain.epochs_for(3000)
    assert TeacherOptions(learning_rate=5e-5).for_pairs().learning_rate == 5e-5
