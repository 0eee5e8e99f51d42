"""`kd-edge export`: students into a bundle."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from workshop import CANARY

from kd_edge import exporting
from kd_edge.students import store
from kd_edge_runtime.bundle import Bundle
from kd_edge_runtime.scorer import Scorer


@pytest.fixture
def student(small_students, tmp_path):
    store.save(small_students["bag"], tmp_path / "out" / "student")
    return tmp_path / "out" / "student"


@pytest.fixture
def bundle(tmp_path):
    return tmp_path / "item.kdz"


def test_a_bundle_is_written(command, student, bundle):
    said = command("export", student, "-o", bundle)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == f"{bundle}: {bundle.stat().st_size:,} bytes"
    forms = [line.split()[2].rstrip(":") for line in lines[1:]]
    assert forms == ["plain-int8", "onnx-fp32", "onnx-int8"]
    assert all("of PyTorch fp32, 100.0% of the classes equal" in line for line in lines[1:])
    with Scorer.open(bundle) as scorer:
        assert scorer.score("warm air").predicted in ("0", "1", "2")


def test_json(command, student, bundle):
    said = command("export", student, "-o", bundle, "--json")
    assert said.code == 0, said.err
    (forms,) = json.loads(said.out).values()
    assert [one["form"] for one in forms] == ["plain-int8", "onnx-fp32", "onnx-int8"]
    assert all(0 < one["greatest"] < 0.05 for one in forms)


def test_an_rnn_read_from_its_folder(command, small_students, tmp_path, bundle):
    """Its tokenizer has to pad still, when it was saved, loaded and used."""
    store.save(small_students["rnn"], tmp_path / "rnn")
    said = command("export", tmp_path / "rnn", "-o", bundle)
    assert said.code == 0, said.err
    with Scorer.open(bundle) as scorer:
        assert len(scorer.score_many(["warm air", "", "ice in a room"])) == 3


def test_several_items(command, student, small_students, tmp_path, bundle):
    other = replace(small_students["bag"], item_id="other")
    store.save(other, tmp_path / "other")
    assert command("export", student, tmp_path / "other", "-o", bundle).code == 0
    with Bundle(bundle) as opened:
        assert [entry.item_id for entry in opened.manifest.items] == ["made-bag", "other"]
    message = command.fails("export", student, student, "-o", tmp_path / "twice.kdz")
    assert "two students for item 'made-bag'" in message


def test_prompts(command, student, tmp_path, bundle):
    (tmp_path / "prompt.txt").write_text("Why does the ice melt?")
    (tmp_path / "rubric.txt").write_text("A point for the heat.\n")
    more = ("--prompt", tmp_path / "prompt.txt", "--prompt", tmp_path / "rubric.txt")
    assert command("export", student, "-o", bundle, *more).code == 0
    with Bundle(bundle) as opened:
        golden = opened.read(opened.manifest.items[0].golden).decode("utf-8")
    assert "Why does the ice melt?" in golden
    assert "A point for the heat." in golden


def test_a_form_that_differs_is_exit_code_5(command, student, bundle, monkeypatch):
    real = exporting.form_outputs

    def wrong(parts, texts):
        return {form: found[::-1] for form, found in real(parts, texts).items()}

    monkeypatch.setattr(exporting, "form_outputs", wrong)
    message = command.fails("export", student, "-o", bundle, code=5)
    assert "item 'made-bag': the form plain-int8 differs from PyTorch" in message
    assert not bundle.exists()


def test_what_is_wrong(command, student, tmp_path, bundle):
    assert "Missing argument" in command.fails("export", "-o", bundle)
    assert "no student's folder" in command.fails("export", tmp_path / "none", "-o", bundle)
    assert f"do you mean {student}?" in command.fails("export", student.parent, "-o", bundle)
    message = command.fails("export", student, "-o", bundle, "--prompt", tmp_path / "no.txt")
    assert "no.txt: there is no such file" in message
    (tmp_path / "image").write_bytes(b"\x89PNG\0")
    message = command.fails("export", student, "-o", bundle, "--prompt", tmp_path / "image")
    assert "no text file" in message
    weights = student / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    message = command.fails("export", student, "-o", bundle)
    assert "damaged or half written" in message
    (student / "student.json").write_text('{"kind": "' + CANARY)
    assert "distil it again" in command.fails("export", student, "-o", bundle)
    (student / "student.json").unlink()
    assert "no student.json" in command.fails("export", student, "-o", bundle)
    assert not bundle.exists()


def test_an_output_that_cannot_be_written(command, student, tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot write" in command.fails("export", student, "-o", tmp_path / "file" / "x.kdz")
    command.fails("export", student, "-o", student.parent)
