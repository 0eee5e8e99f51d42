"""From probabilities to classes: which rule serves an item, found on its validation rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kd_edge.data.responses import Scale
from kd_edge.evaluation.metrics import Scores, quadratic_kappa
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED
from kd_edge_runtime.scorer import decide

# The most probable class is what people expect; the expected score has to earn its place.
_WORTH = 0.005


def decided(probabilities: npt.NDArray[np.floating], scale: Scale, decision: str) -> Scores:
    """The class of each response, by the rule that devices apply.

    Args:
        probabilities: [N, K].
        scale: the item's classes.
        decision: a rule of the runtime's manifest.

    Returns:
        Classes 0 to K - 1; [N].
    """
    rows = probabilities.astype(np.float64).tolist()
    return np.array([decide(row, scale.values, decision) for row in rows], dtype=np.int64)


def choose_decision(probabilities: npt.NDArray[np.floating], scores: Scores, scale: Scale) -> str:
    """The rule that agrees best with people on held-out responses.

    Args:
        probabilities: of the held-out responses; [N, K].
        scores: their human scores as classes; [N].
        scale: the item's classes; words have no expected score.

    Returns:
        The most probable class, unless the nearest to the expected score gains more than 0.005
        QWK.
    """
    if not scale.numeric:
        return MOST_PROBABLE
    kappa = {
        rule: quadratic_kappa(scores, decided(probabilities, scale, rule), len(scale.classes))
        for rule in (MOST_PROBABLE, NEAREST_EXPECTED)
    }
    gain = kappa[NEAREST_EXPECTED] - kappa[MOST_PROBABLE]
    return NEAREST_EXPECTED if gain > _WORTH else MOST_PROBABLE
