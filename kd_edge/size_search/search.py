"""The most accurate students whose bundle is within limits of bytes and time.

An n-gram costs its hash and its vector. The best small students know fewer n-grams, chosen by a
student that knows them all, with shorter vectors in fewer bits; each size is trained and measured.
Beside bags it measures transformers, and a bag with a transformer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import floor

from kd_edge.bundling.bundle import ExportItem, ExportOptions
from kd_edge.bundling.parity import Limits as ParityLimits
from kd_edge.data.responses import Row
from kd_edge.distillation.calibrate import with_flags
from kd_edge.distillation.cascade import CascadeOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Agreement, agreement
from kd_edge.evaluation.review import ACCURACY
from kd_edge.size_search.cost import Contents, Cost, cost_of
from kd_edge.size_search.tried import SLACK, Limits, TooSmallError, Tried, Untrained
from kd_edge.students.bag import KIND as BAG
from kd_edge.students.pruning import importance, prune
from kd_edge.students.registry import BOTH, DEFAULT
from kd_edge.students.student import Student
from kd_edge_runtime.students.bag import FORM

# Dimensions and bits, each trained with as many n-grams as fit. The largest bag has eight bits:
# two bits fewer make room for a third more n-grams.
SHAPES = ((8, 6), (8, 4), (4, 6), (4, 4), (2, 6), (2, 4))

# The fewest n-grams worth training.
_FEWEST = 30

# How often a size that turns out too large is tried again with fewer n-grams.
_TRIES = 3

LEAST_SHARE = 0.05
"""A transformer beside a bag is asked about at least so many responses, 0 to 1."""

# Times vary: of the time that is left for the second student so much is planned for.
_SPARE = 0.9

Train = Callable[[Student, int, int], Student]
"""Trains a student with another's vocabulary, in so many dimensions and bits."""


@dataclass(frozen=True)
class Sized:
    """The most accurate student that fits, its size, and what else was tried.

    Attributes:
        student: the student; of two the first.
        chosen: its size.
        tried: all sizes, in the order of trial.
        second: the second of two students.
        untrained: transformers that cannot fit and were not trained.
    """

    student: Student
    chosen: Tried
    tried: tuple[Tried, ...]
    second: Student | None = None
    untrained: tuple[Untrained, ...] = ()


