"""The plain-Python backend: exact and fast without numpy: two look-ups and a sum per word.

The D sums of a bag student are lanes of one Python integer, and so is each row of its table. The
sum of a word's own n-grams is cached, and so is the sum including the pair that the word completes
(see `students.word_sums`): scoring adds one number per word.
"""

from __future__ import annotations

from math import exp, inf, sqrt
from struct import Struct

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.students.bag import BagStudent, BagWeights
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.word_cache import WordCache, WordCaches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Callable

    from kd_edge_runtime.backends import Model

    # From the number of rows and the D sums, each too large by 128 per row, to probabilities.
    _Network = Callable[[Sequence[int]], tuple[float, ...]]

# A lane of 32 bits overflows after 2^32 / 255 = 16 million rows. A word adds at most 39 grams,
# itself and one pair, so this many words at once are safe.
_AT_ONCE = 100_000

# Most items have at most this many classes.
_FEW = 4


def load(item: LoadedItem, form: str, threads: int = 1) -> Model:  # noqa: ARG001
    """Loads a student from its plain form; it runs in the caller's thread."""
    if item.entry.student == "pairs":
        from kd_edge_runtime.backends import pairs

        return pairs.load(item, form)
    return PlainModel(item.bag(form), item.word_caches)


class PlainModel:
    """A bag student in plain Python.

    Args:
        student: a student that was read from a bundle.
        caches: those of the bundle's items; None for its own.
    """

    def __init__(self, student: BagStudent, caches: WordCaches | None = None) -> None:
        self._caches = caches or WordCaches()
        self._cache = WordCache(student, self._caches)
        self._response_words = student.vocabulary.reader()
        few = len(student.weights.head) <= _FEW
        self._network = (_few_classes if few else _many_classes)(student.weights)
        layout = Struct(f"<{student.weights.dimensions + 1}I")
        self._unpack, self._bytes = layout.unpack, layout.size

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        return [probabilities for _, _, probabilities in self.read(texts)]

    def read(self, texts: Sequence[str]) -> Iterator[tuple[list[str], int, tuple[float, ...]]]:
        """Each response's words, number of known n-grams (N in FORMAT.md) and probabilities."""
        cache, lanes, network = self._cache, self._lanes, self._network
        words = self._response_words
        if self._caches.shared:
            self._caches.use(cache, len(texts))
        for text in texts:
            known = cache.words
            if known.room < 0:
                known = self._caches.words(cache)
            response = words(text)
            if len(response) <= _AT_ONCE:
                sums: Sequence[int] = lanes(known.total(response))
            else:
                sums = self._long_lanes(response)
            yield response, sums[0], network(sums)

    def _long_lanes(self, response: list[str]) -> list[int]:
        """The number of known n-grams and the sums for more words than fit in the lanes."""
        parts, before = [], ""
        for start in range(0, len(response), _AT_ONCE):
            known = self._caches.words(self._cache)
            part = response[start : start + _AT_ONCE]
            parts.append(self._lanes(known.total(part, before)))
            before = part[-1]
        return [*map(sum, zip(*parts))]

    def _lanes(self, total: int) -> tuple[int, ...]:
        """The number of known n-grams, and the sum of each dimension, from the sum of the rows."""
        return self._unpack(total.to_bytes(self._bytes, "little"))


def _few_classes(weights: BagWeights) -> _Network:
    """The network for up to `_FEW` classes, with the loops over classes unrolled."""
    number = len(weights.head)
    # Unused classes fill up to `_FEW`; their probability is 0.
    spare = _FEW - number
    b0, b1, b2, b3 = (*weights.head_bias, *(-inf,) * spare)
    columns = [
        (scale, bias, *column, *(0.0,) * spare)
        for scale, bias, column in zip(weights.scale, weights.bias, zip(*weights.head))
    ]

    def probabilities(lanes: Sequence[int]) -> tuple[float, ...]:
        rows, *sums = lanes
        factor, offset = 1.0 / sqrt(rows or 1), 128 * rows
        l0, l1, l2, l3 = b0, b1, b2, b3
        for total, (scale, bias, w0, w1, w2, w3) in zip(sums, columns):
            hidden = (total - offset) * scale * factor + bias
            if hidden > 0.0:
                l0 += hidden * w0
                l1 += hidden * w1
                l2 += hidden * w2
                l3 += hidden * w3
        top = max(l0, l1, l2, l3)
        p0, p1, p2, p3 = exp(l0 - top), exp(l1 - top), exp(l2 - top), exp(l3 - top)
        whole = p0 + p1 + p2 + p3
        return (p0 / whole, p1 / whole, p2 / whole, p3 / whole)[:number]

    return probabilities


def _many_classes(weights: BagWeights) -> _Network:
    """The same for any number of classes."""
    columns = [*zip(weights.scale, weights.bias, zip(*weights.head))]

    def probabilities(lanes: Sequence[int]) -> tuple[float, ...]:
        rows, *sums = lanes
        factor, offset = 1.0 / sqrt(rows or 1), 128 * rows
        logits: Sequence[float] = weights.head_bias
        for total, (scale, bias, column) in zip(sums, columns):
            hidden = (total - offset) * scale * factor + bias
            if hidden > 0.0:
                logits = [logit + hidden * weight for logit, weight in zip(logits, column)]
        top = max(logits)
        powers = [exp(logit - top) for logit in logits]
        whole = 0.0
        for power in powers:  # not `sum`, which adds otherwise from Python 3.12 on
            whole += power
        return tuple([power / whole for power in powers])

    return probabilities
