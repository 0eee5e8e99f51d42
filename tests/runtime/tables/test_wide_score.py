"""Tables whose rows hold responses to several items, scored and written back row for row."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

import bundles_made
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError, TableError
from kd_edge_runtime.scorer import Scorer

ICE, WOOL = "The ice melts in the warm room.", "Wool keeps the heat in."


@pytest.fixture
def bundle(tmp_path):
    def write(*names: str, part_of: str = ""):
        one = bundles_made.item()
        items = [replace(one, item_id=name, part_of=part_of) for name in names]
        bundles_made.write(tmp_path / "two.kdz", items)
        return tmp_path / "two.kdz"

    return write


@pytest.fixture
def score(tmp_path):
    def run(bundle, table: str, *options: str, ending: str = ".csv"):
        path, output = tmp_path / "quiz.csv", tmp_path / f"scores{ending}"
        path.write_text(table, encoding="utf-8")
        arguments = ["score", *map(str, (bundle, path, "-o", output)), *options]
        cli.main(arguments, standalone_mode=False)
        return output

    return run


def rows(path, delimiter=","):
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file, delimiter=delimiter)]


def test_each_item_has_its_columns_and_each_row_stays(bundle, score):
    made = bundle("Q1", "Q2")
    found = rows(score(made, f"who,Q1,note,Q2\na,{ICE},x,{WOOL}\nb,,y,{ICE}\n"))
    assert [*found[0]][:4] == ["who", "Q1", "note", "Q2"]
    added = ["predicted", "expected", "confidence", "flag"]
    assert [*found[0]][4:] == [f"{item} {name}" for item in ("Q1", "Q2") for name in added]
    assert [(row["who"], row["note"]) for row in found] == [("a", "x"), ("b", "y")]
    with Scorer.open(made) as scorer:
        ((ice, blank), (wool, other)) = (
            scorer.score_many([ICE, ""], "Q1"),
            scorer.score_many([WOOL, ICE], "Q2"),
        )
    assert [row["Q1 predicted"] for row in found] == [ice.predicted, blank.predicted]
    assert [row["Q2 predicted"] for row in found] == [wool.predicted, other.predicted]
    assert [row["Q1 flag"] for row in found] == [ice.flag, "empty"]
    assert found[0]["Q1 expected"] == f"{ice.expected:.4f}"


@pytest.mark.parametrize("header", ["Response 1,Response 2", "Question 1,Question 2", "q1,q2"])
def test_columns_by_other_names_of_the_question(bundle, score, header):
    found = rows(score(bundle("Q1", "2"), f"{header}\n{ICE},{WOOL}\n"))
    assert "Q1 predicted" in found[0]
    assert "2 predicted" in found[0]


def test_an_item_that_the_table_lacks_is_named(bundle, score, capsys):
    found = rows(score(bundle("Q1", "Q2", "Q3"), f"Q1,Q2\n{ICE},{WOOL}\n"))
    assert "Q3 predicted" not in found[0]
    assert "No column holds responses to 'Q3'." in capsys.readouterr().err


def test_where_no_column_is_an_item_s_both_are_listed(bundle, score):
    with pytest.raises(TableError) as error:
        score(bundle("Q1", "Q2"), f"ice_1,wool_1\n{ICE},{WOOL}\n", "--wide")
    assert "the bundle has 2 items ('Q1', 'Q2')" in str(error.value)
    assert "1 'ice_1', 2 'wool_1'" in str(error.value)


def test_a_table_with_an_item_column_is_not_wide(bundle, score):
    found = rows(score(bundle("Q1", "Q2"), f"item,text,Q1\nQ2,{ICE},x\n"))
    assert [*found[0]][3:7] == ["predicted", "expected", "confidence", "flag"]


def test_one_item_is_scored_as_before(bundle, score):
    found = rows(score(bundle("Q2"), f"Q1,Q2\n{ICE},{WOOL}\n"))
    assert [*found[0]][:4] == ["Q1", "Q2", "predicted", "expected"]


def test_criteria_add_up(bundle, score, capsys):
    made = bundle("e: content", "e: language", part_of="e")
    table = f"id,text,score: content,score: language\na,{ICE},1,2\nb,{WOOL},0,1\n"
    found = rows(score(made, table))
    for row in found:
        parts = ("e: content", "e: language")
        total = sum(int(row[f"{part} predicted"]) for part in parts)
        assert row["total_predicted"] == str(total)
        expected = sum(float(row[f"{part} expected"]) for part in parts)
        assert float(row["total_expected"]) == pytest.approx(expected, abs=1e-3)
    told = capsys.readouterr().err
    assert "Agreement with people's scores (column 'score: content')" in told
    assert "Agreement of the sum 'e': exact " in told


def test_a_bundle_without_sums_is_as_it_was(bundle):
    with Scorer.open(bundle("Q1")) as scorer:
        assert "part_of" not in scorer.bundle.manifest.to_json()


def test_the_table_s_dialect_and_json(bundle, score):
    made = bundle("Q1", "Q2")
    found = rows(score(made, f"n;Q1;Q2\n1,5;{ICE};{WOOL}\n"), ";")
    assert "," in found[0]["Q1 expected"]
    line = score(made, f"Q1,Q2\n{ICE},{WOOL}\n", "--json", ending=".jsonl").read_text("utf-8")
    assert isinstance(json.loads(line)["Q2 expected"], float)


def test_a_name_that_is_taken(bundle, score):
    table = f"Q1,Q2,Q1 predicted\n{ICE},{WOOL},1\n"
    with pytest.raises(TableError, match="already has a column of this name"):
        score(bundle("Q1", "Q2"), table)
    assert "m_Q1 predicted" in rows(score(bundle("Q1", "Q2"), table, "--prefix", "m_"))[0]


def test_bad_rows_stop_or_are_skipped(bundle, score, tmp_path):
    made, table = bundle("Q1", "Q2"), f"Q1,Q2\n{ICE}\n{ICE},{WOOL}\n"
    with pytest.raises(TableError, match="row 2: 1 field"):
        score(made, table)
    assert len(rows(score(made, table, "--on-bad-row", "skip"))) == 1
    assert "2,," in (tmp_path / "quiz.skipped.csv").read_text(encoding="utf-8")


def test_explanations_are_for_one_item(bundle, score):
    with pytest.raises(InputError, match="--explain is for one item"):
        score(bundle("Q1", "Q2"), f"Q1,Q2\n{ICE},{WOOL}\n", "--explain", ending=".txt")
