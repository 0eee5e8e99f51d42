"""The second of two students of many questions: whether it helps, and where it is asked.

All is chosen on the held-out responses of all questions together, as one of them has a handful.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.distillation.cascade import Cascade, CascadeOptions, Figures, choose_cascade
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import Floats
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.review import Review, wanted_of
from kd_edge.runs.cross_item.pool import Pool, texts_of
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.test_scores import RowScorings
from kd_edge.runs.two_students import size_of
from kd_edge.students.sharing import writers_of
from kd_edge.students.student import Student
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.bundle.second import of_second

_FOLDS = 5
_LEAST = 20
"""Held-out responses: fewer say nothing."""

_SMALLEST = 1e-12  # a probability whose logarithm is taken

_NEW = " Questions of which no response was learnt from are scored by the first alone."


@dataclass(frozen=True)
class SecondReport:
    """What a report says of a second student.

    Attributes:
        used: whether it is in the bundle.
        why: whether and why, in sentences for a school.
        figures: what both do together on held-out responses, if it is in the bundle.
        parameters: the number of its parameters.
        bytes: what it takes of the bundle: tokenizer and network, once for all questions.
    """

    used: bool
    why: str
    figures: Figures | None = None
    parameters: int = 0
    bytes: int = 0


@dataclass(frozen=True, eq=False)
class SecondChoice:
    """Whether a second student is in a bundle, and when it is asked.

    Attributes:
        student: the student.
        said: its probabilities of all test rows by itself, by PyTorch; [N, K].
        cascade: when it is asked; None if it is not in the bundle.
        why: the reason, in sentences.
    """

    student: Student
    said: Floats
    cascade: Cascade | None
    why: str

    @property
    def used(self) -> bool:
        """Whether it is in the bundle."""
        return self.cascade is not None

    @property
    def review(self) -> Review | None:
        """Which scores of both together a person should see."""
        return self.cascade.review if self.cascade else None

    def asked_about(self, pool: Pool, question: str) -> bool:
        """Whether it is asked about responses to a question.

        The held-out responses are to questions that were learnt from. Of others they say nothing,
        and there what reads them as the teacher does was right less often.
        """
        return self.used and question not in pool.unseen

    def in_pytorch(self, pool: Pool, first: Student) -> RowScorings:
        """What both say of the test rows together, by PyTorch.

        Args:
            pool: the questions.
            first: the first student.
        """
        assert self.cascade is not None, "it is used"
        texts, questions = texts_of(pool.test)
        shares = first.probabilities(texts, questions).astype(np.float64)
        asked = np.array([self.asked_about(pool, name) for name in questions], dtype=bool)
        both = self.cascade.shares(shares, self.said, first.scale, first.decision)
        shares[asked] = both[asked]
        return RowScorings(decided(shares, first.scale, first.decision), shares)

    def report(self, manifest: Manifest) -> SecondReport:
        """What a report says of it.

        Args:
            manifest: that of the bundle.
        """
        figures = self.cascade.figures if self.cascade else None
        alone = next(filter(None, map(of_second, manifest.items)), None)
        size = size_of(alone, manifest).bytes if alone else 0
        return SecondReport(self.used, self.why, figures, self.student.parameters, size)


def choose_second(
    pool: Pool, outputs: StageOutputs, options: CascadeOptions
) -> SecondChoice | None:
    """Whether the second of two students helps the first, and when it is asked.

    Both are compared as PyTorch computes them: forms differ by less than a threshold can tell.

    Args:
        pool: the questions; the validation rows, which neither learnt from, choose.
        outputs: with the students.
        options: of how many responses the second may be asked about.

    Returns:
        None where there is one student only.
    """
    first, second = outputs.distilled.student, outputs.distilled.second
    if second is None:
        return None
    rows = pool.validation
    read = texts_of(rows)
    comparison = _Comparison(
        first.probabilities(*read).astype(np.float64),
        second.probabilities(*read).astype(np.float64),
        human_scores(rows),
        writers_of(rows),
        first.scale,
        first.decision,
        options,
        wanted_of(first.provenance),
    )
    cascade = comparison.choose(np.arange(len(rows)))
    gain = comparison.gain()
    said = second.probabilities(*texts_of(pool.test)).astype(np.float64)
    why = _useless(cascade.figures, gain)
    if why:
        return SecondChoice(second, said, None, f"The second model is left out: {why}")
    assert gain is not None, "it is of use"
    return SecondChoice(second, said, cascade, _useful(cascade.figures, gain, bool(pool.unseen)))


@dataclass(frozen=True)
class _Gain:
    """What both do on held-out responses that did not choose when the second is asked.

    Attributes:
        log_loss: by how much less they lose than the first alone, a response.
        error: the standard error of `log_loss`.
        first: exact agreement of the first alone with people, 0 to 1.
        both: that of both together.
    """

    log_loss: float
    error: float
    first: float
    both: float

    @property
    def plain(self) -> bool:
        """Whether both together are better by more than chance might show."""
        return self.log_loss > self.error and self.both >= self.first


def _useless(figures: Figures, gain: _Gain | None) -> str:
    """Why a second student is of no use; "" if it is of use."""
    if gain is None:
        return f"{figures.responses} held-out responses are too few to say whether it helps."
    if not figures.share and figures.wanted is not None and figures.reached:
        return f"the first alone reaches the {figures.wanted:.0%} that were asked for."
    if not figures.share:
        return (
            f"there is none of {figures.responses} held-out responses that it is to be asked about."
        )
    if gain.plain:
        return ""
    return (
        f"on {figures.responses} held-out responses both together are not plainly better than the "
        f"first alone ({gain.both:.1%} and {gain.first:.1%} of the scores equal people's scores)."
    )


def _useful(figures: Figures, gain: _Gain, new: bool) -> str:
    """What a second student that is of use does, in sentences for a school.

    Args:
        figures: what chose when it is asked.
        gain: what it does on responses that did not.
        new: whether there are questions that it is not asked about.
    """
    text = (
        f"The second model is asked about the {figures.share:.0%} of {figures.responses} held-out "
        "responses of which the first is least sure. Measured on those that did not choose when it "
        f"is asked, {gain.both:.1%} of both's scores equal people's scores (of the first's alone "
        f"{gain.first:.1%})."
    )
    if not figures.reached:
        text += f" {figures.wanted:.0%} was asked for, and is not reached."
    return text + (_NEW if new else "")


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Two students on N held-out responses: [N, K] probabilities of each, and people's scores.

    `writers` says who wrote each response; empty where that is not known.
    """

    first: Floats
    second: Floats
    scores: Scores
    writers: Sequence[str]
    scale: Scale
    decision: str
    options: CascadeOptions
    wanted: float

    def choose(self, rows: npt.NDArray[np.int64]) -> Cascade:
        """When the second is asked, by some of the responses."""
        return choose_cascade(
            self.first[rows],
            self.second[rows],
            self.scores[rows],
            self.scale,
            self.decision,
            self.options,
            self.wanted,
        )

    def gain(self) -> _Gain | None:
        """What both do, each fifth by the choice of the others; None of too few responses."""
        count = len(self.scores)
        if count < _LEAST:
            return None
        both = np.zeros_like(self.first)
        folds = self._folds()
        for fold in range(_FOLDS):
            held = np.flatnonzero(folds == fold)
            cascade = self.choose(np.flatnonzero(folds != fold))
            both[held] = cascade.shares(
                self.first[held], self.second[held], self.scale, self.decision
            )
        gains = self._loss(self.first) - self._loss(both)
        error = float(gains.std(ddof=1)) / count**0.5
        agreements = self._agreement(self.first), self._agreement(both)
        return _Gain(float(gains.mean()), error, *agreements)

    def _folds(self) -> npt.NDArray[np.int64]:
        """The fold of each response, [N]; all of a writer are in the same."""
        by_writer = dict(zip(self.writers, range(len(self.writers)), strict=True))
        writers = [by_writer[name] for name in self.writers] or range(len(self.scores))
        _, numbers = np.unique(writers, return_inverse=True)
        places = np.random.default_rng(0).permutation(int(numbers.max()) + 1)
        folds: npt.NDArray[np.int64] = places[numbers] % _FOLDS
        return folds

    def _loss(self, shares: Floats) -> npt.NDArray[np.float64]:
        """Minus the logarithm of the probability of each response's score; [N]."""
        given = shares[np.arange(len(self.scores)), self.scores]
        return -np.log(np.maximum(given, _SMALLEST)).astype(np.float64)

    def _agreement(self, shares: Floats) -> float:
        classes = decided(shares, self.scale, self.decision)
        return float((classes == self.scores).mean())
