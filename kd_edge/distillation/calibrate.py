"""Calibrates a student, and sets the limits beyond which responses and scores are flagged.

Both use the responses a student is distilled from, and are saved with the student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import torch

from kd_edge.data.responses import Row
from kd_edge.distillation.outliers import outlier_limits
from kd_edge.evaluation.agreement import human_scores
from kd_edge.evaluation.calibration import (
    Floats,
    at_temperature,
    confidence_in,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
)
from kd_edge.evaluation.decision import decided
from kd_edge.evaluation.metrics import Scores, rounded
from kd_edge.evaluation.review import choose_review
from kd_edge.students.student import Network, Student


def calibrate(
    network: Network, probabilities: Floats, scores: Scores
) -> tuple[Floats, dict[str, float]]:
    """Divides a network's logits by the temperature that fits held-out responses best.

    The last layer's weights are divided in place, so that every form is calibrated and a device
    has nothing to do.

    Args:
        network: a trained network.
        probabilities: those of held-out responses; [N, K].
        scores: their human scores as classes; [N].

    Returns:
        The probabilities at that temperature; and the temperature with the loss and the expected
        calibration error of the most probable class, before and after.
    """
    temperature = round(fit_temperature(probabilities, scores), 4)
    with torch.no_grad():
        network.last.weight.div_(temperature)
        network.last.bias.div_(temperature)
    scaled = at_temperature(probabilities, temperature)
    right = probabilities.argmax(axis=1) == scores
    return scaled, rounded(
        {
            "temperature": temperature,
            "loss_before": negative_log_likelihood(probabilities, scores),
            "loss": negative_log_likelihood(scaled, scores),
            "error_before": expected_calibration_error(probabilities.max(axis=1), right),
            "error": expected_calibration_error(scaled.max(axis=1), right),
        }
    )


def with_flags(
    student: Student, texts: Sequence[str], held_out: Sequence[Row], wanted: float
) -> Student:
    """The student with the limits beyond which scores and responses are flagged.

    Args:
        student: a calibrated student.
        texts: the responses it was trained on.
        held_out: scored responses that it was not trained on.
        wanted: exact agreement required of the scores that are not flagged, 0 to 1.
    """
    probabilities = student.probabilities(
        [row.text for row in held_out], [row.item_id for row in held_out]
    ).astype(np.float64)
    classes = decided(probabilities, student.scale, student.decision)
    confidence = confidence_in(probabilities, classes)
    review = choose_review(confidence, classes == human_scores(held_out), wanted)
    return replace(
        student,
        flags=replace(outlier_limits(texts, student), review=review.below),
        provenance={**student.provenance, "review": rounded(asdict(review))},
    )
