"""The best of some settings on the held-out rows. Needs numpy alone."""

from __future__ import annotations

import numpy as np


def best(task, settings, fit, probabilities):
    """Fits with every setting.

    Args:
        task: the item's rows.
        settings: what to try; the first of equals is taken.
        fit: a model for a setting.
        probabilities: what a model says of the held-out rows; [N, K].

    Returns:
        The best setting, its model and its QWK on the held-out rows.
    """
    human = np.array([row["score"] for row in task["held_out"]])
    found = None
    for setting in settings:
        model = fit(setting)
        machine = np.asarray(probabilities(model)).argmax(1)
        kappa = quadratic_kappa(human, machine, len(task["classes"]))
        if found is None or kappa > found[2]:
            found = (setting, model, kappa)
    return found


def quadratic_kappa(human, machine, classes):
    """Quadratic weighted kappa (Cohen 1968) of classes 0 to K - 1; 0 where it is not defined."""
    observed = np.zeros((classes, classes))
    np.add.at(observed, (human, machine), 1)
    distance = np.subtract.outer(np.arange(classes), np.arange(classes)) ** 2
    expected = np.outer(observed.sum(1), observed.sum(0)) / len(human)
    chance = (distance * expected).sum()
    return float(1 - (distance * observed).sum() / chance) if chance else 0.0
