"""Both ways to find the rows of a word find the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.students.sorted_words import Sorted
from kd_edge_runtime.students.word_sums import Indexed

STUDENT = bundles_made.student()
KNOWN = STUDENT.vocabulary
INDEXED, SORTED = Indexed(STUDENT), Sorted(STUDENT)
CODE = st.integers(0, 2**32 - 1)


@given(
    st.one_of(st.sampled_from([*KNOWN.words]), CODE),
    st.lists(st.one_of(st.sampled_from([*KNOWN.grams]), CODE), max_size=8),
)
def test_a_words_own_rows_by_hash(word, grams):
    assert INDEXED.own(word, grams) == SORTED.own(word, grams)


def test_every_known_word_and_gram_is_found():
    for rows in (INDEXED, SORTED):
        assert [rows.own(code, ())[1] for code in KNOWN.words] == [*range(len(KNOWN.words))]
        assert all(rows.own(-1, [code])[0] & 0xFF == 1 for code in KNOWN.grams)
        assert rows.own(-1, [7]) == (0, -1)


def test_the_row_of_every_pair_of_words():
    known = set()
    for second in range(len(KNOWN.words)):
        rows = dict(INDEXED.before.get(second, ()))
        for first in range(len(KNOWN.words)):
            expected = int.from_bytes(rows.get(first, b""), "little")
            assert SORTED.pair(first, second) == expected
            assert not expected or first in INDEXED.firsts
            known |= {first << 16 | second} if expected else set()
    assert known == {*KNOWN.pairs}


def test_a_row_counts_itself_and_adds_128_to_each_number():
    row, place = SORTED.own(KNOWN.words[3], ())
    assert place == 3
    numbers = STUDENT.weights.table[3 * 8 : 4 * 8]
    lanes = [row >> 32 * lane & 0xFFFFFFFF for lane in range(9)]
    assert lanes == [1, *((byte + 128) & 0xFF for byte in numbers)]
