"""The sample items that everybody can try."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import kd_edge
from kd_edge.bundling.bundle import ExportItem, export
from kd_edge.data.readers import read_responses
from kd_edge.data.splits import split_item
from kd_edge.evaluation.metrics import agreement

SAMPLE = Path(kd_edge.__file__).parent / "sample"
RANGES = {"wool-ice": "0-3", "pond-web": "0-2", "percent-back": "0-1"}
ROWS = {"wool-ice": (200, 70), "pond-web": (195, 70), "percent-back": (190, 70)}


@pytest.fixture(params=sorted(RANGES))
def name(request):
    return request.param


@pytest.fixture
def responses(name):
    return read_responses(SAMPLE / name / "responses.csv")


def test_these_are_all():
    assert {path.name for path in SAMPLE.iterdir() if path.is_dir()} == set(RANGES)


def test_it_is_read_without_problems(name, responses):
    (item,) = responses.items
    assert item.item_id == name
    assert str(item.scale) == RANGES[name]
    assert item.scale.numeric
    assert len(item.rows) >= 240
    assert all(row.score is not None and row.score2 is not None for row in item.rows)
    assert responses.columns == {
        role: role for role in ("response_id", "item_id", "text", "score", "score2", "group",
                                "split")
    }  # fmt: skip


def test_the_split_is_fixed(name, responses):
    (item,) = responses.items
    counts = Counter(row.split for row in item.rows)
    assert counts == {"train": ROWS[name][0], "test": ROWS[name][1]}
    split = split_item(item, None, 0.15, 0)
    for rows in (split.train, split.validation, split.test):
        assert {row.score for row in rows} == set(range(len(item.scale.classes)))


def test_two_raters_agree_as_people_do(responses):
    (item,) = responses.items
    one, two = (np.array([getattr(row, of) for row in item.rows]) for of in ("score", "score2"))
    found = agreement(one, two, item.scale)
    assert 0.85 <= found.accuracy <= 0.98
    assert found.adjacent > 0.98


def test_no_response_is_there_twice(responses):
    (item,) = responses.items
    texts = [" ".join(row.text.casefold().split()) for row in item.rows]
    assert [text for text, count in Counter(texts).items() if count > 1] == []
    assert {row.text for row in item.rows} == {row.text.strip() for row in item.rows}


def test_the_files_are_plain(name):
    names = {path.name for path in (SAMPLE / name).iterdir()}
    assert {"responses.csv", "prompt.txt", "rubric.txt"} <= names
    for path in [*(SAMPLE / name).iterdir(), SAMPLE / "README.md"]:
        data = path.read_bytes()
        assert data.decode("utf-8").strip()
        assert b"\r" not in data
        assert not data.startswith(b"\xef\xbb\xbf")
        assert data.endswith(b"\n")


def test_the_rubric_is_of_this_item(name):
    text = (SAMPLE / name / "rubric.txt").read_text(encoding="utf-8")
    low, high = RANGES[name].split("-")
    assert f"{low}-{high}" in text or f"{low} to {high}" in text
    assert len((SAMPLE / name / "prompt.txt").read_text(encoding="utf-8").split()) > 20


def test_the_readme_counts_right():
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for name, (train, test) in ROWS.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        cells = [cell.strip() for cell in line.split("|")]
        assert cells[3:6] == [RANGES[name], str(train + test), f"{train} / {test}"]


def test_new_responses_are_scored(command, small_students, tmp_path):
    """With any bundle; one of them is empty, to show what a flag is."""
    export([ExportItem(small_students["bag"])], tmp_path / "x.kdz", {})
    new = SAMPLE / "wool-ice" / "new.csv"
    said = command("score", tmp_path / "x.kdz", new)
    assert said.code == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert len(rows) >= 3
    assert [row["flag"] for row in rows].count("empty") == 1
    assert all(row["predicted"] for row in rows)
    learnt = read_responses(SAMPLE / "wool-ice" / "responses.csv").items[0].rows
    assert not {row.text for row in learnt} & {row["text"] for row in rows}