@dataclass
class Search:
    """Looks for the most accurate student that fits.

    Attributes:
        limits: of the bundle.
        held_out: scored responses that no student learnt from.
        sources: prompt and rubric, whose sentences are golden rows and take bytes.
        forms: what the bundle is to hold; if nothing is named, the plain form of a bag and the
            default forms of a transformer.
        cascade: when a second student is asked, within the limits.
        contents: what the bundle will hold beside its students.
        untrained: transformers that cannot fit and were not trained.
    """

    limits: Limits
    held_out: Sequence[Row]
    sources: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    cascade: CascadeOptions = field(default_factory=CascadeOptions)
    contents: Contents = field(default_factory=Contents)
    untrained: tuple[Untrained, ...] = ()
    _measured: list[tuple[Tried, Student, Student | None]] = field(default_factory=list)

    def retrained(self, whole: Student, texts: Sequence[str], train: Train) -> Sized:
        """Trains a student of each shape that is as large as fits.

        Args:
            whole: a trained bag, which is taken if it fits.
            texts: the responses it learnt from.
            train: trains another.

        Raises:
            TooSmallError: nothing fits.
        """
        self.measure_bags(whole, texts, SHAPES, train)
        return self.best()

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

        self.measure_bags(whole, texts, shapes, rounded)
        return self.best()

    def measure_bags(
        self, whole: Student, texts: Sequence[str], shapes: Iterable[tuple[int, int]], train: Train
    ) -> None:
        """Measures a bag, and if it is too large the most n-grams of each shape that fit."""
        full = self.measure(whole)
        # A smaller bag is hardly faster.
        if full.fits or self.limits.within_bytes(full.bytes):
            return
        weights = importance(whole, texts)
        for dimensions, bits in shapes:
            for size in self._sizes(full, dimensions, bits):
                if self.measure(train(prune(whole, size, weights), dimensions, bits)).fits:
                    break

    def best(self) -> Sized:
        """The most accurate that fits of all that was measured; of equals the smallest.

        Raises:
            TooSmallError: nothing fits.
        """
        tried = tuple(size for size, *_ in self._measured)
        fitting = [one for one in self._measured if one[0].fits]
        if not fitting:
            raise TooSmallError(self.limits, tried, self.untrained)
        chosen, student, second = max(fitting, key=lambda one: (one[0].qwk, -one[0].bytes))
        return Sized(student, chosen, tried, second, self.untrained)

    def measure_both(self, first: Student, second: Student) -> None:
        """Measures two students, and if they are too slow those that ask the second less often."""
        usual = self.measure(first, second)
        ms, limits = self.limits.ms, self.limits
        if ms is None or usual.fits or not limits.within_bytes(usual.bytes):
            return
        alone = self._cost(first, None).ms
        asked = max(0.0, usual.ms - alone) / usual.share  # as if it asked about all
        share = floor(100 * _SPARE * (ms - alone) / asked) / 100 if asked else 0.0
        if LEAST_SHARE <= share < usual.share:
            self.measure(first, second, share)

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

    def measure(
        self, student: Student, second: Student | None = None, share: float | None = None
    ) -> Tried:
        """Measures a student, or two of which the second is asked about at most a share.

        By default that of the cascade's options.
        """
        share = self.cascade.share if share is None else share
        cost = self._cost(student, second, share)
        if cost.both:
            qwk, accuracy = cost.both.both_qwk, cost.both.both
        else:
            figures = self._agreement(student)
            qwk, accuracy = figures.qwk, figures.accuracy
        bag = student.options if student.kind == DEFAULT else None
        cut = second or (None if bag else student)
        tried = Tried(
            ngrams=student.text.vocabulary.size if bag else 0,
            dimensions=bag.dimensions if bag else 0,
            bits=bag.bits if bag else 0,
            parameters=student.parameters + (second.parameters if second else 0),
            bytes=cost.bytes,
            qwk=qwk,
            accuracy=accuracy,
            fits=self.limits.hold(cost.bytes, cost.ms),
            ms=cost.ms,
            student=BOTH if second else student.kind,
            layers=tuple(cut.options.layers) if cut else (),
            share=share if second else 0.0,
        )
        self._measured.append((tried, student, second))
        return tried

    def bundle_cost(self, student: Student, limits: ParityLimits) -> Cost:
        """What a bundle with a student alone takes, whatever its scores.

        Args:
            student: it need not be trained.
            limits: how much its forms may differ from PyTorch.
        """
        return self._cost(student, None, limits=limits)

    def _cost(
        self,
        student: Student,
        second: Student | None,
        share: float | None = None,
        limits: ParityLimits | None = None,
    ) -> Cost:
        cascade = self.cascade if share is None else replace(self.cascade, share=share)
        options = ExportOptions(
            self.forms or usual_forms(student),
            limits=limits or ParityLimits(),
            cascade=cascade,
        )
        # A second is chosen by held-out responses, and the record of them takes bytes.
        held_out = tuple(self.held_out)
        item = ExportItem(student, self.sources, held_out, self.sources, second=second)
        return cost_of(item, options, [row.text for row in self.held_out], self.contents)

    def _agreement(self, student: Student) -> Agreement:
        probabilities = student.probabilities([row.text for row in self.held_out])
        machine = decided(probabilities, student.scale, student.decision)
        return agreement(human_scores(self.held_out), machine, student.scale)


def usual_forms(student: Student) -> tuple[str, ...]:
    """The forms that a small bundle holds of a student: of a bag the one that every device runs.

    Of a student of another kind, or of a second one, the default forms.
    """
    return (FORM,) if student.kind == DEFAULT else ()


def _bytes_each(dimensions: int, bits: int) -> float:
    """About what an n-gram takes in a bundle: its hash, hard to compress, and its vector.

    The vector's numbers gather around zero: compression saves a bit and a half of each.
    """
    return 3.6 + dimensions * (bits - 1.5) / 8
