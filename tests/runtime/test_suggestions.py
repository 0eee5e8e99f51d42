"""Near misses."""

from __future__ import annotations

import pytest

from kd_edge_runtime.suggestions import closest, did_you_mean


@pytest.mark.parametrize(
    ("wanted", "names", "near"),
    [
        ("respnse", ["id", "Response"], "Response"),
        ("Essay Text", ["id", "EssayText"], "EssayText"),
        ("zzz", ["id", "Response"], None),
        ("x", [], None),
        ("scor", ["score", "serve"], "score"),
        ("--tex", ["--text-column", "--item"], "--text-column"),
        ("--textcolumn", ["--text-column", "--item"], "--text-column"),
        ("--item", ["--item-column", "--items"], "--items"),
        ("", ["a"], None),
        ("--", ["a", "--"], "--"),
        ("4", ["1", "2"], None),
    ],
)
def test_closest(wanted, names, near):
    assert closest(wanted, names) == near


def test_did_you_mean():
    assert did_you_mean("distil", ["distill", "run"]) == ": did you mean 'distill'?"
    assert did_you_mean("distil", ["run"]) == ""
