"""Choose points of which a score says most: unlike those that have one, and like many others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from kd_edge.suggest.points import Floats

# Chosen among 5 to 300, on training rows of prompts that nothing else is measured on.
_NEIGHBOURS = 60
_NEIGHBOUR_SHARE = 0.1  # of a small table so many
_CLOSE = 0.05  # a squared distance: nearer neighbours make a point no more typical


def farthest_first(
    places: Floats,
    scored: Sequence[int],
    candidates: Sequence[int],
    count: int,
    seed: int,
    weights: Floats | None = None,
) -> list[int]:
    """Choose points one after the other, each the farthest from all that are scored or chosen.

    Of K points so chosen no other is farther from its nearest than twice what the best K points
    reach (Gonzalez 1985): they cover all clusters, the small ones too.

    Args:
        places: [N, D].
        scored: which of them have a score.
        candidates: which of them may be chosen.
        count: how many to choose, at most.
        seed: of the first one, where none is scored.
        weights: what the squared distances are multiplied by, >= 0; [N].

    Returns:
        The chosen ones in their order.
    """
    left = np.array(sorted(set(candidates)), dtype=np.int64)
    chosen: list[int] = []
    if not len(left):
        return chosen
    factor = np.ones(len(left)) if weights is None else weights[left]
    nearest = np.full(len(left), np.inf)
    for at in scored:
        nearest = np.minimum(nearest, _distances(places, left, at))
    if not len(scored):
        chosen.append(int(np.random.default_rng(seed).choice(left)))
    while len(chosen) < min(count, len(left)):
        if chosen:
            nearest = np.minimum(nearest, _distances(places, left, chosen[-1]))
        # What is chosen has the distance 0, and so may others: those come last, in their order.
        worth = np.where(np.isin(left, chosen), -1.0, nearest * factor)
        chosen.append(int(left[worth.argmax()]))
    return chosen[:count]


def uncertainty(probabilities: Floats) -> Floats:
    """How little a classifier knows of each score: the entropy, 0 to 1 where all are equal.

    Args:
        probabilities: of each class; [N, K].
    """
    classes = probabilities.shape[1]
    if classes < 2:
        return np.zeros(len(probabilities))
    logs = np.log(np.maximum(probabilities, 1e-12))
    return np.asarray(-(probabilities * logs).sum(axis=1) / np.log(classes))


def typicality(places: Floats) -> Floats:
    """How near the nearest others are: little for what hardly anybody writes; > 0, [N].

    Args:
        places: [N, D].
    """
    most = min(_NEIGHBOURS, max(5, int(_NEIGHBOUR_SHARE * len(places))), len(places) - 1)
    if most < 1:
        return np.ones(len(places))
    distances, _ = NearestNeighbors(n_neighbors=most + 1).fit(places).kneighbors(places)
    squares = (distances[:, 1:] ** 2).mean(axis=1)  # the nearest of all is the point itself
    return np.asarray(1 / np.maximum(squares, _CLOSE))


def _distances(places: Floats, left: npt.NDArray[np.int64], at: int) -> Floats:
    return np.asarray(((places[left] - places[at]) ** 2).sum(axis=1))
