from __future__ import annotations

import re
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_pairs
from format_doc import section, tables
from kd_edge_export.relation import make_relation, relation_bytes
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.relation import _NEGATIONS, NUMBERS, RELATION_RULES, Relation
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import hash_gram, hash_word
from relations import QUESTION, REFERENCES, relation, texts

references = st.lists(texts, min_size=1, max_size=4).filter(lambda some: any(map(words, some)))


def weight(word):
    return 1 + hash_word(word) % 5000


def named(response, **more):
    return dict(zip(NUMBERS, relation(**more).numbers(words(response)), strict=True))


@settings(max_examples=150, deadline=None)
@given(texts, texts, references)
def test_the_numbers_are_those_of_the_format(response, question, told):
    expected = naive_pairs.numbers(response, question, told, weight)
    found = relation(question, told).numbers(words(response))
    assert list(expected) == list(NUMBERS)
    assert found == pytest.approx(list(expected.values()), abs=1e-12)
    assert all(0 <= number <= 1 for number in found)


@settings(max_examples=60, deadline=None)
@given(texts, references)
def test_the_bytes_are_those_of_the_format(question, told):
    made = relation(question, told)
    data = relation_bytes(made)
    assert data == naive_pairs.member(question, told, weight, hash_word, hash_gram)
    assert Relation.from_bytes(data) == made


def test_the_format_names_what_there_is():
    part = section(12)
    names = [row[0] for table in tables(part) for row in table if row[0] in NUMBERS]
    assert names == list(NUMBERS)
    told = part.partition("Negations are the words")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", told)) == naive_pairs.NEGATIONS
    assert {hash_word(word) for word in naive_pairs.NEGATIONS} == _NEGATIONS
    assert f"**Relation rules {RELATION_RULES}.**" in part
    assert f"F = {len(NUMBERS)} numbers" in part


def test_a_reference_given_back_word_for_word():
    found = named(REFERENCES[1])
    whole = ("recall", "new recall", "precision", "pairs", "grams")
    assert [found[name] for name in whole] == [1.0] * 5
    assert found["negation added"] == found["negation missing"] == 0
    assert found["length"] == 0.5


def test_an_empty_response():
    found = named("")
    assert set(found.values()) == {0.0}


def test_negations_on_either_side():
    told = ("the path is closed",)
    assert named("the path isn't closed", told=told)["negation added"] == 1
    assert named("the path is closed", told=("the path is not open",))["negation missing"] == 1


def test_spelling_is_forgiven_by_runs_of_letters():
    assert named("closd pathh")["grams"] > 0
    assert named("closd pathh")["recall"] == 0


def test_the_nearest_reference_counts():
    both = relation()
    assert both.nearest({hash_word("gap"), hash_word("no")}) == both.references[1]
    assert both.nearest({hash_word("closed"), hash_word("bulb")}) == both.references[0]
    assert both.nearest(set()) == both.references[0]


def test_of_references_recalled_alike_the_one_with_more_words_in_common():
    made = make_relation("", ["sun moon", "rock sand dust clay"], lambda _: 1)
    assert made is not None
    assert made.nearest({*map(hash_word, ("sun", "rock", "sand"))}) == made.references[1]


def test_no_reference_with_a_word():
    assert make_relation(QUESTION, ["", " ?! "], lambda _: 1) is None


GOOD = relation_bytes(relation())


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=8))
def test_damaged_bytes_are_refused_or_read(at, put):
    data = GOOD[:at] + put + GOOD[at + len(put) :]
    try:
        found = Relation.from_bytes(data)
    except BundleError:
        return
    assert all(number >= 0 for number in found.numbers(words(QUESTION)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:-1],
        GOOD[:-4],
        GOOD + bytes(4),
        bytes(4) + b"\1\0\0\0" + bytes(4) + bytes(4),  # no reference
        bytes(4) + b"\1\0\0\0\1\0\0\0" + bytes(8) + bytes(4),  # a reference without a word
        struct.pack("<10I", 0, 1, 2, 1, 7, 0, 0, 0, 1, 5),  # one of two without a word
        b"\xff\xff\xff\xff",
        bytes(4) + b"\1\0\0\0\xff\xff\xff\xff",
    ],
)
def test_what_is_no_question(data):
    with pytest.raises(BundleError, match="does not contain a valid question"):
        Relation.from_bytes(data)


def test_a_weight_of_nothing():
    with pytest.raises(BundleError):
        Relation.from_bytes(GOOD[:-4] + bytes(4))
