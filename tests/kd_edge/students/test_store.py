"""A student's folder: what is saved is what is loaded, and nothing else is."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from kd_edge.students import store
from kd_edge.students.registry import KINDS
from kd_edge.students.student import probabilities
from kd_edge_runtime.errors import InputError
from workshop import SMALL, sentences

TEXTS = ["", *sentences(9, seed=3), "unheard words only"]
PARTS = {
    "bag": {"SHA256SUMS", "student.json", "weights.safetensors", "vocabulary.bin"},
    "rnn": {"SHA256SUMS", "student.json", "weights.safetensors", "tokenizer.json"},
    "transformer": {"SHA256SUMS", "student.json", "weights.safetensors", "tokenizer.json"},
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def student(small_students, kind):
    return small_students[kind]


@pytest.fixture
def folder(student, tmp_path):
    store.save(student, tmp_path / "student")
    return tmp_path / "student"


def test_round_trip(student, folder, kind):
    assert {path.name for path in folder.iterdir()} == PARTS[kind]
    found = store.load(folder)
    for name in ("kind", "item_id", "scale", "decision", "options", "provenance", "parameters"):
        assert getattr(found, name) == getattr(student, name)
    assert not found.network.training
    assert np.array_equal(found.probabilities(TEXTS), student.probabilities(TEXTS))
    if kind == "bag":
        assert found.text.vocabulary == student.text.vocabulary
    else:
        assert found.text.tokenizer.to_str() == student.text.tokenizer.to_str()


def test_saved_again_it_is_the_same(folder, tmp_path):
    store.save(store.load(folder), tmp_path / "again")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_student_takes_the_place_of_another(student, folder):
    before = (folder / "student.json").read_bytes()
    (folder / "left-over").write_text("")
    store.save(student, folder)
    assert (folder / "student.json").read_bytes() == before
    assert not (folder / "left-over").exists()


def test_another_folder_is_not_written_over(student, tmp_path):
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(InputError, match="did not make"):
        store.save(student, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]


def test_a_save_that_is_stopped_leaves_the_one_before(student, folder, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_json", stop)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        store.save(student, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["student"]


def test_a_missing_part(folder):
    for path in sorted(folder.glob("*.*")):
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(InputError, match="student") as caught:
            store.load(folder)
        assert str(caught.value).startswith(f"{folder}: ")
        path.write_bytes(data)
    store.load(folder)


@pytest.mark.parametrize("keep", [0, 1, 0.5])
def test_a_part_that_is_cut_short(folder, keep):
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        path.write_bytes(data[: int(keep * len(data))] if keep != 1 else data[:-7])
        with pytest.raises(InputError) as caught:
            store.load(folder)
        assert str(caught.value).startswith(f"{folder}: ")
        assert "Error(" not in str(caught.value)
        path.write_bytes(data)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "oracle"},
        {"kind": None},
        {"options": {"wings": 2}},
        {"options": None},
        {"classes": ["0", "1"]},
        {"classes": ["0", "0", "1"]},
        {"classes": 3},
        {"provenance": ...},
        {"decision": ...},
    ],
)
def test_a_description_that_does_not_fit(folder, change):
    path = folder / "student.json"
    raw = {**json.loads(path.read_text()), **change}
    (folder / "SHA256SUMS").unlink()  # as version 0.2 saved it
    path.write_text(json.dumps({name: value for name, value in raw.items() if value is not ...}))
    with pytest.raises(InputError):
        store.load(folder)


def test_no_such_folder(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no such folder \(name the folder"):
        store.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no student's folder \(it has no student\.json\)$"):
        store.load(tmp_path)


def test_the_folder_above_is_pointed_down(folder):
    with pytest.raises(InputError, match=f"do you mean {folder}"):
        store.load(folder.parent)


def test_probabilities_do_not_depend_on_the_company(student):
    texts = sentences(150, seed=4)
    found = student.probabilities(texts)
    assert found.dtype == np.float32
    assert np.allclose(found.sum(1), 1, atol=1e-6)
    order = np.random.default_rng(0).permutation(150)
    again = student.probabilities([texts[at] for at in order])
    assert np.allclose(again, found[order], atol=1e-6)
    few = probabilities(student.network, student.text, texts, batch_size=7)
    assert np.allclose(few, found, atol=1e-6)
    assert student.probabilities([]).shape == (0, 3)


def test_probabilities_are_those_of_evaluation(small_students):
    student = small_students["rnn"]
    expected = student.probabilities(TEXTS)
    student.network.train()
    assert np.array_equal(student.probabilities(TEXTS), expected)
    assert not student.network.training
    assert torch.is_grad_enabled()


def test_the_sizes_in_the_description(student, folder, kind):
    raw = json.loads((folder / "student.json").read_text())
    assert raw["parameters"] == sum(part.numel() for part in student.network.parameters())
    assert raw["options"].items() >= SMALL[kind].items()
    assert ("sizes" in raw) == (kind == "bag")


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary.bin"])
def test_a_part_that_is_missing_or_cut(small_students, tmp_path, name):
    store.save(small_students["bag"], tmp_path / "s")
    part = tmp_path / "s" / name
    part.write_bytes(part.read_bytes()[:-3])
    with pytest.raises(InputError, match=r"damaged or half written .*: distil it again"):
        store.load(tmp_path / "s")
    part.unlink()
    with pytest.raises(InputError, match=rf"half written \(.*{name}.*\): distil it again"):
        store.load(tmp_path / "s")


def test_a_flipped_bit_is_seen(folder):
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        path.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
        with pytest.raises(InputError, match=r"damaged or half written \(.*: distil it again"):
            store.load(folder)
        path.write_bytes(data)
    store.load(folder)


def test_a_folder_without_hashes_is_that_of_an_older_version(student, folder):
    (folder / "SHA256SUMS").unlink()
    assert np.array_equal(store.load(folder).probabilities(TEXTS), student.probabilities(TEXTS))
