"""Which models a folder holds, and what their files say of them."""

from __future__ import annotations

import json

import pytest

import classifiers_made as made
from kd_edge_runtime.bench.models import find, places
from kd_edge_runtime.errors import InputError

SCORES = ("0", "1", "2", "3")


@pytest.fixture
def folder(tmp_path):
    return made.write(tmp_path / "model", made.onnx_graph())


def test_a_folder(folder):
    (one,) = find(folder)
    size = sum((folder / name).stat().st_size for name in ("model.onnx", "tokenizer.json"))
    assert (one.name, one.backend, one.bytes) == ("model/model.onnx", "onnx", size)
    assert (one.labels, one.longest, one.pad, one.parameters) == (SCORES, 8, "", None)


def test_each_graph_of_a_folder_is_one(folder):
    (folder / "a.tflite").write_bytes(b"12345")
    (folder / "a.tflite.data").write_bytes(b"123")
    first, second = find(folder)
    assert (first.name, first.backend) == ("model/a.tflite", "tflite")
    assert first.bytes == 8 + (folder / "tokenizer.json").stat().st_size
    assert second.name == "model/model.onnx"
    assert [one.name for one in find(folder / "a.tflite")] == ["model/a.tflite"]


def test_what_the_export_of_a_teacher_says(folder):
    about = {"classes": ["low", "high"], "parameters": 123, "item_id": "x"}
    (folder / "model.json").write_text(json.dumps(about))
    assert (find(folder)[0].labels, find(folder)[0].parameters) == (("low", "high"), 123)


@pytest.mark.parametrize(
    ("words", "longest", "pad"),
    [
        ({}, 8, ""),
        ({"model_max_length": 5, "pad_token": "<p>"}, 5, "<p>"),
        ({"model_max_length": 10**30, "pad_token": {"content": "<p>"}}, 8, "<p>"),
        ({"model_max_length": None, "pad_token": None}, 8, ""),
    ],
)
def test_what_the_tokenizer_says(folder, words, longest, pad):
    (folder / "tokenizer_config.json").write_text(json.dumps(words))
    assert (find(folder)[0].longest, find(folder)[0].pad) == (longest, pad)


def test_without_a_word_about_it(tmp_path):
    (one,) = find(made.write(tmp_path / "model", b"", config=None))
    assert (one.labels, one.longest) == ((), 512)


def test_labels_that_are_not_one_a_class(tmp_path):
    config = {"id2label": {"0": "a", "2": "b"}}
    assert find(made.write(tmp_path / "model", b"", config=config))[0].labels == ()


def test_there_is_nothing(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        find(tmp_path / "none")
    with pytest.raises(InputError, match=r"no \.onnx or \.tflite file here.*--teacher"):
        find(tmp_path)


def test_a_folder_without_a_tokenizer(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"needs its tokenizer\.json beside it"):
        find(folder)


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_a_file_that_is_no_json_object(folder, text):
    (folder / "config.json").write_text(text)
    with pytest.raises(InputError, match=r"config\.json: this is not a JSON object"):
        find(folder)


@pytest.mark.parametrize(
    ("labels", "number", "found"),
    [
        (SCORES, 4, [0, 1, 2, 3]),
        (("3", "2", "1", "0"), 4, [3, 2, 1, 0]),
        ((), 4, [0, 1, 2, 3]),
        (("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"), 4, [0, 1, 2, 3]),
        (("a", "b", "c", "d"), 4, None),
        ((), 3, None),
        (SCORES, 5, None),
        (("LABEL_0", "LABEL_1"), 2, None),
    ],
)
def test_places_among_the_classes(labels, number, found):
    assert places(labels, number, SCORES) == found
