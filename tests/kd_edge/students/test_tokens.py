"""The text stage of the students that read tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tokenizers import Tokenizer

from kd_edge.distillation.outliers import outlier_limits
from kd_edge.students import registry
from kd_edge.students.tokens import PAD, UNKNOWN, TokenText, ready, word_tokenizer
from kd_edge_runtime.text import NEW_RULES
from workshop import sentences

TEXTS = ["Warm air, warm ice", "warm AIR", "the wärm ice", "rare"]


def test_words_that_enough_responses_share():
    found = word_tokenizer(TEXTS, size=50, min_responses=2, longest=9)
    assert found.get_vocab() == {PAD: 0, UNKNOWN: 1, "warm": 2, "air": 3, "ice": 4}
    assert found.encode("Warm rare ice!").ids == [2, 1, 4, 1]
    one = word_tokenizer(TEXTS, size=50, min_responses=1, longest=9)
    assert {"rare", "the", ","} <= set(one.get_vocab())


def test_the_commonest_are_chosen():
    found = word_tokenizer(TEXTS, size=1, min_responses=1, longest=9)
    assert found.get_vocab() == {PAD: 0, UNKNOWN: 1, "warm": 2}


def test_special_names_in_a_response_take_no_place():
    found = word_tokenizer(["[PAD] [UNK] ice"] * 3, size=50, min_responses=1, longest=9)
    assert found.get_vocab()[PAD] == 0
    assert found.get_vocab()[UNKNOWN] == 1
    assert sorted(found.get_vocab().values()) == list(range(found.get_vocab_size()))


def test_encoding():
    stage = TokenText(word_tokenizer(TEXTS, size=50, min_responses=2, longest=4))
    encoded = stage.encode(["warm", "", "ice warm air ice warm warm", "air ice"])
    assert (len(encoded), encoded.padded) == (4, True)
    assert encoded.lengths.tolist() == [1, 0, 4, 2], "cut after four words"
    ids, mask = encoded.batch(np.array([2, 1, 3]))
    assert ids.tolist() == [[4, 2, 3, 4], [0, 0, 0, 0], [3, 4, 0, 0]]
    assert mask.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]]
    ids, mask = encoded.batch(np.array([1]))
    assert (ids.tolist(), mask.tolist()) == ([[0]], [[0]]), "a graph needs a width"


def test_many_texts_are_encoded_as_few_are():
    texts = sentences(2345)
    stage = TokenText(word_tokenizer(texts, size=50, min_responses=2, longest=30))
    lengths = stage.encode(texts).lengths
    assert len(lengths) == 2345
    assert lengths.tolist() == [len(stage.encode([text]).batch(np.array([0]))[0][0])
                                for text in texts]  # fmt: skip
    assert stage.encode([]).lengths.shape == (0,)


def test_encoding_leaves_the_tokenizer_as_devices_need_it():
    tokenizer = word_tokenizer(TEXTS, size=50, min_responses=2, longest=4)
    before = tokenizer.to_str()
    stage = TokenText(tokenizer)
    stage.encode(TEXTS)
    assert stage.tokenizer.to_str() == before
    kept = Tokenizer.from_str(stage.tokenizer.to_str())
    assert kept.padding["pad_id"] == 0
    assert kept.truncation["max_length"] == 4


@pytest.mark.parametrize(("pad_id", "token"), [(1, UNKNOWN), (99, PAD)])
def test_ready(pad_id, token):
    tokenizer = word_tokenizer(TEXTS, size=50, min_responses=2, longest=4)
    tokenizer.enable_padding(length=128)  # as a published tokenizer may
    ready(tokenizer, pad_id, 3)
    assert (tokenizer.padding["pad_id"], tokenizer.padding["pad_token"]) == (pad_id, token)
    assert tokenizer.padding["length"] is None
    assert tokenizer.truncation["max_length"] == 3


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_flags_count_words_by_the_rules_that_a_student_was_made_with(
    kind, small_students, tmp_path
):
    student, own = small_students[kind], registry.get(kind)
    assert own.text_rules(student) == NEW_RULES == 2
    description = own.save_text(student.text, tmp_path)
    kept = own.load_text(tmp_path, description, student.options)
    assert own.text_member(replace(student, text=kept))[0]["rules"] == 2
    # What was saved before there was a choice has its limits by rules 1.
    assert own.load_text(tmp_path, {}, student.options).rules == 1
    assert outlier_limits(["x = -5 and so on"] * 30, student).longest == 9
    old = replace(student, text=own.load_text(tmp_path, {}, student.options))
    assert outlier_limits(["x = -5 and so on"] * 30, old).longest == 8
