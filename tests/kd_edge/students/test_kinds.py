"""The kinds of student by name."""

from __future__ import annotations

import pytest

from kd_edge.distillation.options import RECIPES
from kd_edge.students import kinds
from kd_edge.students.bag import BagNetwork, BagOptions, BagText, dimensions_for
from kd_edge.students.rnn import RnnNetwork, RnnOptions
from kd_edge.students.tokens import TokenText
from kd_edge.students.transformer import TransformerNetwork, TransformerOptions
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.vocabulary import BagVocabulary
from workshop import SMALL, sentences

TEXTS = sentences(30)


def test_each_kind_has_a_recipe():
    assert set(RECIPES) == set(kinds.KINDS)


def test_few_ngrams_have_longer_vectors_unless_somebody_says():
    assert [dimensions_for(size) for size in (1, 1166, 1167, 1400, 3500, 60_000)] == [
        *(24, 24, 23, 20, 8, 8)
    ]
    words = kinds.learn_text(TEXTS, BagOptions(), None)
    assert kinds.fitted("bag", {}, words) == BagOptions(dimensions=24)
    assert kinds.fitted("bag", {"dimensions": 3}, words) == BagOptions(dimensions=3)
    assert kinds.fitted("bag", {"gram": 0}, words) == BagOptions(dimensions=24, gram=0)
    assert kinds.fitted("rnn", {}, words) == RnnOptions()
    with pytest.raises(InputError, match="has no option size"):
        kinds.fitted("bag", {"size": 1}, words)


def test_options():
    assert kinds.options("bag") == BagOptions()
    assert kinds.options("rnn", {}) == RnnOptions()
    assert kinds.options("bag", {"ngrams": 7}) == BagOptions(ngrams=7)
    assert isinstance(kinds.options("transformer", SMALL["transformer"]), TransformerOptions)
    with pytest.raises(InputError, match="no student 'oracle': choose from bag, rnn, transformer"):
        kinds.options("oracle")
    with pytest.raises(InputError, match="a rnn student has no option dimensions, ngrams"):
        kinds.options("rnn", {"ngrams": 7, "dimensions": 3, "hidden": 4})


@pytest.mark.parametrize(
    ("kind", "text", "stage", "network"),
    [
        ("bag", BagVocabulary, BagText, BagNetwork),
        ("rnn", object, TokenText, RnnNetwork),
        ("transformer", object, TokenText, TransformerNetwork),
    ],
)
def test_a_kind_is_put_together(tiny_model, kind, text, stage, network):
    chosen = kinds.options(kind, SMALL[kind])
    learnt = kinds.learn_text(TEXTS, chosen, tiny_model)
    assert isinstance(learnt, text)
    made_stage, made_network = kinds.assemble(kind, learnt, 4, chosen)
    assert isinstance(made_stage, stage)
    assert isinstance(made_network, network)
    encoded = made_stage.encode(TEXTS[:5])
    assert made_network.eval()(*encoded.batch(range(5))).shape == (5, 4)


def test_what_few_responses_share_is_left_out():
    texts = [*TEXTS, "quokka", "quokka"]
    bag = kinds.learn_text(texts, BagOptions(), None)
    with_more = kinds.learn_text([*texts, "quokka"], BagOptions(), None)
    assert with_more.size > bag.size
    assert "quokka" not in kinds.learn_text(texts, RnnOptions(), None).get_vocab()
    assert "quokka" in kinds.learn_text([*texts, "quokka"], RnnOptions(), None).get_vocab()


def test_a_transformer_shares_its_teachers_tokenizer(tiny_model, tmp_path):
    chosen = kinds.options("transformer", SMALL["transformer"])
    tokenizer = kinds.learn_text(["anything"], chosen, tiny_model)
    assert tokenizer.encode("the ice").tokens == ["[CLS]", "the", "ice", "[SEP]"]
    assert tokenizer.truncation["max_length"] == 40
    assert tokenizer.padding["pad_id"] == 0
    for teacher in (None, tmp_path):
        with pytest.raises(InputError, match="teacher's folder"):
            kinds.learn_text(TEXTS, chosen, teacher)
