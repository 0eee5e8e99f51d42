"""The agreement with people's scores that `kd-edge score` prints, and the figures behind it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import bundles_made
from kd_edge.data.responses import Scale
from kd_edge.evaluation.metrics import agreement
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables.agreement import Tally, tally_for

TEXTS = [*bundles_made.SENTENCES, "the ice", "a spoon gets warm", ""]


@pytest.fixture
def bundle(tmp_path):
    bundles_made.write(tmp_path / "item.kdz")
    return tmp_path / "item.kdz"


@pytest.fixture
def table(tmp_path):
    def table(header, rows):
        out = io.StringIO()
        csv.writer(out).writerows([header, *rows])
        path = tmp_path / "in.csv"
        path.write_text(out.getvalue(), encoding="utf-8")
        return path

    return table


def printed(command, bundle, path, *options):
    """The lines about agreement."""
    said = command("score", bundle, path, *options)
    assert said.code == 0, said.err
    lines = said.err.splitlines()
    at = next((at for at, line in enumerate(lines) if "The small model scored" in line), -1)
    return lines[at + 1 :]


def machine(bundle, texts=TEXTS):
    with Scorer.open(bundle) as scorer:
        return [one.predicted for one in scorer.score_many(texts)]


@pytest.mark.parametrize(
    "written", [str, "{}.0".format, "{},0".format, "{}/3".format, " {} ".format]
)
def test_it_is_that_of_the_workshop(command, bundle, table, written):
    human = [str(at % 4) for at in range(len(TEXTS))]
    path = table(["text", "score"], [*zip(TEXTS, map(written, human), strict=True)])
    pairs = np.array([[int(a), int(b)] for a, b in zip(human, machine(bundle), strict=True)])
    wanted = agreement(pairs[:, 0], pairs[:, 1], Scale.from_range(0, 3))
    assert printed(command, bundle, path) == [
        f"Agreement with people's scores (column 'score'): exact {wanted.accuracy:.1%}, adjacent "
        f"{wanted.adjacent:.1%}, QWK {wanted.qwk:.3f} ({len(TEXTS)} responses)"
    ]


def test_a_score_column_is_named_or_has_a_usual_name(command, bundle, table):
    path = table(["text", "judged"], [("the ice", "2")])
    assert printed(command, bundle, path) == []
    [line] = printed(command, bundle, path, "--score-column", "judged")
    assert "(column 'judged'): exact" in line
    assert "(1 response)" in line
    assert printed(command, bundle, path, "--score-column", "judged", "-q") == []
    assert "no column 'given'" in command.fails("score", bundle, path, "--score-column", "given")


def test_cells_without_a_score_are_left_out_and_counted(command, bundle, table):
    rows = [("the ice", "2"), ("water", ""), ("warm", "absent"), ("pot", "99")]
    [line] = printed(command, bundle, table(["text", "grade"], rows))
    assert "(column 'grade', 2 without a score, 1 with a score of another scale): exact" in line
    assert line.endswith("(1 response)")


def test_nothing_is_said_where_no_score_can_be_read(command, bundle, table):
    path = table(["text", "score"], [("the ice", "good"), ("the pot", "")])
    assert printed(command, bundle, path) == []
    [line] = printed(command, bundle, path, "--score-column", "score")
    assert line == "No score in column 'score' is one of the item's (0, 1, 2, 3)."
    # Two columns of people's scores that nobody chose between.
    assert printed(command, bundle, table(["text", "points", "grade"], [("a", "1", "2")])) == []


def test_test_rows_alone_count_where_there_are_some(command, bundle, table):
    found = machine(bundle, ["the ice", "a warm pot"])
    other = "0" if found[0] != "0" else "1"
    rows = [("the ice", found[0], "test"), ("the ice", other, "train"), ("a warm pot", other, "")]
    [line] = printed(command, bundle, table(["text", "score", "split"], rows))
    assert "test rows by column 'split' only): exact 100.0%" in line
    assert line.endswith("(1 response)")
    [line] = printed(command, bundle, table(["text", "score", "split"], rows[1:]))
    assert "split" not in line


def test_each_item_has_its_own_line(command, tmp_path, table):
    made = tmp_path / "two.kdz"
    bundles_made.write(made, bundles_made.two_items())
    rows = [("stove", "the ice", "2"), ("spoon", "the pot", "Partly"), ("spoon", "it", "right")]
    first, second, third = printed(command, made, table(["item_id", "text", "score"], rows))
    assert first == "Agreement with people's scores (column 'score'):"
    assert second.startswith(" item 'stove': exact ")
    assert third.startswith(" item 'spoon': exact ")
    assert "adjacent" in second
    assert "adjacent" not in third, "words have no distance"
    assert third.endswith("(2 responses)")


def test_what_is_scored_is_not_changed(command, bundle, table):
    rows = [(text, str(at % 4)) for at, text in enumerate(TEXTS)]
    path = table(["text", "score"], rows)
    assert command("score", bundle, path).out == command("score", bundle, path, "-q").out


def test_more_items_than_are_listed_are_counted(tmp_path):
    names = [f"q{at:02d}" for at in range(23)]
    bundles_made.write(tmp_path / "many.kdz", [bundles_made.item(name) for name in names])
    with Bundle(tmp_path / "many.kdz") as opened, Scorer(opened) as scorer:
        tally = Tally(["score"], opened.manifest.items, 0, None, False)
        from kd_edge_runtime.tables.score_rows import Scored

        rows = [Scored(["1"], name, scorer.score("the ice", name)) for name in names]
        assert [*tally.counted(iter([rows]))] == [rows]
    assert tally.lines()[-1] == "  and 3 more items"
    assert len(tally.lines()) == 22


def test_a_named_column_that_holds_the_responses_has_no_scores():
    with pytest.raises(TableError, match="'text' is named twice: --score-column needs another"):
        tally_for(("text", "score"), "t.csv", (), "text", {0})
