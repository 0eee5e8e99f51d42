"""The plain backend, against a slow second writing of the format."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
import naive
from kd_edge_export.quantize import quantize
from kd_edge_runtime.backends import plain
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.students import word_cache, word_sums
from kd_edge_runtime.students.bag import BagStudent
from kd_edge_runtime.text.vocabulary import BagVocabulary, code_array

POOL = [word for sentence in bundles_made.SENTENCES for word in sentence.split()]


def response(length, seed=0):
    return " ".join(random.Random(seed).choices([*POOL, "unknown", "50%"], k=length))


def close(model, student, text, within=1e-12):
    (found,) = model.probabilities([text])
    assert found == pytest.approx(naive.probabilities(student, text), abs=within)
    assert sum(found) == pytest.approx(1, abs=1e-12)


TEXT = st.lists(st.one_of(st.sampled_from(POOL), st.text(max_size=8)), max_size=30).map(" ".join)


@given(TEXT, st.sampled_from([0, 1, 4]), st.integers(2, 5), st.integers(0, 3))
def test_it_computes_what_the_format_says(text, gram, classes, seed):
    student = bundles_made.student(classes, seed, gram)
    close(PlainModel(student), student, text)


def test_no_text_is_the_bias_alone():
    student = bundles_made.student()
    model = PlainModel(student)
    for text in ("", " \n", "?!", "\ud800", "zq"):
        close(model, student, text)
    assert model.probabilities([]) == []
    assert len(set(model.probabilities(["", "?!", "zq"]))) == 1


def test_the_same_in_any_batch_and_again():
    model = PlainModel(bundles_made.student())
    texts = [response(length, length) for length in (0, 1, 5, 60)]
    alone = [model.probabilities([text])[0] for text in texts]
    assert model.probabilities(texts) == alone
    assert model.probabilities(texts[::-1]) == alone[::-1]


def test_a_response_longer_than_the_lanes_hold():
    student = bundles_made.student()
    words = naive.words(response(250_000))
    assert len(words) > 2 * plain._AT_ONCE
    # Each pair of neighbours once, as a text of its own, less the words they share: too many
    # words for the second writing to look through at once.
    rows = {}
    for pair in {*zip(words, words[1:], strict=False)}:
        both = naive.rows(student.vocabulary, " ".join(pair))
        rows[pair] = sum_of(student, both)
    single = {word: sum_of(student, naive.rows(student.vocabulary, word)) for word in {*words}}
    wanted = [0] * 9
    for pair in zip(words, words[1:], strict=False):
        wanted = [one + more for one, more in zip(wanted, rows[pair], strict=True)]
    for word in words[1:-1]:
        wanted = [one - less for one, less in zip(wanted, single[word], strict=True)]
    number, *sums = PlainModel(student)._long_lanes(words)
    assert [number, *(one - 128 * number for one in sums)] == wanted


def sum_of(student, rows):
    """How many rows there are, and the sum of each of their dimensions."""
    total = [len(rows), *[0] * 8]
    for row in rows:
        for d, byte in enumerate(student.weights.table[row * 8 : row * 8 + 8], 1):
            total[d] += byte - 256 if byte > 127 else byte
    return total


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 100])
def test_the_seam_between_lanes(monkeypatch, at_once):
    student = bundles_made.student()
    texts = [response(length, length) for length in range(25)]
    whole = [PlainModel(student).probabilities([text])[0] for text in texts]
    monkeypatch.setattr(plain, "_AT_ONCE", at_once)
    assert [PlainModel(student).probabilities([text])[0] for text in texts] == whole


@pytest.mark.parametrize("byte", [0x80, 0x81, 0x7F, 0xFF, 0x00])
def test_lanes_never_borrow(byte):
    made = bundles_made.student()
    weights = replace(made.weights, table=bytes([byte, 0x7F, 0x80, 0, 1, 0xFF, byte, byte]) * 60)
    student = replace(made, weights=weights)
    close(PlainModel(student), student, response(300))


def test_a_word_of_100000_letters():
    student = bundles_made.student()
    model = PlainModel(student)
    for text in ("a" * 100_000, "the " + "warm" * 25_000 + " water", "the" + "é" * 100_000):
        close(model, student, text)
        close(model, student, text)
    (granted,) = model._caches._granted.values()
    assert granted > 200_000  # so that few of them fill it


def test_memory_of_words_is_bounded(monkeypatch):
    student = bundles_made.student()
    monkeypatch.setattr(word_cache, "LIMIT", 12 * word_sums.WORD)
    monkeypatch.setattr(word_cache, "_GRANT", word_sums.WORD)
    model = PlainModel(student)
    for text in (response(40), response(40, 1), "the ice", response(40)):
        close(model, student, text)
        here = len(set(naive.words(text)))
        assert len(model._cache.words.met) <= 12 + here
        assert max(map(len, model._cache.words._after.values())) <= 12 + here


def test_memory_is_bounded_within_a_response(monkeypatch):
    student = bundles_made.student()
    text = response(60)
    monkeypatch.setattr(plain, "_AT_ONCE", 5)
    monkeypatch.setattr(word_cache, "LIMIT", 1)
    model = PlainModel(student)
    close(model, student, text)
    assert len(model._cache.words.met) <= 7


@pytest.mark.usefixtures("same_hashes")
@given(st.lists(st.sampled_from(["the", "ice", "warm", "thex", "icex", "zq"]), max_size=20))
def test_words_with_the_same_hash_are_one_word(found):
    """Two words of one hash make the same pairs, whichever is met first."""
    student, text = bundles_made.student(gram=0), " ".join(found)
    (one,) = PlainModel(student).probabilities([text])
    (other,) = PlainModel(student).probabilities([text.replace("x", "")])
    assert one == other


@pytest.fixture(scope="module")
def same_hashes():
    with pytest.MonkeyPatch.context() as patch:
        hashed = word_sums.hash_word
        patch.setattr(word_sums, "hash_word", lambda word: hashed(word.replace("x", "")))
        yield


def test_what_it_reads_on_the_way():
    student = bundles_made.student()
    texts = [response(30), "", "?!", "The ICE: 50%"]
    read = [*PlainModel(student).read(texts)]
    assert [words for words, _, _ in read] == [naive.words(text) for text in texts]
    assert [known for _, known, _ in read] == [
        len(naive.rows(student.vocabulary, text)) for text in texts
    ]
    assert [one for _, _, one in read] == PlainModel(student).probabilities(texts)


@pytest.mark.parametrize("dimensions", [1, 2, 5, 9, 16])
@pytest.mark.parametrize("classes", [2, 3, 4, 5, 7])
def test_any_size(dimensions, classes):
    known = bundles_made.vocabulary()
    arrays = bundles_made.arrays(known.size, classes, 3, dimensions)
    student = BagStudent(known, quantize(arrays))
    model = PlainModel(student)
    for length in (0, 1, 50):
        close(model, student, response(length, length))


def test_a_vocabulary_of_one_kind_only():
    made = bundles_made.student()
    known = made.vocabulary
    for vocabulary in (
        BagVocabulary(0, known.words, code_array(), code_array()),
        BagVocabulary(4, code_array(), known.grams, code_array()),
        BagVocabulary(0, known.words, code_array(), known.pairs),
        BagVocabulary(4, code_array(), code_array(), code_array()),
    ):
        table = made.weights.table[: 8 * vocabulary.size]
        student = replace(made, vocabulary=vocabulary, weights=replace(made.weights, table=table))
        close(PlainModel(student), student, response(50))


def test_large_numbers_do_not_overflow():
    made = bundles_made.student()
    weights = replace(made.weights, head_bias=(1e30, 1e30, -1e30, 0.0))
    (found,) = PlainModel(replace(made, weights=weights)).probabilities(["the water"])
    assert found == pytest.approx((0.5, 0.5, 0.0, 0.0), abs=1e-9)
