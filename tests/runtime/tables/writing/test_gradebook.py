"""Scores as Canvas and Moodle import them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

import bundles_made
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError

CORPUS = Path(__file__).parents[3] / "data" / "tables" / "output"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gradebook")
    bundles_made.write(folder / "one.kdz")
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    return folder


def score(bundle, table, *arguments):
    done = CliRunner().invoke(cli, ["score", str(bundle), str(table), *map(str, arguments)])
    if done.exception:
        raise done.exception
    return [*csv.reader(done.stdout_bytes.decode().splitlines())], done.stderr


def predicted(bundle, table):
    rows, _ = score(bundle, table, "-q")
    at = rows[0].index("predicted")
    return [row[at] for row in rows[1:]]


def test_canvas(made):
    table = CORPUS / "canvas-student-analysis.csv"
    rows, told = score(made / "one.kdz", table, "--format", "canvas", "--assignment", "Ice (17)")
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Ice (17)"]
    assert rows[1][:5] == ["Student 0, A", "1000", "sis0", "", "7b"]
    assert [row[5] for row in rows[1:]] == predicted(made / "one.kdz", table)
    assert "scored 24 responses" in told


def test_moodle(made):
    table = CORPUS / "moodle-responses.csv"
    rows, _ = score(made / "one.kdz", table, "--format", "moodle", "-q")
    assert rows[0][:2] == ["ID number", "Email address"]
    assert rows[1][:2] == ["N0", "s0@school.example"]
    assert [row[2] for row in rows[1:]] == predicted(made / "one.kdz", table)


def test_a_column_for_each_item(made, tmp_path):
    table = tmp_path / "in.csv"
    one, two = (entry.item_id for entry in bundles_made.two_items())
    rows = f"a@x,{one},the ice\nb@x,{one},the pot\na@x,{two},water\n,,\n"
    table.write_text(f"E-Mail,item,text\n{rows}")
    rows, _ = score(made / "two.kdz", table, "--format", "moodle")
    assert rows[0] == ["Email address", one, two]
    assert [row[0] for row in rows[1:]] == ["a@x", "b@x"]
    assert all(rows[1])
    assert rows[2][2] == ""


def test_a_row_of_nobody_is_left_out_and_counted(made, tmp_path):
    table = tmp_path / "in.csv"
    table.write_text("email,text\na@x,the ice\n,Overall mean\n")
    rows, told = score(made / "one.kdz", table, "--format", "moodle")
    assert len(rows) == 2
    assert "1 row names no student and is not in the gradebook's file." in told


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("id,text\n1,the ice\n", ["--format", "moodle"], "no column 'ID number' or 'Username'"),
        ("Student,id,text\nA,1,the ice\n", ["--format", "canvas"], "no column 'ID' or 'SIS User"),
        ("ID,section,text\n1,b,the ice\n", ["--format", "canvas"], "no column 'Student'"),
        ("email,text\na,ice\na,pot\n", ["--format", "moodle"], "responses 1 and 2 are by the same"),
        ("email,text\na,ice\n", ["--format", "moodle", "--json"], "leave out --json"),
    ],
)
def test_what_no_gradebook_takes(made, tmp_path, content, options, told):
    table = tmp_path / "in.csv"
    table.write_text(content)
    with pytest.raises(InputError, match=told):
        score(made / "one.kdz", table, *options)


def test_a_sentence_has_no_gradebook(made):
    with pytest.raises(InputError, match="needs a table"):
        score(made / "one.kdz", "the ice melts", "--format", "moodle")
