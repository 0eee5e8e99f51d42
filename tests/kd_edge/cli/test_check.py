"""`kd-edge check`: what a table holds, without training."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from workshop import CANARY, item_of, with_canary, write_table


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "answers.csv", [with_canary(item_of(40))])


def test_what_a_table_holds(command, table):
    said = command("check", table)
    assert said.code == 0, said.err
    assert "responses by score: 0 " in said.out
    assert said.out.endswith(f"'kd-edge run' accepts this table:\n  kd-edge run {table} -o out\n")
    assert CANARY not in said.out + said.err


def test_the_line_to_type_has_the_options_that_were_given(command, table):
    said = command("check", table, "--score-range", "0-3", "--missing", "not yet", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    given = "--score-range 0-3 --missing 'not yet' -o out"
    assert found["command"] == f"kd-edge run {table} {given}"
    assert found["items"][0]["classes"]["3"] == 0
    assert found["rows"] == 40


def test_items_that_would_be_left_out(command, tmp_path):
    few = write_table(tmp_path / "two.csv", [item_of(40, "wool"), item_of(5, "ice")])
    said = command("check", few)
    assert said.code == 1
    assert "Left out: item 'ice': it has 5 rows, fewer than 20" in said.out
    assert "'kd-edge run' accepts the other items" in said.out
    assert json.loads(command("check", few, "--json").out)["left_out"].keys() == {"ice"}


def test_what_run_refuses(command, tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("text,score\nIt melts.,1\n", encoding="utf-8")
    said = command("check", path)
    assert (said.code, said.out) == (2, "")
    assert "fewer than 20" in said.err


def test_what_run_cannot_split(command, tmp_path):
    lines = [f"r{row},it melts {row},{row % 2},test" for row in range(40)]
    path = tmp_path / "tested.csv"
    path.write_text("\n".join(["id,text,score,split", *lines]), encoding="utf-8")
    said = command("check", path)
    assert said.code == 2
    assert "0 scored responses are too few to learn from beside the rows marked 'test'" in said.err


def test_nothing_of_torch_is_imported(table):
    code = (
        "import sys\n"
        "from kd_edge.cli.check import check\n"
        "check(sys.argv[1:], standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, table], capture_output=True).returncode == 0
