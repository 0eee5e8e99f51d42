"""`kd-edge export`: students into a bundle."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kd_edge.bundling import compared_forms
from kd_edge.size_search.tried import SLACK
from kd_edge.students import store
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.scorer import Scorer
from workshop import CANARY, item_of, sentences, write_table


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
    lines = [line.split() for line in said.out.splitlines()]
    assert said.out.splitlines()[-1] == f"{bundle}: {bundle.stat().st_size:,} bytes"
    assert said.out.startswith("Item 'made-bag'")
    forms = [line for line in lines if line and "-int8" in line[0]]
    assert [line[0] for line in forms] == ["plain-int8", "onnx-int8", "tflite-int8"]
    assert all(line[2] == "golden" and line[-1] == "100.0%" for line in forms)
    with Scorer.open(bundle) as scorer:
        assert scorer.score("warm air").predicted in ("0", "1", "2")


def test_a_folder_of_c_is_written(command, student, tmp_path):
    folder = tmp_path / "scorer"
    said = command("export", student, "--c", "-o", folder)
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == f"{folder}: a folder of C, see its README.md"
    assert "plain-int8" in said.out
    assert "onnx-int8" not in said.out
    assert {"kd_edge.c", "items.c", "Makefile", "main.c"} <= {one.name for one in folder.iterdir()}
    assert '"made-bag"' in (folder / "items.c").read_text(encoding="utf-8")
    said = command("export", student, "--c", "--form", "all", "-o", folder)
    assert said.code != 0
    assert "--c has one form of the network: leave --form out" in said.err
    said = command("export", student, "--c", "--teacher", "-o", folder)
    assert "--c is for students: leave it out with --teacher" in said.err


def test_a_page_is_written_alone_or_beside_a_bundle(command, student, bundle, tmp_path):
    page, prompt = tmp_path / "page.html", tmp_path / "prompt.txt"
    prompt.write_text("Why is it warm?", encoding="utf-8")
    said = command("export", student, "--html", page, "--prompt", prompt)
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == f"{page}: {page.stat().st_size:,} bytes"
    text = page.read_text(encoding="utf-8")
    assert '"name": "page.kdz"' in text
    assert "Why is it warm?" in text
    said = command("export", student, "--html", page, "-o", bundle)
    assert said.code == 0, said.err
    names = [line.split(":")[0] for line in said.out.splitlines()[-2:]]
    assert names == [str(bundle), str(page)]
    assert '"name": "item.kdz"' in page.read_text(encoding="utf-8")
    assert "Missing option '-o'" in command.fails("export", student)
    said = command.fails("export", student, "--html", page, "--form", "all")
    assert "--html has one form of the network: leave --form out" in said
    said = command.fails("export", student, "--html", page, "--js", "-o", tmp_path / "js")
    assert "leave --c and --js out" in said


def test_a_folder_of_javascript_is_written(command, student, tmp_path):
    folder = tmp_path / "scorer"
    said = command("export", student, "--js", "-o", folder)
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == f"{folder}: a folder of JavaScript, see its README.md"
    names = ["README.md", "bundle.kdz", "kd_edge.d.mts", "kd_edge.mjs", "kd_edge.wasm"]
    assert sorted(one.name for one in folder.iterdir()) == names
    with Bundle(folder / "bundle.kdz") as opened:
        assert [*opened.manifest.items[0].forms] == ["plain-int8"]
    said = command("export", student, "--js", "--form", "all", "-o", folder)
    assert "--js has one form of the network: leave --form out" in said.err
    said = command("export", student, "--js", "--c", "-o", folder)
    assert "--c and --js write different folders: choose one of them" in said.err
    said = command("export", student, "--js", "--teacher", "-o", folder)
    assert "--js is for students: leave it out with --teacher" in said.err


def test_json(command, student, bundle):
    said = command("export", student, "-o", bundle, "--json")
    assert said.code == 0, said.err
    (forms,) = json.loads(said.out).values()
    assert [one["form"] for one in forms] == ["plain-int8", "onnx-int8", "tflite-int8"]
    assert all(one["golden"]["greatest"] < 1e-5 for one in forms)
    assert all(one["held_out"] is one["qwk"] is None for one in forms)


@pytest.fixture
def held_out(small_students, tmp_path):
    """A student of an item that is in a file, and the file."""
    item = item_of(60, "made-bag")
    texts = zip(item.rows, sentences(60, seed=8), strict=True)  # in the student's own words
    item = replace(item, rows=tuple(replace(row, text=text) for row, text in texts))
    student = replace(
        small_students["bag"], held_out=tuple(row.response_id for row in item.rows[:20])
    )
    store.save(student, tmp_path / "measured")
    return tmp_path / "measured", write_table(tmp_path / "responses.csv", [item])


def test_held_out_responses(command, held_out, bundle):
    folder, responses = held_out
    said = command("export", folder, "-o", bundle, "--responses", responses, "--json")
    assert said.code == 0, said.err
    (forms,) = json.loads(said.out).values()
    assert [one["held_out"]["responses"] for one in forms] == [20, 20, 20]
    assert {one["qwk_change"] for one in forms} == {0.0}
    said = command("export", folder, "-o", bundle, "--responses", responses)
    assert said.out.count("held-out") == 3
    assert said.out.count("+0.0000") == 3


def test_limits(command, held_out, bundle):
    folder, responses = held_out
    start = ("export", folder, "-o", bundle, "--responses", responses, "--bits", 2)
    message = command.fails(*start, code=5)
    assert "the form plain-int8 does not score as PyTorch does" in message
    assert "See response '" in message
    assert not bundle.exists()
    said = command(*start, "--least-equal", 0, "--qwk-loss", 2)
    assert said.code == 0, said.err
    assert "it must be 0 to 1" not in command.fails(*start, "--least-equal", 2)


def test_other_responses(command, held_out, tmp_path, bundle):
    folder, _ = held_out
    rows = item_of(60, "made-bag").rows[20:]
    item = replace(item_of(60, "made-bag"), rows=rows)
    message = command.fails(
        "export", folder, "-o", bundle, "--responses", write_table(tmp_path / "b.csv", [item])
    )
    assert (
        "b.csv: none of these is a response that the student of item 'made-bag' held out" in message
    )


def test_forms(command, student, bundle):
    said = command("export", student, "-o", bundle, "--form", "all", "--json")
    (forms,) = json.loads(said.out).values()
    assert len(forms) == 5
    command("export", student, "-o", bundle, "--form", "tflite-int8")
    with Bundle(bundle) as opened:
        assert list(opened.manifest.items[0].forms) == ["tflite-int8"]
    message = command.fails("export", student, "-o", bundle, "--form", "coreml")
    assert "students of kind bag have no form 'coreml'. Choose from plain-int8" in message


def test_a_size_in_bytes(command, held_out, bundle):
    folder, responses = held_out
    start = ("export", folder, "-o", bundle, "--responses", responses, "--max-size")
    said = command(*start, "4700")
    assert said.code == 0, said.err
    assert bundle.stat().st_size <= 4700
    assert "Sizes tried for 4,700 bytes" in said.err
    frontier = json.loads(bundle.with_name("item.frontier.json").read_text())
    assert abs(frontier["chosen"]["bytes"] - bundle.stat().st_size) <= SLACK
    with Bundle(bundle) as opened:
        assert list(opened.manifest.items[0].forms) == ["plain-int8"]
    before = bundle.read_bytes()
    assert "no bundle fits into 2,000 bytes" in command(*start, "2KB").err
    assert bundle.read_bytes() == before


def test_a_size_needs_responses(command, student, small_students, tmp_path, bundle):
    start = ("export", student, "-o", bundle, "--max-size", "9KB")
    assert "--max-size needs --responses" in command.fails(*start)
    store.save(small_students["rnn"], tmp_path / "rnn")
    message = command.fails("export", tmp_path / "rnn", "-o", bundle, "--max-size", "9KB")
    assert "takes one student, and a bag" in message
    assert "leave --bits out" in command.fails(*start, "--bits", 4)


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
    real = compared_forms.form_outputs

    def wrong(parts, texts, memory):
        return {form: found[::-1] for form, found in real(parts, texts, memory).items()}

    monkeypatch.setattr(compared_forms, "form_outputs", wrong)
    message = command.fails("export", student, "-o", bundle, code=5)
    assert "item 'made-bag': the form plain-int8 does not score as PyTorch does" in message
    assert not bundle.exists()


def test_what_is_wrong(command, student, tmp_path, bundle):
    assert "Missing argument" in command.fails("export", "-o", bundle)
    assert "none: no such folder" in command.fails("export", tmp_path / "none", "-o", bundle)
    assert f"do you mean {student}?" in command.fails("export", student.parent, "-o", bundle)
    message = command.fails("export", student, "-o", bundle, "--prompt", tmp_path / "no.txt")
    assert "no.txt: no such file" in message
    (tmp_path / "image").write_bytes(b"\x89PNG\0")
    message = command.fails("export", student, "-o", bundle, "--prompt", tmp_path / "image")
    assert "not a text file" in message
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


@pytest.fixture(scope="module")
def teacher(tiny_model, tmp_path_factory):
    """A teacher, and the file of its responses."""
    folder = tmp_path_factory.mktemp("taught")
    item = item_of(60, "made-bag")
    options = TeacherOptions(model=str(tiny_model), epochs=1, precision="fp32", device="cpu")
    finetune(item, item.rows, options, folder / "teacher")
    return folder / "teacher", write_table(folder / "responses.csv", [item])


def test_a_teacher(command, teacher, tmp_path):
    folder, responses = teacher
    out = tmp_path / "onnx"
    said = command("export", folder, "--teacher", "-o", out, "--responses", responses,
                   "--least-equal", 0.8, "--qwk-loss", 1)  # fmt: skip
    assert said.code == 0, said.err
    assert {path.name for path in out.iterdir()} == {
        *("fp32.onnx", "int8.onnx", "tokenizer.json", "model.json")
    }
    assert "Teacher, " in said.out
    assert said.out.count("held-out") == 2
    assert said.out.splitlines()[-1].startswith(f"{out}: fp32.onnx")


def test_what_a_teacher_has_not(command, teacher, student, tmp_path):
    folder, _ = teacher
    start = ("export", folder, "--teacher", "-o", tmp_path / "onnx")
    assert "--bits is for students" in command.fails(*start, "--bits", 4)
    assert "--form is for students" in command.fails(*start, "--form", "onnx-fp32")
    assert "the folder of one teacher" in command.fails(*start, folder)
    command.fails("export", student, "--teacher", "-o", tmp_path / "onnx")
    message = command.fails("export", folder, "-o", tmp_path / "onnx")
    assert f"{folder} holds a teacher, not a student" in message
    assert f"type: kd-edge export {folder} --teacher -o teacher-onnx" in message
    assert not (tmp_path / "onnx").exists()
