"""The record of held-out responses in a manifest: what is refused, and when it is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

import bundles_made
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.held_out import HeldOut, confidence_bin, held_out_of, unknown_bin
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.scorer import Scorer

GOOD = HeldOut(30, (10, 10, 5, 5), (0,) * 5 + (30,) + (0,) * 4, {"": 20, "later": 10}, (1,) * 20)


def write(path, raw):
    bundles_made.write(path, [replace(bundles_made.item(), held_out=raw)])
    return path


def test_what_is_written_is_read(tmp_path):
    for record in (GOOD, replace(GOOD, unknown=())):
        with Bundle(write(tmp_path / "x.kdz", record.to_json())) as bundle:
            bundle.check()
            assert held_out_of(bundle.manifest.item()) == record


def test_a_bundle_without_one(tmp_path):
    with Bundle(write(tmp_path / "x.kdz", None)) as bundle:
        bundle.check()
        assert held_out_of(bundle.manifest.item()) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"responses": 19}, "'responses' is missing"),
        ({"responses": "30"}, "'responses' is missing"),
        ({"responses": 1 << 60}, "'responses' is missing"),
        ({"score": [1, 2, 3]}, "'score' is missing or not a list of 4 counts"),
        ({"score": [1, 2, 3, -1]}, "'score' is missing or not a list of 4 counts"),
        ({"score": [1, 2, 3, True]}, "'score' is missing or not a list of 4 counts"),
        ({"score": [10, 10, 10, 1]}, "counts more than the 30 responses"),
        ({"confidence": None}, "'confidence' is missing"),
        ({"flag": [1]}, "'flag' is missing"),
        ({"flag": {"\x1b[2J": 1}}, "'flag' is missing"),
        ({"flag": {"": "all"}}, "'flag' is missing"),
        ({"unknown": {"a": 1}}, "'unknown' is missing or not a list of 20"),
        ({"unknown": [1]}, "'unknown' is missing or not a list of 20"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is_used(change, why, tmp_path):
    path = write(tmp_path / "x.kdz", {**GOOD.to_json(), **change})
    with Scorer.open(path) as scorer:
        assert scorer.score("The ice melts.").predicted, "scoring does not look at it"
        with pytest.raises(BundleError, match=why):
            held_out_of(scorer.bundle.manifest.item())
        with pytest.raises(BundleError, match=f"x.kdz: item 'stove', held_out.*{why}"):
            scorer.bundle.check()


def test_bins_begin_with_their_lower_end():
    assert [confidence_bin(float(f"{at / 10:.4f}")) for at in range(11)] == [*range(10), 9]
    assert [confidence_bin(float(f"{at / 10 - 1e-4:.4f}")) for at in range(1, 11)] == [*range(10)]
    assert [unknown_bin(at, 20) for at in range(21)] == [*range(20), 19]
    assert unknown_bin(0, 0) == 0
