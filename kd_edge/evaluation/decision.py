"""From probabilities to classes: the rule is chosen on an item's validation rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.evaluation.metrics import Scores, quadratic_kappa
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED
from kd_edge_runtime.scorer import decide

# QWK by which the expected score must be better than the most probable class.
_MINIMUM_GAIN = 0.005


def decided(probabilities: npt.NDArray[np.floating], scale: Scale, decision: str) -> Scores:
    """The classes, [N], of probabilities, [N, K], by the rule that a device applies.

    The rule is MOST_PROBABLE or NEAREST_EXPECTED; classes are 0 to K - 1.
    """
    rows = probabilities.astype(np.float64).tolist()
    return np.array([decide(row, scale.values, decision) for row in rows], dtype=np.int64)


def choose_decision(probabilities: npt.NDArray[np.floating], scores: Scores, scale: Scale) -> str:
    """The rule that agrees better with people's scores on held-out responses.

    Args:
        probabilities: of the held-out responses; [N, K].
        scores: people's scores as classes; [N].
        scale: the item's classes; words have no expected score.

    Returns:
        MOST_PROBABLE, unless the QWK of NEAREST_EXPECTED is higher by more than 0.005.
    """
    if not scale.numeric:
        return MOST_PROBABLE
    kappa = {
        rule: quadratic_kappa(scores, decided(probabilities, scale, rule), scale.values)
        for rule in (MOST_PROBABLE, NEAREST_EXPECTED)
    }
    gain = kappa[NEAREST_EXPECTED] - kappa[MOST_PROBABLE]
    return NEAREST_EXPECTED if gain > _MINIMUM_GAIN else MOST_PROBABLE
