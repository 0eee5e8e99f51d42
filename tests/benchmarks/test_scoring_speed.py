"""The benchmarks of speed and scaling: small runs of them, and the tables made of their figures."""

from __future__ import annotations

import numpy as np
import pytest

import bundles_made
from benchmarks import cost_scaling, record, scoring_speed, speed_tables, untrained_bundle


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scaling")
    return cost_scaling.measure(folder, (10, 1000), (10, 100), (1, 3), (1000, 40_000))


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speed")
    bundles_made.write(folder / "b.kdz")
    rows = [f'"{text}",{at % 3}' for at, text in enumerate(bundles_made.SENTENCES * 4)]
    (folder / "r.csv").write_text("\n".join(["text,score", *rows]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring_speed, "STARTS", 1)
        patch.setattr(scoring_speed, "FRESH", 24)
        return scoring_speed.measure(
            folder, folder / "b.kdz", folder / "r.csv", before=scoring_speed.RUNTIME, many=64
        )


def test_exponents_are_those_of_powers():
    sizes = (1, 10, 100)
    points = [{"rows": n, "seconds": 3 * n**1.5 if n > 1 else 50, "peak": 7.0} for n in sizes]
    assert cost_scaling.exponents("rows", points) == pytest.approx(
        {"seconds": 1.5, "peak": 0.0}, abs=1e-9
    )


def test_what_grows(grown):
    assert [*grown] == ["words", "rows", "items", "parameters"]
    for name, one in grown.items():
        assert {name, *one["exponents"]} == {*one["points"][0]}
        assert all(value > 0 for point in one["points"] for value in point.values())
        assert np.isfinite([*one["exponents"].values()]).all()
    few, many = grown["rows"]["points"]
    assert many["peak MiB"] < 1.5 * few["peak MiB"] < 60
    assert [point["parameters"] for point in grown["parameters"]["points"]] == [1044, 40_044]
    small, large = grown["items"]["points"]
    assert large["bytes"] > 2 * small["bytes"]  # each item has weights of its own


@pytest.mark.parametrize("ngrams", [100, 3500, 5000, 9001])
def test_items_of_any_size(ngrams):
    item = untrained_bundle.made_item("x", ngrams)
    assert sum(item.text["sizes"]) == ngrams
    assert item.parameters == 8 * ngrams + 44


def test_what_is_timed(timed):
    assert (timed["responses"], timed["fasttext"]) == (32, None)
    assert {*timed["total"]} == {*timed["before"]} == {"one", "first", "many"}
    assert all(value > 0 for value in timed["total"].values())
    assert len(timed["profile"]) == 5
    assert {*timed["start"]} == {"python", "onnxruntime", "score"}


def test_tables_and_plot(grown, timed, tmp_path, monkeypatch):
    race = {"one": {"ours": 2.0, "10 dimensions": 4.0}, "many": {"ours": 3.0, "10 dimensions": 2.0}}
    kept = {"scaling": grown, "speed": {**timed, "fasttext": race}}
    monkeypatch.setattr(record, "read", lambda name: {"figures": kept[name]})
    assert "| one response / fastText `.ftz`, 10 dimensions | 0.50 |" in speed_tables.ratios()
    assert "| 10,000 at once / fastText `.ftz`, 10 dimensions | 1.50 |" in speed_tables.ratios()
    assert "one response / before" in speed_tables.ratios()
    kept["speed"] = {**timed, "before": None}
    assert speed_tables.ratios().count("\n") == 3
    assert speed_tables.profile().splitlines()[-1].startswith("| all |")
    assert "| rows of the file, 10 to 1.00 k | peak MiB |" in speed_tables.scaling()
    speed_tables.plot(tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").stat().st_size > 10_000
