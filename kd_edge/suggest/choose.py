"""Choose points whose scores say most about the scores of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kd_edge.suggest.points import Floats

# Both chosen on training rows, see benchmarks/README.md.
_WIDTH = 0.5  # of the kernel, in medians of the squared distance
_NOISE = 0.1  # how far two people differ on a response, where scores vary by 1

# At most so many scored points, and points that count; and so many numbers in a matrix of either
# beside all others: long tables take no gigabytes.
_MOST = 2000
_CELLS = 20_000_000


def most_telling(
    places: Floats,
    scored: Sequence[int],
    candidates: Sequence[int],
    count: int,
    seed: int,
    weights: Floats | None = None,
) -> list[int]:
    """Choose points one after the other, each the one whose score leaves least doubt of all others.

    As if scores were a Gaussian process over the points: each score makes those near it less
    doubtful, and the next point is the one by which the mean variance falls most (experimental
    design by the mean variance, "I-optimal"; Cohn 1996). So dense regions come first, no point is
    near one that is chosen, and outliers, which say little of others, come last.

    Args:
        places: [N, D].
        scored: which of them have a score.
        candidates: which of them may be chosen.
        count: how many to choose, at most.
        seed: of the samples of a long table.
        weights: how much the doubt of each counts, >= 0; [N]. None for all the same.

    Returns:
        The chosen ones in their order.
    """
    left = np.array(sorted(set(candidates)), dtype=np.int64)
    if not len(left):
        return []
    process = _Process(places, _sample(scored, _beside(len(places)), seed), seed)
    counting = _sample(range(len(places)), _beside(len(left)), seed)
    heavy = np.ones(len(counting)) if weights is None else weights[counting]
    if not heavy.any():
        heavy = np.ones(len(counting))
    shared = process.between(left, counting)
    chosen: list[int] = []
    taken = np.zeros(len(left), dtype=bool)
    while len(chosen) < min(count, len(left)):
        falls = (shared**2 @ heavy) / (process.doubt[left] + _NOISE)
        falls[taken] = -1.0
        best = int(falls.argmax())
        taken[best] = True
        chosen.append(int(left[best]))
        fall = process.score(chosen[-1])
        shared -= np.outer(fall[left], fall[counting])
    return chosen


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


class _Process:
    """What is not known yet of the scores of points: variances and covariances.

    Args:
        places: [N, D].
        scored: the points whose scores are known.
        seed: of the sample that the kernel's width is taken from.

    Attributes:
        doubt: the variance of each point's score, 0 to 1; [N].
    """

    def __init__(self, places: Floats, scored: npt.NDArray[np.int64], seed: int) -> None:
        self._places = places
        some = places[_sample(range(len(places)), _MOST, seed)]
        self._scale = max(float(np.median(_squares(some, some))) * _WIDTH, 1e-9)
        everywhere = np.arange(len(places))
        known = self._kernel(scored, scored) + _NOISE * np.eye(len(scored))
        lower = np.linalg.cholesky(known)
        # How each score made the others less doubtful; [S, N].
        self._falls = np.linalg.solve(lower, self._kernel(scored, everywhere))
        self.doubt = np.maximum(1.0 - (self._falls**2).sum(axis=0), 0.0)

    def between(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Floats:
        """The covariances of points and others; [R, C]."""
        known = self._falls[:, rows].T @ self._falls[:, columns]
        return np.asarray(self._kernel(rows, columns) - known)

    def score(self, at: int) -> Floats:
        """Takes a point's score as known.

        Returns:
            A factor for each point: two covariances fall by the product of theirs; [N].
        """
        found = self.between(np.arange(len(self._places)), np.array([at]))[:, 0]
        fall = found / np.sqrt(self.doubt[at] + _NOISE)
        self._falls = np.vstack([self._falls, fall])
        self.doubt = np.maximum(self.doubt - fall**2, 0.0)
        return np.asarray(fall)

    def _kernel(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Floats:
        squares = _squares(self._places[rows], self._places[columns])
        return np.asarray(np.exp(-squares / self._scale))


def _squares(rows: Floats, columns: Floats) -> Floats:
    """Squared distances; [R, C]."""
    sums = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1)[None]
    return np.asarray(np.maximum(sums - 2 * rows @ columns.T, 0.0))


def _beside(points: int) -> int:
    """How many others, at most, there is a matrix of beside so many points."""
    return min(_MOST, max(1, _CELLS // points))


def _sample(points: Sequence[int], most: int, seed: int) -> npt.NDArray[np.int64]:
    known = np.array(sorted(set(points)), dtype=np.int64)
    if len(known) <= most:
        return known
    return np.sort(np.random.default_rng(seed).choice(known, most, replace=False))
