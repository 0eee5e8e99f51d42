"""The file of test scorings: what is written is what is read, or a word about what is wrong."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge.evaluation.agreement import NO_SCORE
from kd_edge.runs.test_scores import read_scored, write_scored
from kd_edge_runtime.errors import InputError
from scored_made import POINTS, WORDS, made_scored

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)


def assert_equal(one, other):
    assert (one.ids, one.texts, one.groups) == (other.ids, other.texts, other.groups)
    assert one.human.tolist() == other.human.tolist()
    assert one.second.tolist() == other.second.tolist()
    for name in ("teacher", "student", "bundle"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours.predicted.tolist() == theirs.predicted.tolist()
        assert np.allclose(ours.probabilities, theirs.probabilities, atol=1e-6)
    assert one.bundle.flags == other.bundle.flags
    assert np.allclose(one.bundle.expected, other.bundle.expected, atol=1e-6)
    assert np.allclose(one.bundle.confidence, other.bundle.confidence, atol=1e-6)


@pytest.mark.parametrize("scale", [POINTS, WORDS])
def test_there_and_back(tmp_path, scale):
    scored = made_scored(scale=scale)
    second = scored.second.copy()
    second[::3] = NO_SCORE
    scored = replace(scored, second=second, groups=("", *scored.groups[1:]))
    write_scored(tmp_path / "scores.csv", scored, scale.classes)
    assert_equal(read_scored(tmp_path / "scores.csv", scale.classes), scored)


@given(st.lists(TEXTS, min_size=6, max_size=6))
@settings(max_examples=60)
def test_any_text(tmp_path_factory, texts):
    scored = replace(made_scored(2), ids=tuple(texts[:2]), texts=tuple(texts[2:4]))
    scored = replace(scored, groups=tuple(texts[4:]))
    path = tmp_path_factory.mktemp("any") / "scores.csv"
    write_scored(path, scored, POINTS.classes)
    assert_equal(read_scored(path, POINTS.classes), scored)


def test_a_very_long_text(tmp_path):
    scored = replace(made_scored(1), texts=("word " * 100_000,))
    write_scored(tmp_path / "scores.csv", scored, POINTS.classes)
    assert read_scored(tmp_path / "scores.csv", POINTS.classes).texts == scored.texts


def test_a_run_from_before_the_file(tmp_path):
    with pytest.raises(InputError, match="start the same 'kd-edge run' again"):
        read_scored(tmp_path / "scores.csv", POINTS.classes)


def test_another_items_classes(tmp_path):
    write_scored(tmp_path / "scores.csv", made_scored(), POINTS.classes)
    with pytest.raises(InputError, match="does not belong to this run's bundle"):
        read_scored(tmp_path / "scores.csv", ("0", "1", "2"))


def damaged(path, row, column, cell):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    at = rows[0].index(column)
    rows[row][at : at + 1] = cell
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("score", ["4"]),
        ("score", [""]),
        ("score2", ["x"]),
        ("teacher", [""]),
        ("teacher_p_0", ["much"]),
        ("student_p_3", ["nan"]),
        ("bundle", ["9"]),
        ("bundle_expected", ["inf"]),
        ("bundle_confidence", [""]),
        ("bundle_p_3", []),
        ("bundle_p_3", ["0.1", "0.2"]),
    ],
)
def test_damage_is_said_without_words_of_students(tmp_path, column, cell):
    path = tmp_path / "scores.csv"
    scored = replace(made_scored(3), texts=("zebra",) * 3)
    write_scored(path, scored, POINTS.classes)
    damaged(path, 2, column, cell)
    with pytest.raises(InputError, match="damaged") as told:
        read_scored(path, POINTS.classes)
    assert "zebra" not in str(told.value)


def test_files_that_are_no_table(tmp_path):
    path = tmp_path / "scores.csv"
    write_scored(path, made_scored(3), POINTS.classes)
    header = path.read_text(encoding="utf-8").splitlines()[0]
    for content in (header.encode(), header.encode() + b'\r\n"', header.encode() + b"\r\n\xff"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="damaged"):
            read_scored(path, POINTS.classes)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="does not belong to this run's bundle"):
        read_scored(path, POINTS.classes)
