"""Files of soft labels: ours, another model's, and wrong ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kd_edge.data.responses import Row
from kd_edge.soft_labels.labels import SoftLabels, labels_by_id, read_labels, write_labels
from kd_edge_runtime.errors import TableError

CLASSES = ("0", "1", "2")
WORDS = ("wrong", "partly right", "right")


def _file(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _problems(tmp_path, text, classes=CLASSES):
    with pytest.raises(TableError) as caught:
        read_labels(_file(tmp_path, text), classes)
    return [(p.row, p.column, p.message) for p in caught.value.problems]


_ids = st.text("abcdefghij-_0123456789 ä,\"'", min_size=1, max_size=6).map(str.strip).filter(bool)


@settings(deadline=None, max_examples=50)
@given(data=st.data(), ids=st.lists(_ids, unique=True, min_size=1, max_size=8))
def test_what_is_written_is_read(data, ids):
    raw = data.draw(hnp.arrays(np.float64, (len(ids), 3), elements=st.floats(0.001, 1.0)))
    folds = data.draw(st.lists(st.integers(-1, 9), min_size=len(ids), max_size=len(ids)))
    labels = SoftLabels(tuple(ids), tuple(folds), raw / raw.sum(1, keepdims=True), WORDS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.csv"
        write_labels(path, labels)
        back = read_labels(path, WORDS)
        write_labels(path, back)
        twice = read_labels(path, WORDS)
    assert (back.ids, back.folds, back.classes) == (labels.ids, labels.folds, WORDS)
    assert np.abs(back.probabilities - labels.probabilities).max() < 2e-6
    assert np.allclose(back.probabilities.sum(1), 1, atol=1e-12)
    assert np.abs(twice.probabilities - back.probabilities).max() < 2e-6


def test_the_file_is_plain(tmp_path):
    labels = SoftLabels(("a", "b"), (-1, 2), np.array([[1, 0, 0], [0.25, 0.5, 0.25]]), CLASSES)
    write_labels(tmp_path / "labels.csv", labels)
    assert (tmp_path / "labels.csv").read_bytes() == (
        b"response_id,fold,p_0,p_1,p_2\n"
        b"a,-1,1.000000,0.000000,0.000000\n"
        b"b,2,0.250000,0.500000,0.250000\n"
    )


def test_labels_must_fit_together():
    with pytest.raises(ValueError, match="shape"):
        SoftLabels(("a",), (0,), np.zeros((1, 2)), CLASSES)
    with pytest.raises(ValueError, match="shape"):
        SoftLabels(("a",), (), np.zeros((1, 3)), CLASSES)


def test_another_models_labels(tmp_path):
    text = "p_2,p_0,p_1,response_id\n0.33,.33,0.33,a\n0,1.005,0,b\n"
    found = read_labels(_file(tmp_path, text), CLASSES)
    assert found.folds == (-1, -1)
    assert np.allclose(found.probabilities, [[1 / 3, 1 / 3, 1 / 3], [1, 0, 0]])


def test_columns_by_name_come_before_columns_by_number(tmp_path):
    scores = ("1", "2", "3")
    by_name = read_labels(_file(tmp_path, "response_id,p_3,p_2,p_1\na,1,0,0\n"), scores)
    assert by_name.probabilities.tolist() == [[0, 0, 1]]
    by_number = read_labels(_file(tmp_path, "response_id,p_0,p_1,p_2\na,1,0,0\n"), scores)
    assert by_number.probabilities.tolist() == [[1, 0, 0]]
    words = read_labels(
        _file(tmp_path, "response_id,P_Wrong,p_right,p_partly right\na,0,0,1\n"), WORDS
    )
    assert words.probabilities.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("column", ["label", "score"])
def test_a_class_becomes_one_hot(tmp_path, column):
    text = f"response_id,{column}\na,2\nb, 0 \nc,1.0\n"
    found = read_labels(_file(tmp_path, text), CLASSES)
    assert found.probabilities.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_a_spreadsheets_semicolons_and_mark(tmp_path):
    text = "\ufeffresponse_id;p_0;p_1;p_2\na;0;0;1\n"
    assert read_labels(_file(tmp_path, text), CLASSES).probabilities.tolist() == [[0, 0, 1]]


def test_all_problems_are_told_at_once(tmp_path):
    text = (
        "response_id,fold,p_0,p_1,p_2\n"
        "a,0,0.5,0.5,0\n"
        "b,x,0.5,much,0\n"
        "c,0,1.5,-0.5,0\n"
        "d,0,0.5,0.4,0\n"
        "a,0,1,0,0\n"
        ",0,1,0,0\n"
        "e,0,nan,,inf\n"
    )
    assert _problems(tmp_path, text) == [
        (3, "fold", "not a whole number"),
        (3, "p_1", "not a number"),
        (4, "p_1", "negative"),
        (5, None, "the probabilities sum to 0.9, not to 1"),
        (6, "response_id", "the same id as in row 2"),
        (7, "response_id", "empty"),
        (8, "p_0", "not a finite number"),
        (8, "p_1", "empty"),
        (8, "p_2", "not a finite number"),
    ]


def test_a_sum_is_near_enough_or_not(tmp_path):
    near = "response_id,p_0,p_1,p_2\na,0.5,0.5,0.0099\n"
    assert read_labels(_file(tmp_path, near), CLASSES).probabilities.sum() == pytest.approx(1)
    far = "response_id,p_0,p_1,p_2\na,0.5,0.5,0.011\n"
    assert _problems(tmp_path, far) == [(2, None, "the probabilities sum to 1.011, not to 1")]


def test_missing_columns(tmp_path):
    (problem,) = _problems(tmp_path, "id,p_0,p_1,p_2\na,1,0,0\n")
    assert problem == (None, None, "there is no column 'response_id'")
    (problem,) = _problems(tmp_path, "response_id,p_0,p_1\na,1,0\n")
    assert "p_0, p_1, p_2" in problem[2]
    assert "'label'" in problem[2]


def test_a_class_that_is_none(tmp_path):
    text = "response_id,label\na,3\nb,\nc,1.5\nd,a whole answer\n"
    found = _problems(tmp_path, text)
    assert [(row, column) for row, column, _ in found] == [(n, "label") for n in (2, 3, 4, 5)]
    assert {message for *_, message in found} == {"not one of the classes 0, 1, 2"}


def test_a_row_too_short_is_a_problem_too(tmp_path):
    found = _problems(tmp_path, "response_id,p_0,p_1,p_2\na,1,0\nb,x,0,1\n")
    assert [row for row, *_ in found] == [2, 3]


def test_no_message_quotes_a_response(tmp_path):
    secret = "my name is Ada"
    text = f"response_id,text,fold,p_0,p_1,p_2\nz,{secret},{secret},{secret},0,0\n"
    with pytest.raises(TableError) as caught:
        read_labels(_file(tmp_path, text), CLASSES)
    assert secret not in str(caught.value)


def test_some_rows_of_a_file_with_more(tmp_path):
    path = _file(tmp_path, "response_id,score\na,1\nb,0\nc,2\n")
    found = labels_by_id(path, CLASSES, [Row("c", "i", "x"), Row("a", "i", "x")])
    wanted = {"a": [0, 1, 0], "b": [1, 0, 0], "c": [0, 0, 1]}
    assert {name: row.tolist() for name, row in found.items()} == wanted
    with pytest.raises(TableError, match="response 'z' has no label"):
        labels_by_id(path, CLASSES, [Row("a", "i", "x"), Row("z", "i", "x")])
