"""The most accurate bag whose bundle is within limits of bytes and time.

An n-gram costs its hash and its vector. The best small students know fewer n-grams, chosen by a
student that knows them all, with shorter vectors in fewer bits; each size is trained and measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kd_edge.bundling.bundle import ExportItem
from kd_edge.data.responses import Row
from kd_edge.distillation.calibrate import with_flags
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.evaluation.review import ACCURACY
from kd_edge.size_search.cost import cost_of
from kd_edge.size_search.tried import SLACK, Limits, TooSmallError, Tried
from kd_edge.students.bag import KIND as BAG
from kd_edge.students.pruning import importance, prune
from kd_edge.students.student import Student
from kd_edge_runtime.students.bag import FORM

# Dimensions and bits, each trained with as many n-grams as fit. The largest bag has eight bits:
# two bits fewer make room for a third more n-grams.
SHAPES = ((8, 6), (8, 4), (4, 6), (4, 4), (2, 6), (2, 4))

# The fewest n-grams worth training.
_FEWEST = 30

# How often a size that turns out too large is tried again with fewer n-grams.
_TRIES = 3

Train = Callable[[Student, int, int], Student]
"""Trains a student with another's vocabulary, in so many dimensions and bits."""


@dataclass(frozen=True)
class Sized:
    """The most accurate student that fits, its size, and all sizes in the order of trial."""

    student: Student
    chosen: Tried
    tried: tuple[Tried, ...]


@dataclass
class Search:
    """Looks for the most accurate student that fits.

    Attributes:
        limits: of the bundle.
        held_out: scored responses that no student learnt from.
        sources: prompt and rubric, whose sentences are golden rows and take bytes.
        forms: what the bundle is to hold; the plain form alone if nothing is named.
    """

    limits: Limits
    held_out: Sequence[Row]
    sources: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    _measured: list[tuple[Tried, Student]] = field(default_factory=list)

    def retrained(self, whole: Student, texts: Sequence[str], train: Train) -> Sized:
        """Trains a student of each shape that is as large as fits.

        Args:
            whole: a trained bag, which is taken if it fits.
            texts: the responses it learnt from.
            train: trains another.

        Raises:
            TooSmallError: nothing fits.
        """
        return self._smaller(whole, texts, SHAPES, train)

    def cut(self, whole: Student, texts: Sequence[str]) -> Sized:
        """As `retrained`, but leaves out n-grams and bits alone, which costs accuracy.

        Raises:
            TooSmallError: nothing fits.
        """
        wanted = whole.provenance.get("review", {}).get("wanted", ACCURACY)
        shapes = [
            (whole.options.dimensions, bits)
            for bits in sorted({bits for _, bits in SHAPES}, reverse=True)
        ]

        def rounded(pruned: Student, _dimensions: int, bits: int) -> Student:
            # It knows other n-grams than the whole one, and is sure of other scores.
            return with_flags(BAG.in_bits(pruned, bits), texts, self.held_out, wanted)

        return self._smaller(whole, texts, shapes, rounded)

    def _smaller(
        self, whole: Student, texts: Sequence[str], shapes: Iterable[tuple[int, int]], train: Train
    ) -> Sized:
        """Measures the most n-grams of each shape that fit, and chooses."""
        full = self._measure(whole)
        # A smaller bag is hardly faster.
        if not full.fits and self.limits.bytes is not None:
            weights = importance(whole, texts)
            for dimensions, bits in shapes:
                for size in self._sizes(full, dimensions, bits):
                    if self._measure(train(prune(whole, size, weights), dimensions, bits)).fits:
                        break
        tried = tuple(size for size, _ in self._measured)
        fitting = [(size, student) for size, student in self._measured if size.fits]
        if not fitting:
            raise TooSmallError(self.limits, tried)
        chosen, student = max(fitting, key=lambda both: (both[0].qwk, -both[0].bytes))
        return Sized(student, chosen, tried)

    def _sizes(self, full: Tried, dimensions: int, bits: int) -> Iterator[int]:
        """Numbers of n-grams that may fit, each judged by how the last turned out."""
        fixed = full.bytes - full.ngrams * _bytes_each(full.dimensions, full.bits)
        assert self.limits.bytes is not None
        room = self.limits.bytes - SLACK - fixed
        size = min(full.ngrams, int(room / _bytes_each(dimensions, bits)))
        for _ in range(_TRIES):
            size = max(size, _FEWEST)
            yield size
            last = self._measured[-1][0]
            if size == _FEWEST:
                return
            each = (last.bytes - fixed) / last.ngrams
            size = min(last.ngrams - 1, int(0.995 * room / each))

    def _measure(self, student: Student) -> Tried:
        item = ExportItem(student, self.sources, prompts=self.sources)
        cost = cost_of(item, self.forms or (FORM,), [row.text for row in self.held_out])
        probabilities = student.probabilities([row.text for row in self.held_out])
        figures = agreement(
            human_scores(self.held_out),
            decided(probabilities, student.scale, student.decision),
            student.scale,
        )
        tried = Tried(
            ngrams=student.text.vocabulary.size,
            dimensions=student.options.dimensions,
            bits=student.options.bits,
            parameters=student.parameters,
            bytes=cost.bytes,
            qwk=figures.qwk,
            accuracy=figures.accuracy,
            fits=self.limits.hold(cost.bytes, cost.ms),
            ms=cost.ms,
        )
        self._measured.append((tried, student))
        return tried


def _bytes_each(dimensions: int, bits: int) -> float:
    """About what an n-gram takes in a bundle: its hash, hard to compress, and its vector.

    The vector's numbers gather around zero: compression saves a bit and a half of each.
    """
    return 3.6 + dimensions * (bits - 1.5) / 8
