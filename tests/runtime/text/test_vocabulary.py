"""The vocabulary: hashes for ever the same, bytes there and back, damage refused."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text.vocabulary import (
    MAX_WORD,
    MAX_WORDS,
    BagVocabulary,
    GramHashes,
    code_array,
    grams,
    hash_gram,
    hash_word,
)


def test_hashes_never_change():
    # Pinned: a bundle on a device holds these numbers.
    assert hash_word("cat") == 0xB6B3DD83
    assert hash_gram("cat") == 0xE6AA8A1C
    assert hash_word("größe") == 0x05083117
    assert hash_word("日") == 0xE27FA091
    assert hash_word("") == 0x1C630B12
    assert hash_gram("<the") == 0x94C9AFAD


def test_a_long_word_is_hashed_by_its_beginning():
    assert MAX_WORD == 40
    assert hash_word("a" * 40) == hash_word("a" * 40 + "b") != hash_word("a" * 39)
    assert hash_word("日" * 41) == zlib.crc32(b"w" + "日".encode() * 40)


def test_grams():
    assert list(grams("cat", 4)) == ["<cat", "cat>"]
    assert list(grams("cat", 5)) == ["<cat>"]
    assert list(grams("cat", 6)) == []
    assert list(grams("cat", 0)) == []
    assert list(grams("at", 1)) == ["<", "a", "t", ">"]
    long = list(grams("x" * 100_000, 4))
    assert (len(long), long[0], long[-1]) == (39, "<xxx", "xxx>")


@given(st.text(max_size=60), st.integers(1, 8))
def test_grams_are_every_run_of_the_marked_word(word, length):
    marked = "<" + word[:40] + ">"
    found = list(grams(word, length))
    assert all(len(run) == length and run in marked for run in found)
    assert len(found) == max(len(marked) - length + 1, 0)


codes = st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=30).map(sorted)


@st.composite
def vocabularies(draw):
    known = draw(codes)
    place = st.integers(0, max(len(known) - 1, 0))
    pair = st.builds(lambda first, second: first << 16 | second, place, place)
    pairs = draw(st.lists(pair, unique=True, max_size=20).map(sorted)) if known else []
    return BagVocabulary(
        draw(st.integers(0, 9)), code_array(known), code_array(draw(codes)), code_array(pairs)
    )


@given(vocabularies())
def test_there_and_back(vocabulary):
    data = vocabulary.to_bytes()
    assert len(data) == 4 * vocabulary.size == 4 * sum(vocabulary.sizes)
    assert BagVocabulary.from_bytes(data, vocabulary.gram, vocabulary.sizes) == vocabulary


def test_the_bytes_are_little_endian_words_then_grams_then_pairs():
    vocabulary = BagVocabulary(4, code_array([1, 2]), code_array([0xA0B0C0D0]), code_array([65536]))
    assert vocabulary.to_bytes() == struct.pack("<4I", 1, 2, 0xA0B0C0D0, 65536)
    assert vocabulary.word_rows() == {1: 0, 2: 1}
    assert vocabulary.gram_rows() == {0xA0B0C0D0: 2}
    assert vocabulary.pairs_start == 3
    assert (vocabulary.size, vocabulary.sizes) == (4, [2, 1, 1])


def numbers(*values):
    return struct.pack(f"<{len(values)}I", *values)


@pytest.mark.parametrize(
    ("data", "sizes", "why"),
    [
        (numbers(1, 2), [1, 0, 0], "size"),
        (numbers(1, 2), [2, 1, 0], "size"),
        (numbers(1, 2)[:-1], [2, 0, 0], "size"),
        (numbers(1, 2), [2, 0], "size"),
        (numbers(1, 2), [2, 0, 0, 0], "size"),
        (numbers(1, 2), [3, -1, 0], "size"),
        (numbers(1), [], "size"),
        (numbers(2, 1), [2, 0, 0], "sorted"),
        (numbers(1, 1), [2, 0, 0], "sorted"),
        (numbers(1, 3, 2), [1, 2, 0], "sorted"),
        (numbers(1, 2, 1, 1), [2, 0, 2], "sorted"),
        (numbers(1, 2, 1), [2, 1, 0], None),
        (numbers(1, 2, 2), [2, 0, 1], "a word that is not there"),
        (numbers(1, 2, 2 << 16), [2, 0, 1], "a word that is not there"),
        (numbers(1, 2, 1 << 16 | 1), [2, 0, 1], None),
        (numbers(0), [0, 0, 1], "a word that is not there"),
        (numbers(*range(MAX_WORDS + 1)), [MAX_WORDS + 1, 0, 0], "more than 65536 words"),
        (numbers(*range(MAX_WORDS)), [MAX_WORDS, 0, 0], None),
        (b"", [0, 0, 0], None),
    ],
)
def test_damage_is_refused(data, sizes, why):
    if why is None:
        assert BagVocabulary.from_bytes(data, 4, sizes).sizes == sizes
        return
    with pytest.raises(BundleError, match=why):
        BagVocabulary.from_bytes(data, 4, sizes)


@given(st.binary(max_size=64), st.lists(st.integers(-3, 20), max_size=4))
def test_any_bytes_are_read_or_refused(data, sizes):
    try:
        vocabulary = BagVocabulary.from_bytes(data, 4, sizes)
    except BundleError:
        return
    assert vocabulary.to_bytes() == data


def test_the_made_vocabulary_has_all_kinds():
    assert bundles_made.vocabulary().sizes == [24, 24, 12]


@given(st.text(max_size=50), st.integers(0, 9))
@example("é" * 41, 4)
@example("a" * 41, 4)
@example("a", 9)
def test_the_hashes_of_all_runs_at_once(word, length):
    assert [*GramHashes(length)(word)] == [*map(hash_gram, grams(word, length))]
