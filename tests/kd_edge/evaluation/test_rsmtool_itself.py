"""The report's figures are RSMTool's: those it gave for kept scores, and its own where it is."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from kd_edge.evaluation.rsmtool import SORTS, compare, sorts
from kd_edge.report.figures.groups import by_group
from kd_edge.report.figures.raters import degradation, disattenuated_correlation, true_scores
from rsmtool_figures import KEPT, made_data, rsmtool_figures

# RSMTool's names and ours; it writes agreement in percent.
_NAMES = {
    "N": "responses",
    "SMD": "smd",
    "exact_agr": "exact",
    "adj_agr": "adjacent",
    "kappa": "kappa",
    "wtkappa": "qwk",
    "corr": "correlation",
    "R2": "r2",
    "RMSE": "rmse",
}
_PERCENT = ("exact_agr", "adj_agr")
_WHOLE = ("rounded", "given")


def our_figures(data):
    human = np.array(data["human"], dtype=np.float64)
    second = np.array([np.nan if one is None else one for one in data["second"]])
    twice = ~np.isnan(second)
    given = np.array(data["given"], dtype=np.float64)
    values = range(data["low"], data["high"] + 1)
    points = sorts(np.array(data["expected"]), given, values)
    assert tuple(points) == SORTS
    machine = {sort: compare(human, one, whole=sort in _WHOLE) for sort, one in points.items()}
    people = compare(human[twice], second[twice], pooled=True)
    true = {sort: true_scores(one, human, second) for sort, one in points.items()}
    return {
        "machine": machine,
        "people": people,
        "degradation": {sort: degradation(one, people) for sort, one in machine.items()},
        "disattenuated": {
            sort: disattenuated_correlation(one, people) for sort, one in machine.items()
        },
        "true": true,
        "groups": {one.name: one for one in by_group(human, given, data["group"], points)},
    }


def assert_same(ours, theirs, seen, spreads=()):
    """One table of RSMTool's against one of ours; counts in `seen` what was compared."""
    plain = {name: value for name, value in asdict(ours).items() if value is not None}
    for name, our_name in _NAMES.items():
        if name in theirs and our_name in plain:
            scale = 100 if name in _PERCENT else 1
            assert plain[our_name] * scale == pytest.approx(theirs[name], abs=1e-9), name
            seen.append(name)
    for prefix, part in spreads:
        for name, value in (("mean", "mean"), ("sd", "sd"), ("min", "low"), ("max", "high")):
            assert plain[part][value] == pytest.approx(theirs[f"{prefix}_{name}"], abs=1e-9)
            seen.append(f"{prefix}_{name}")


def assert_all_same(data, theirs):
    ours = our_figures(data)
    seen = []
    for sort in SORTS:
        spreads = (("h", "reference"), ("sys", "machine"))
        assert_same(ours["machine"][sort], theirs["machine"][sort], seen, spreads)
        assert_same(ours["degradation"][sort], theirs["degradation"][sort], seen)
        true = ours["true"][sort]
        assert true.prmse == pytest.approx(theirs["prmse"][sort], abs=1e-9)
        assert true.mse == pytest.approx(theirs["mse"][sort], abs=1e-9)
        assert true.error_variance == pytest.approx(theirs["error_variance"], abs=1e-9)
        assert true.true_variance == pytest.approx(theirs["true_variance"], abs=1e-9)
        assert ours["disattenuated"][sort] == pytest.approx(theirs["disattenuated"][sort], abs=1e-9)
    people = {name: one for name, one in theirs["people"].items() if name != "RMSE"}
    assert_same(ours["people"], people, seen, (("h1", "reference"), ("h2", "machine")))
    assert set(ours["groups"]) == set(theirs["groups"])
    for name, group in ours["groups"].items():
        other = theirs["groups"][name]
        assert group.responses == other["N"]
        assert group.qwk == pytest.approx(other["wtkappa"], abs=1e-9)
        assert group.dsm == pytest.approx(other["DSM"], abs=1e-9)
    assert set(seen) >= {*_NAMES, "h_mean", "sys_sd", "h1_sd", "h2_mean"}
    # 4 sorts: SMD, QWK, correlation, R2, RMSE, N of each, kappa and agreements of two
    assert len(seen) > 4 * 6 + 2 * 3 + 4 * 8


def test_the_kept_figures_of_rsmtool():
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept["rsmtool"].split(".")[0] == "12"
    assert kept["data"] == made_data(0)
    assert min(kept["data"]["expected"]) < -0.5, "trimming must have something to do"
    assert_all_same(kept["data"], kept["figures"])


@pytest.mark.parametrize(("seed", "rows", "low", "high"), [(1, 40, 0, 2), (2, 300, 1, 6)])
def test_rsmtools_own_functions(seed, rows, low, high):
    pytest.importorskip("rsmtool", reason="rsmtool is not installed (it asks for numpy 1)")
    data = made_data(seed, rows, low, high)
    assert_all_same(data, rsmtool_figures(data))
