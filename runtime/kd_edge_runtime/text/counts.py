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

# Words whose n-grams are remembered: about 20 MB at the most.
_KEPT_WORDS = 100_000


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


class Counter:
    """Counts the n-grams of a vocabulary in responses.

    Args:
        vocabulary: the n-grams to count.
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
        self._forget()

    def _forget(self) -> None:
        self._number: dict[str, int] = {}  # of each word met, by which the lists are indexed
        self._place: list[int] = []  # its place among the known words, or _UNKNOWN
        self._own: list[list[int]] = []  # the rows of its own n-grams

    def count(self, texts: Sequence[str]) -> Counts:
        """Counts the n-grams of each text.

        Args:
            texts: N responses.
        """
        if len(self._number) > _KEPT_WORDS:
            self._forget()
        found = [*map(self._words, texts)]
        if sum(map(len, found)) <= _FEW:
            return self._few(found)
        met = np.array([self._met(word) for one in found for word in one], dtype=np.intp)
        response = np.repeat(np.arange(len(found)), [len(one) for one in found])

        own_of, own_rows = self._own_ngrams(met, response)
        pair_of, pair_rows = self._pair_ngrams(met, response)
        where = np.concatenate((own_of, pair_of))
        order = np.argsort(where, kind="stable")
        ends = np.cumsum(np.bincount(where, minlength=len(found)))
        return Counts(
            np.concatenate((own_rows, pair_rows))[order].astype(np.int32),
            np.concatenate(([0], ends)).astype(np.intp),
        )

    def _few(self, found: Sequence[list[str]]) -> Counts:
        """The same as `count` makes of many words."""
        rows: list[int] = []
        starts = [0]
        for one in found:
            met = [*map(self._met, one)]
            for number in met:
                rows += self._own[number]
            places = [*map(self._place.__getitem__, met)]
            for first, second in zip(places, places[1:]):
                # A pair with an unknown word, -1, has a negative code, which no known one has.
                row = self._pair_rows.get(first << 16 | second)
                if row is not None:
                    rows.append(row)
            starts.append(len(rows))
        return Counts(np.array(rows, dtype=np.int32), np.array(starts, dtype=np.intp))

    def _met(self, word: str) -> int:
        number = self._number.get(word)
        if number is None:
            number = self._number[word] = len(self._place)
            row = self._word_rows.get(hash_word(word), _UNKNOWN)
            own = [] if row == _UNKNOWN else [row]
            found = map(self._gram_rows.get, self._hashes(word))
            own += [row for row in found if row is not None]
            self._place.append(row)
            self._own.append(own)
        return number

    def _own_ngrams(self, met: _Numbers, response: _Numbers) -> tuple[_Numbers, _Numbers]:
        """The response and the row of each word and gram."""
        used, at = np.unique(met, return_inverse=True)
        own = [self._own[number] for number in used]
        lengths = np.array([len(rows) for rows in own], dtype=np.intp)
        flat = np.array([row for rows in own for row in rows], dtype=np.intp)
        return np.repeat(response, lengths[at]), flat[
            _runs(np.cumsum(lengths) - lengths, lengths, at)
        ]

    def _pair_ngrams(self, met: _Numbers, response: _Numbers) -> tuple[_Numbers, _Numbers]:
        """The response and the row of each known pair."""
        place = np.array([self._place[number] for number in met], dtype=np.int64)
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
