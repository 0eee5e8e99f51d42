"""The second of two students of many questions: whether it helps, and where it is asked.

All is chosen on the held-out responses of all questions together, as one of them has a handful.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.distillation.cascade import Cascade, CascadeOptions, Figures, choose_cascade
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import Floats
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores
from kd_edge.evaluation.review import ACCURACY, Review, review_of
from kd_edge.runs.cross_item.pool import Pool
from kd_edge.runs.outputs import StageOutputs
from kd_edge.runs.test_scores import RowScorings
from kd_edge.students.student import Student
from kd_edge_runtime.bundle.manifest import Manifest

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
        cascade: when it is asked; None if it is not in the bundle.
        why: the reason, in sentences.
    """

    student: Student
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
        """What both say of the test rows together, by PyTorch."""
        assert self.cascade is not None, "it is used"
        texts, questions = [row.text for row in pool.test], [row.item_id for row in pool.test]
        shares = first.probabilities(texts, questions).astype(np.float64)
        asked = np.array([self.asked_about(pool, name) for name in questions], dtype=bool)
        both = self.cascade.shares(
            shares, self.student.probabilities(texts, questions), first.scale, first.decision
        )
        shares[asked] = both[asked]
        return RowScorings(decided(shares, first.scale, first.decision), shares)

    def report(self, manifest: Manifest) -> SecondReport:
        """What a report says of it.

        Args:
            manifest: that of the bundle.
        """
        figures = self.cascade.figures if self.cascade else None
        entry = next((item.second for item in manifest.items if item.second), None)
        size = 0
        if entry is not None:
            names = (entry.vectorizer, next(iter(entry.forms.values())))
            size = sum(manifest.members[name].bytes for name in names)
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
    texts, questions = [row.text for row in rows], [row.item_id for row in rows]
    review = review_of(first.provenance)
    comparison = _Comparison(
        first.probabilities(texts, questions).astype(np.float64),
        second.probabilities(texts, questions).astype(np.float64),
        human_scores(rows),
        first.scale,
        first.decision,
        options,
        review.wanted if review else ACCURACY,
    )
    cascade = comparison.choose(np.arange(len(rows)))
    wanted = cascade.figures.wanted
    if wanted is not None and cascade.figures.reached and not cascade.figures.share:
        why = f"the first alone reaches the {wanted:.0%} that were asked for."
    else:
        why = comparison.useless()
    if why:
        return SecondChoice(second, None, f"The second model is left out: {why}")
    return SecondChoice(second, cascade, f"{cascade.figures}{_NEW if pool.unseen else ''}")


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Two students on N held-out responses: [N, K] probabilities of each, and people's scores."""

    first: Floats
    second: Floats
    scores: Scores
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

    def useless(self) -> str:
        """Why the second does not help; "" if it does.

        Both together are measured on responses that did not choose when the second is asked: each
        fifth by the choice of the others.
        """
        count = len(self.scores)
        if count < _LEAST:
            return f"{count} held-out responses are too few to say whether it helps."
        both = np.zeros_like(self.first)
        places = np.random.default_rng(0).permutation(count)
        for fold in range(_FOLDS):
            held = places[fold::_FOLDS]
            cascade = self.choose(np.setdiff1d(places, held))
            both[held] = cascade.shares(
                self.first[held], self.second[held], self.scale, self.decision
            )
        gain = self._loss(self.first) - self._loss(both)
        error = float(gain.std(ddof=1)) / count**0.5
        before, after = self._agreement(self.first), self._agreement(both)
        if gain.mean() > error and after >= before:
            return ""
        return (
            f"on {count} held-out responses both together are not plainly better than the first "
            f"alone ({after:.1%} and {before:.1%} of the scores equal people's scores)."
        )

    def _loss(self, shares: Floats) -> npt.NDArray[np.float64]:
        """Minus the logarithm of the probability of each response's score; [N]."""
        given = shares[np.arange(len(self.scores)), self.scores]
        return -np.log(np.maximum(given, _SMALLEST)).astype(np.float64)

    def _agreement(self, shares: Floats) -> float:
        classes = decided(shares, self.scale, self.decision)
        return float((classes == self.scores).mean())
