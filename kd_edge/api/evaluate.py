"""One model against people's scores: a teacher, a student, or a bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kd_edge.api.arguments import check, to_item
from kd_edge.data.responses import Item, Responses, Row
from kd_edge.data.scale import Scale
from kd_edge.data.splits import split_item
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import expected_calibration_error
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.evaluation.metrics import Agreement, Scores, agreement
from kd_edge.runs.test_scores import RowScorings, bundle_scorings, student_scorings
from kd_edge.students.student import Student
from kd_edge.teacher.card import read_item_card
from kd_edge.teacher.finetune import Teacher
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model's scores of N responses beside people's.

    Attributes:
        human: people's scores, as classes 0 to K - 1; [N].
        predicted: the model's; [N].
        probabilities: the model's probability of each class; float64 [N, K].
        agreement: exact and adjacent agreement, macro F1 and QWK.
        calibration_error: expected calibration error (Guo et al. 2017, "On Calibration of Modern
            Neural Networks"), 0 to 1.
    """

    human: Scores
    predicted: Scores
    probabilities: npt.NDArray[np.float64]
    agreement: Agreement
    calibration_error: float

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """The probability of each predicted class; [N]."""
        return self.probabilities[np.arange(len(self.predicted)), self.predicted]


def hold_out(responses: Responses, *, seed: int = 0) -> Responses:
    """Mark a fifth of each item's responses as test rows, the same ones as `run` does.

    Args:
        responses: scored responses; an item with rows marked "test" keeps them.
        seed: of the random choice.

    Returns:
        The same responses. `finetune`, `label` and `distil` leave their test rows out, and
        `evaluate` takes nothing else.

    Raises:
        InputError: an item has too few scored responses.

    Example:
        >>> responses = hold_out(read_responses("responses.csv"))
    """
    check("responses", responses, Responses)
    share = TeacherOptions().validation
    items = tuple(split_item(item, None, share, seed).item for item in responses.items)
    return replace(responses, items=items)


def evaluate(
    model: Teacher | Student | str | Path, responses: Responses, *, item: str | None = None
) -> Evaluation:
    """Compare a model with people's scores, on test rows.

    Args:
        model: a teacher from `finetune`, the student or the baseline from `distil`, or the path
            of a bundle.
        responses: where the test rows are (see `hold_out`); all scored rows are taken where none
            is marked "test". Scores are compared by the names of their classes.
        item: which item; may be left out where there is only one.

    Raises:
        InputError: there is no such item, or no scored response to it, or a score that the model
            does not know; or a teacher reads more than a response.
        BundleError: the bundle is damaged.

    Example:
        >>> evaluate(distilled.student, responses).agreement.qwk
        0.83
    """
    question = to_item(responses, item)
    scale = _scale_of(model, question.item_id)
    question = _by_classes(question, scale)
    scored = [row for row in question.rows if row.score is not None]
    rows = [row for row in scored if row.split == "test"] or scored
    if not rows:
        raise InputError(f"item '{question.item_id}' has no scored response to evaluate on")
    found = _scorings(model, question, rows)
    human = human_scores(rows)
    sure = found.probabilities[np.arange(len(rows)), found.predicted]
    return Evaluation(
        human=human,
        predicted=found.predicted,
        probabilities=found.probabilities,
        agreement=agreement(human, found.predicted, scale),
        calibration_error=expected_calibration_error(sure, found.predicted == human),
    )


def _scale_of(model: object, item_id: str) -> Scale:
    """The classes that a model gives."""
    if isinstance(model, Student):
        return model.scale
    if isinstance(model, Teacher):
        return model.card.scale
    if isinstance(model, (str, Path)):
        with Bundle(model) as bundle:
            entry = bundle.manifest.item(item_id)
            return Scale.from_worth(entry.classes, entry.worth)
    raise TypeError(
        f"model must be a Teacher, a Student or the path of a bundle, not {type(model).__name__}"
    )


def _by_classes(item: Item, scale: Scale) -> Item:
    """The item with its scores as classes of a model's scale, whose numbers may be others.

    Raises:
        InputError: the model does not know one of the scores.
    """
    used = {row.score for row in item.rows if row.score is not None}
    names = [name for at, name in enumerate(item.scale.classes) if at in used]
    unknown = [name for name in names if name not in scale.classes]
    if unknown:
        raise InputError(
            f"item '{item.item_id}' has the score {unknown[0]}, and the model gives "
            f"{', '.join(scale.classes)}: evaluate it on responses that are scored so"
        )
    places = {item.scale.classes.index(name): scale.classes.index(name) for name in names}
    rows = tuple(
        row if row.score is None else replace(row, score=places[row.score]) for row in item.rows
    )
    return replace(item, scale=scale, rows=rows)


def _scorings(model: object, item: Item, rows: list[Row]) -> RowScorings:
    texts = [row.text for row in rows]
    if isinstance(model, Student):
        return student_scorings(model, texts)
    if isinstance(model, Teacher):
        read_item_card(model.folder)  # since it is to read responses alone
        held_out = [row for row in item.rows if row.response_id in model.card.validation_ids]
        precision = model.card.options["precision"]
        probabilities = predict(
            model.folder, [*texts, *(row.text for row in held_out)], precision=precision
        )
        apart, found = probabilities[len(texts) :], probabilities[: len(texts)]
        rule = choose_decision(apart, human_scores(held_out), item.scale)
        return RowScorings(decided(found, item.scale, rule), found.astype(np.float64))
    assert isinstance(model, (str, Path)), "refused already"
    with Scorer.open(model) as scorer:
        return bundle_scorings(scorer.score_many(texts, item.item_id), item.scale.classes)
