"""Soft labels that are a weighted mean of the teacher's and of those of a student without one.

The student that was trained on people's scores alone knows other things than the language model.
Where it is not far behind, the mean of both is nearer to people's scores than either, and the
student that learns from the mean gains as much (stacking: Wolpert 1992, "Stacked Generalization").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Row, Scale
from kd_edge.distillation.choice import Choice, choice_of, first_as_good
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import Floats, at_temperature, fit_temperature, log_losses
from kd_edge.evaluation.metrics import Scores, quadratic_kappa
from kd_edge.students.student import Student

SHARES = (1.0, 0.75, 0.5)
"""The teacher's weights to choose from, the default first.

Less than a half would teach a student mostly what it can learn from people's scores by itself. That
was worse even on an item of which the teacher knew much less (see `benchmarks/README.md`).
"""

MANY_SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)
"""Those to choose from where a student scores the responses to many questions.

There the student without a teacher may know more: it sees how a response relates to all reference
answers, and the teacher reads one. None is the default.
"""

# In QWK; see `benchmarks/README.md`.
_FAR_BEHIND = 0.1


def share_for(data: LearningData, alone: Student, options: DistilOptions) -> float:
    """The teacher's weight in the soft labels: the one given, or the one chosen.

    Where the held-out responses have no labels, as of another model, nothing can be chosen.
    """
    if options.teacher_share is not None:
        return options.teacher_share
    if not options.weight or not data.held_out_labelled:
        return 1.0
    scores, teacher = human_scores(data.held_out), _teachers(data, data.held_out)
    own = of_rows(alone, data.held_out)
    return choose_share(teacher, own, scores, data.item.scale, data.relations is not None)


def choose_share(
    teacher: Floats, alone: Floats, scores: Scores, scale: Scale, many: bool = False
) -> float:
    """The teacher's weight in the soft labels, one of `SHARES`, or of `MANY_SHARES`.

    The first is taken whose labels are as good as the best by log-loss. The teacher is brought to
    its own temperature first: it is too sure of itself, and would be mixed to be less sure. Where
    the other is far behind by QWK, its labels are left out: log-loss alone would take some of them
    for their calibration, and students agreed less with people for it.

    Args:
        teacher: its probabilities of responses that it was not trained on; [N, K].
        alone: those of the student without a teacher, which is calibrated; [N, K].
        scores: people's scores as classes; [N].
        scale: the K classes.
        many: whether they answer many questions: then the share with the least loss is taken.
    """
    if many:
        calm = at_temperature(teacher, fit_temperature(teacher, scores))
        sums = [log_losses(mean(calm, alone, share), scores).sum() for share in MANY_SHARES]
        return MANY_SHARES[int(np.argmin(sums))]
    by_teacher, by_alone = (
        quadratic_kappa(scores, own.argmax(1), scale.values) for own in (teacher, alone)
    )
    if by_teacher - by_alone > _FAR_BEHIND:
        return 1.0
    calm = at_temperature(teacher, fit_temperature(teacher, scores))
    losses = [log_losses(mean(calm, alone, share), scores) for share in SHARES]
    return SHARES[first_as_good(np.stack(losses))]


def mean(teacher: Floats, alone: Floats, share: float) -> Floats:
    """The weighted mean of two scorers' probabilities, `share` that of the teacher; [N, K]."""
    return share * teacher + (1 - share) * alone


def stacked(data: LearningData, alone: Student, share: float) -> LearningData:
    """The data with the mean of the teacher's and of a student's probabilities as soft labels.

    Args:
        data: labels and variants are the teacher's.
        alone: the student without a teacher.
        share: the weight of the teacher, 0 to 1.

    Returns:
        Labels of all rows that had one, and variants.
    """
    if share == 1:
        return data
    labelled = [row for row in (*data.rows, *data.held_out) if row.response_id in data.labels]
    soft = mean(_teachers(data, labelled), of_rows(alone, labelled), share)
    labels = {row.response_id: own for row, own in zip(labelled, soft, strict=True)}
    variants = data.variants
    if variants is not None:
        own = alone.probabilities(variants.texts, variants.questions)
        variants = replace(variants, probabilities=mean(variants.probabilities, own, share))
    return replace(data, labels=labels, variants=variants)


def shipped(
    data: LearningData, student: Student, alone: Student, share: float, options: DistilOptions
) -> Student:
    """The student that ships, with the choice in its provenance; see `judged`."""
    student = judged(data, student, alone, share, options)
    choice = choice_of(student.provenance)
    if choice is None or choice.with_teacher:
        return student
    return replace(alone, provenance={**alone.provenance, "choice": asdict(choice)})


def judged(
    data: LearningData, student: Student, alone: Student, share: float, options: DistilOptions
) -> Student:
    """A student with the choice between it and the one without a teacher in its provenance.

    It ships, unless the one without a teacher fits the held-out responses better; or if the
    teacher's share was given. Of many questions it also has to agree with people as often: there
    the one without a teacher was more often right even where its probabilities fitted no better.
    Where its labels count for nothing, there is no choice.
    """
    if not options.weight:
        return student
    rows, scores = data.held_out, human_scores(data.held_out)
    scorers = {"student": of_rows(student, rows), "baseline": of_rows(alone, rows)}
    losses = {name: log_losses(own, scores) for name, own in scorers.items()}
    given = options.teacher_share is not None
    as_good = first_as_good(np.stack(list(losses.values()))) == 0
    if data.relations is not None:
        right = {name: int((own.argmax(1) == scores).sum()) for name, own in scorers.items()}
        as_good = as_good and right["student"] >= right["baseline"]
    with_teacher = given or as_good
    if data.held_out_labelled:
        teacher = _teachers(data, rows)
        losses["teacher"] = log_losses(teacher, scores)
        losses["labels"] = log_losses(mean(teacher, scorers["baseline"], share), scores)
    means = {name: round(float(own.mean()), 4) for name, own in losses.items()}
    choice = Choice(share, with_teacher, given, len(scores), means)
    return replace(student, provenance={**student.provenance, "choice": asdict(choice)})


def of_rows(student: Student, rows: Sequence[Row]) -> npt.NDArray[np.float64]:
    """A student's probabilities of rows; [N, K]."""
    texts, questions = [row.text for row in rows], [row.item_id for row in rows]
    return student.probabilities(texts, questions).astype(np.float64)


def _teachers(data: LearningData, rows: Sequence[Row]) -> Floats:
    """The teacher's probabilities of rows that it labelled; [N, K]."""
    return np.stack([data.labels[row.response_id] for row in rows])
