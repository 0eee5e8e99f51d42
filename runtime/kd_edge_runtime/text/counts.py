"""A batch of responses as n-gram counts, with numpy: what training, numpy and ONNX Runtime see.

The same n-grams as the plain backend adds up one by one (`backends/plain.py`); the tests
hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kd_edge_runtime.text.vocabulary import BagVocabulary, GramHashes, hash_word

if TYPE_CHECKING:
    import numpy.typing as npt

    # Indices: 32 bits where the processor has 32, where numpy takes no others.
    _Numbers = npt.NDArray[np.intp]

_UNKNOWN = -1

# Words up to which loops in Python are quicker than numpy's calls.
_FEW = 300

# The bytes of words that are remembered where nobody grants room for them.
_UNGRANTED = 30_000_000

# The estimated size in bytes of a remembered word, besides its letters and the rows of its n-grams.
_WORD = 300


@dataclass(frozen=True)
class Counts:
    """The n-grams of N responses, as rows of the student's table.

    Attributes:
        rows: every n-gram of every response, response by response; int32 [total].
        starts: where each response begins in `rows`, and the end; intp [N + 1].
    """

    rows: npt.NDArray[np.int32]
    starts: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def scale(self) -> npt.NDArray[np.float32]:
        """What each response's counts are multiplied by: 1 / sqrt(its n-grams); float32 [N]."""
        return (1.0 / np.sqrt(np.maximum(np.diff(self.starts), 1))).astype(np.float32)

    def take(self, index: npt.NDArray[np.intp]) -> Counts:
        """The responses at `index`, in that order."""
        lengths = np.diff(self.starts)
        rows = self.rows[_runs(self.starts[:-1], lengths, index)]
        return Counts(rows, np.concatenate(([0], np.cumsum(lengths[index]))))

    def dense(self, size: int) -> npt.NDArray[np.float32]:
        """Weighted counts for the exported graphs.

        Args:
            size: rows of the student's table, V.

        Returns:
            float32 [N, V]: how often each n-gram stands in each response, times `scale`.
        """
        number = len(self)
        response = np.repeat(np.arange(number), np.diff(self.starts))
        flat = np.bincount(response * size + self.rows, minlength=number * size)
        return flat.reshape(number, size).astype(np.float32) * self.scale()[:, None]


class Kept:
    """Words that a counter has met, each with a number by which the lists are indexed.

    Attributes:
        room: the bytes granted that are still free; below 0 if more were used.
        full: whether words are forgotten once the texts that they stand in are counted.
    """

    def __init__(self) -> None:
        self.number: dict[str, int] = {}
        self.place: list[int] = []  # its place among the known words, or _UNKNOWN
        self.own: list[list[int]] = []  # the rows of its own n-grams
        self.room = 0
        self.full = False

    def add(self, word: str, place: int, own: list[int]) -> int:
        """Keeps a new word; its number."""
        number = self.number[word] = len(self.place)
        self.place.append(place)
        self.own.append(own)
        self.room -= _WORD + len(word) + 8 * len(own)
        return number

    def cut(self, number: int) -> None:
        """Forgets the words from a number on."""
        while len(self.number) > number:
            word, _ = self.number.popitem()
            self.room += _WORD + len(word) + 8 * len(self.own.pop())
            self.place.pop()


