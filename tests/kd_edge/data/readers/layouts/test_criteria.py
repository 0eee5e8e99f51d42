"""Several scores of one response; tables/wide holds whole files."""

from __future__ import annotations

import pytest

from kd_edge.data.readers import Layout, read_responses


@pytest.fixture
def items(tmp_path):
    def read(header: str, **options):
        path = tmp_path / "essay.csv"
        rows = [f"r{n},Answer {n} it is,{n % 2},{n % 2}" for n in range(4)]
        path.write_text("\n".join([f"id,text,{header}", *rows]), encoding="utf-8")
        return read_responses(path, min_rows=1, **options).items

    return read


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("score: content,score: language", ["content", "language"]),
        ("Content score,Language score", ["Content", "Language"]),
        ("score_content,score_language", ["content", "language"]),
        ("Punkte Inhalt,Punkte Sprache", ["Inhalt", "Sprache"]),
        ("Criterion 1,Criterion 2", ["1", "2"]),
    ],
)
def test_criteria_are_recognised(items, header, names):
    found = items(header)
    assert [item.item_id for item in found] == [f"essay: {name}" for name in names]
    assert {item.part_of for item in found} == {"essay"}


@pytest.mark.parametrize("header", ["score1,score2", "score,score_content", "grade,total score"])
def test_raters_and_totals_are_no_criteria(items, header):
    assert [(item.item_id, item.part_of) for item in items(header)] == [("essay", None)]


def test_where_scores_do_not_matter_the_responses_are_one_item(items):
    (found,) = items("score: a1,score: b2", scored=False, layout=Layout(criteria=None))
    assert len(found.rows) == 4
