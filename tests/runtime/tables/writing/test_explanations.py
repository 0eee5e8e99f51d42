"""`kd-edge score --explain`: the words behind each score, for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp

import pytest

import bundles_made
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer

TABLE = (
    "response_id,item_id,text\n"
    'r7,stove,"The water in the pot gets warm, the pot, zork."\n'
    "r8,spoon,zork\n"
    "r9,stove,\n"
)


@pytest.fixture
def bundle(tmp_path):
    bundles_made.write(tmp_path / "item.kdz", bundles_made.two_items())
    return tmp_path / "item.kdz"


@pytest.fixture
def table(tmp_path):
    (tmp_path / "given.csv").write_text(TABLE)
    return tmp_path / "given.csv"


def test_for_people(command, bundle, table):
    said = command("score", bundle, table, "--explain")
    assert said.code == 0, said.err
    first, second, third = said.out.strip().split("\n\n")
    assert first.startswith("'r7', item 'stove': ")
    assert "unknown words: zork" in first
    assert "the x3" in first
    assert "before any word" in second
    assert second.endswith("unknown words: zork")
    assert "flag empty" in third
    with Scorer.open(bundle) as scorer:
        score = scorer.score("zork", "spoon")
    last = [line for line in second.splitlines() if line.startswith("  probability")]
    assert last[0].split()[1:] == [f"{one:.2f}" for one in score.probabilities]


def test_what_is_not_shown_is_added_up(command, bundle, tmp_path):
    (tmp_path / "long.csv").write_text(
        f'item_id,text\nstove,"{" ".join(bundles_made.SENTENCES)}"\n'
    )
    (block,) = (
        command("score", bundle, tmp_path / "long.csv", "--explain").out.strip().split("\n\n")
    )
    lines = block.splitlines()
    assert lines[0].startswith("response 1, item 'stove'")
    last = next(at for at, line in enumerate(lines) if line.startswith("  total"))
    *rows, totals = [[float(cell) for cell in line.split()[-4:]] for line in lines[2 : last + 1]]
    assert any(" more" in line for line in lines)
    # Each of a dozen lines is rounded to two decimals.
    assert [sum(column) for column in zip(*rows)] == pytest.approx(totals, abs=0.1)


def test_as_json(command, bundle, table):
    said = command("score", bundle, table, "--explain", "--json")
    first = json.loads(said.out.splitlines()[0])
    parts = [first["why"]["start"], *(push["towards"] for push in first["why"]["pushes"])]
    powers = {name: exp(sum(part[name] for part in parts)) for name in bundles_made.SCORES}
    for name, power in powers.items():
        assert power / sum(powers.values()) == pytest.approx(first[f"p_{name}"], abs=1e-4)
    assert first["why"]["unknown"] == ["zork"]
    assert {"words": ["the"], "times": 3}.items() <= next(
        push for push in first["why"]["pushes"] if push["words"] == ["the"]
    ).items()
    assert "why" not in json.loads(command("score", bundle, table, "--json").out.splitlines()[0])


def test_a_table_is_no_place_for_it(command, bundle, table, tmp_path):
    message = command.fails("score", bundle, table, "--explain", "-o", tmp_path / "out.csv")
    assert "choose a name that ends in .txt, or add --json" in message
    message = command.fails("score", bundle, table, "--explain", "--json", "-o", tmp_path / "o.csv")
    assert "choose a name that ends in .jsonl" in message
    assert not (tmp_path / "out.csv").exists()
    said = command("score", bundle, table, "--explain", "-o", tmp_path / "out.txt")
    assert said.code == 0, said.err
    assert (tmp_path / "out.txt").read_text().count("  total ") == 3


def test_a_student_that_is_no_bag(tmp_path):
    part = replace(bundles_made.item(), student="rnn")
    bundles_made.write(tmp_path / "rnn.kdz", [part])
    with Scorer.open(tmp_path / "rnn.kdz") as scorer, pytest.raises(InputError, match="kind 'rnn'"):
        scorer.explain("the water")