class Counter:
    """Counts the n-grams of a vocabulary in responses.

    Args:
        vocabulary: the n-grams to count.

    Attributes:
        words: what is remembered of words; see `students.word_cache`.
        used: as there.
    """

    def __init__(self, vocabulary: BagVocabulary) -> None:
        self._vocabulary = vocabulary
        self._words = vocabulary.reader()
        self._word_rows = vocabulary.word_rows()
        self._gram_rows = vocabulary.gram_rows()
        self._hashes = GramHashes(vocabulary.gram)
        self._pairs = np.array(vocabulary.pairs, dtype=np.int64)
        self._pair_rows = {
            pair: row for row, pair in enumerate(vocabulary.pairs, vocabulary.pairs_start)
        }
        self.used = 0
        self.forget()

    def forget(self) -> None:
        """Remembers no word any more."""
        self.words = Kept()

    def count(self, texts: Sequence[str]) -> Counts:
        """Counts the n-grams of each text.

        Args:
            texts: N responses.
        """
        if self.words.room < -_UNGRANTED:
            self.forget()
        kept, before = self.words, len(self.words.number)
        counts = self._counted([*map(self._words, texts)], kept)
        if kept.full:
            kept.cut(before)
        return counts

    def _counted(self, found: Sequence[list[str]], kept: Kept) -> Counts:
        if sum(map(len, found)) <= _FEW:
            return self._few(found, kept)
        met = np.array([self._met(word, kept) for one in found for word in one], dtype=np.intp)
        response = np.repeat(np.arange(len(found)), [len(one) for one in found])

        own_of, own_rows = self._own_ngrams(met, response, kept)
        pair_of, pair_rows = self._pair_ngrams(met, response, kept)
        where = np.concatenate((own_of, pair_of))
        order = np.argsort(where, kind="stable")
        ends = np.cumsum(np.bincount(where, minlength=len(found)))
        return Counts(
            np.concatenate((own_rows, pair_rows))[order].astype(np.int32),
            np.concatenate(([0], ends)).astype(np.intp),
        )

    def _few(self, found: Sequence[list[str]], kept: Kept) -> Counts:
        """The same as `_counted` makes of many words."""
        rows: list[int] = []
        starts = [0]
        for one in found:
            met = [self._met(word, kept) for word in one]
            for number in met:
                rows += kept.own[number]
            places = [*map(kept.place.__getitem__, met)]
            for first, second in zip(places, places[1:]):
                # A pair with an unknown word, -1, has a negative code, which no known one has.
                row = self._pair_rows.get(first << 16 | second)
                if row is not None:
                    rows.append(row)
            starts.append(len(rows))
        return Counts(np.array(rows, dtype=np.int32), np.array(starts, dtype=np.intp))

    def _met(self, word: str, kept: Kept) -> int:
        number = kept.number.get(word)
        if number is None:
            row = self._word_rows.get(hash_word(word), _UNKNOWN)
            own = [] if row == _UNKNOWN else [row]
            found = map(self._gram_rows.get, self._hashes(word))
            own += [row for row in found if row is not None]
            number = kept.add(word, row, own)
        return number

    def _own_ngrams(
        self, met: _Numbers, response: _Numbers, kept: Kept
    ) -> tuple[_Numbers, _Numbers]:
        """The response and the row of each word and gram."""
        used, at = np.unique(met, return_inverse=True)
        own = [kept.own[number] for number in used]
        lengths = np.array([len(rows) for rows in own], dtype=np.intp)
        flat = np.array([row for rows in own for row in rows], dtype=np.intp)
        return np.repeat(response, lengths[at]), flat[
            _runs(np.cumsum(lengths) - lengths, lengths, at)
        ]

    def _pair_ngrams(
        self, met: _Numbers, response: _Numbers, kept: Kept
    ) -> tuple[_Numbers, _Numbers]:
        """The response and the row of each known pair."""
        place = np.array([kept.place[number] for number in met], dtype=np.int64)
        first, second = place[:-1], place[1:]
        keep = (response[:-1] == response[1:]) & (first != _UNKNOWN) & (second != _UNKNOWN)
        codes = (first[keep] << 16) | second[keep]
        at = np.searchsorted(self._pairs, codes)
        hit = np.append(self._pairs, -1)[at] == codes
        return response[:-1][keep][hit], at[hit] + self._vocabulary.pairs_start


def _runs(starts: _Numbers, lengths: _Numbers, index: _Numbers) -> _Numbers:
    """The positions of the runs at `index`, one run after the other."""
    of_each = lengths[index]
    before = np.cumsum(of_each) - of_each
    return np.repeat(starts[index] - before, of_each) + np.arange(of_each.sum())
