"""What RSMTool's own functions make of a few made-up scores; run where rsmtool is installed.

    python tests/support/rsmtool_figures.py

writes `rsmtool_figures.json` beside it: the scores and RSMTool's figures, by which the report's
are checked where rsmtool is not installed (it asks for numpy 1 and much else).
"""

from __future__ import annotations

import json
import random
import warnings
from pathlib import Path

KEPT = Path(__file__).with_name("rsmtool_figures.json")

# RSMTool's names of the sorts of score; its "scale" stands for the scores given out.
SORTS = {"raw": "raw", "raw_trim": "trimmed", "raw_trim_round": "rounded", "scale": "given"}


def made_data(seed, rows=150, low=0, high=3):
    """Scores of two people and a machine, some of its expected scores outside the scale."""
    rng = random.Random(seed)
    data = {"low": low, "high": high, "human": [], "second": [], "group": [], "expected": [],
            "given": []}  # fmt: skip
    for _ in range(rows):
        true = rng.uniform(low - 0.4, high + 0.4)

        def rated(noise, true=true):
            return min(high, max(low, round(true + rng.gauss(0, noise))))

        data["human"].append(rated(0.4))
        data["second"].append(rated(0.4) if rng.random() < 0.6 else None)
        data["group"].append(rng.choice(["east", "north", "west"]))
        data["expected"].append(round(true + rng.gauss(0.1, 0.5), 6))
        data["given"].append(rated(0.7))
    return data


def rsmtool_figures(data):
    """RSMTool's figures of such scores, by our names of sorts."""
    import numpy as np
    import pandas as pd
    from rsmtool.analyzer import Analyzer
    from rsmtool.preprocessor import FeaturePreprocessor
    from rsmtool.utils import prmse

    warnings.simplefilter("ignore")
    raw = np.array(data["expected"])
    trimmed = FeaturePreprocessor().trim(raw, data["low"], data["high"])
    frame = pd.DataFrame(
        {
            "sc1": np.array(data["human"], dtype=float),
            "sc2": [np.nan if one is None else float(one) for one in data["second"]],
            "raw": raw,
            "raw_trim": trimmed,
            "raw_trim_round": np.rint(trimmed),
            "scale": np.array(data["given"], dtype=float),
        }
    )
    analyzer = Analyzer()
    machine, _, people = analyzer.compute_metrics(frame, include_second_score=True)
    lost, correlations = analyzer.compute_degradation_and_disattenuated_correlations(frame)
    ratings = frame[["sc1", "sc2"]].to_numpy()
    return {
        "machine": _by_sort(machine),
        "people": _plain(people.iloc[0]),
        "degradation": _by_sort(lost),
        "disattenuated": {
            ours: float(correlations.loc[name, "corr_disattenuated"])
            for name, ours in SORTS.items()
        },
        "prmse": {o: float(prmse.prmse_true(frame[n], ratings)) for n, o in SORTS.items()},
        "mse": {o: float(prmse.mse_true(frame[n], ratings)) for n, o in SORTS.items()},
        "error_variance": float(prmse.variance_of_errors(ratings)),
        "true_variance": float(prmse.true_score_variance(ratings)),
        "groups": _groups(frame, data["group"]),
    }


def _groups(frame, groups):
    from rsmtool.utils.metrics import (
        difference_of_standardized_means,
        quadratic_weighted_kappa,
    )

    found = {}
    for name in sorted(set(groups)):
        part = frame[[one == name for one in groups]]
        whole = frame["sc1"].mean(), frame["sc1"].std(ddof=1)
        found[name] = {
            "N": len(part),
            "wtkappa": float(quadratic_weighted_kappa(part["sc1"], part["scale"])),
            "DSM": {
                ours: float(
                    difference_of_standardized_means(
                        part["sc1"],
                        part[sort],
                        whole[0],
                        frame[sort].mean(),
                        whole[1],
                        frame[sort].std(ddof=1),
                    )
                )
                for sort, ours in SORTS.items()
            },
        }
    return found


def _by_sort(frame):
    return {ours: _plain(frame.loc[name]) for name, ours in SORTS.items()}


def _plain(row):
    return {name: float(value) for name, value in row.items()}


if __name__ == "__main__":
    from rsmtool.version import __version__

    data = made_data(0)
    kept = {"rsmtool": __version__, "data": data, "figures": rsmtool_figures(data)}
    KEPT.write_text(json.dumps(kept) + "\n", encoding="utf-8")
