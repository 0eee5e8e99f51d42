"""`kd-edge label`: soft labels from a teacher."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest

from kd_edge.data.responses import Scale
from kd_edge.soft_labels import label_rows
from kd_edge.soft_labels.label_variants import read_variants
from kd_edge.soft_labels.labels import read_labels
from kd_edge.teacher.card import read_card
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from workshop import CANARY, item_of, with_canary, write_table

CLASSES = ("0", "1", "2")
ITEM = with_canary(item_of(30))


@pytest.fixture(scope="module")
def responses(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("given") / "responses.csv", [ITEM])


@pytest.fixture(scope="module")
def teacher(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher") / "teacher"
    options = TeacherOptions(model=str(tiny_model), epochs=1, precision="fp32", device="cpu")
    finetune(ITEM, ITEM.rows, options, folder)
    return folder


def test_labels(command, teacher, responses, tmp_path):
    output = tmp_path / "labels.csv"
    said = command("label", teacher, responses, "-o", output)
    assert said.code == 0, said.err
    assert said.out == f"{output}: 30 soft labels\n"
    labels = read_labels(output, CLASSES)
    assert labels.ids == tuple(row.response_id for row in ITEM.rows)
    assert set(labels.folds) == {-1}
    assert np.allclose(labels.probabilities.sum(1), 1)
    assert CANARY not in output.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_variants(command, teacher, responses, tmp_path):
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv")
    said = command(*given, "--variants", tmp_path / "v.csv", "--count", 25)
    assert said.code == 0, said.err
    assert said.out.splitlines()[1] == f"{tmp_path / 'v.csv'}: 25 labelled variants"
    first = read_variants(tmp_path / "v.csv", CLASSES)
    assert len(first.texts) == 25
    command(*given, "--variants", tmp_path / "w.csv", "--count", 25)
    assert (tmp_path / "w.csv").read_bytes() == (tmp_path / "v.csv").read_bytes()
    command(*given, "--variants", tmp_path / "x.csv", "--count", 25, "--seed", 1)
    assert read_variants(tmp_path / "x.csv", CLASSES).texts != first.texts


def test_variants_are_made_of_rows_learnt_from(command, teacher, responses, tmp_path, monkeypatch):
    given = []

    def spy(texts, *_):
        given.extend(texts)
        return ["more ice"]

    monkeypatch.setattr("kd_edge.soft_labels.augmentation.make_variants", spy)
    more = ("-o", tmp_path / "l.csv", "--variants", tmp_path / "v.csv")
    assert command("label", teacher, responses, *more).code == 0
    held = read_card(teacher).validation_ids
    assert given == [row.text for row in ITEM.rows if row.response_id not in held]


def test_unlabelled_responses(command, teacher, responses, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text("text,score\nmelting wool,9\nwarm wool,\n")
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv", "--unlabelled", more)
    assert "--unlabelled needs --variants" in command.fails(*given)
    said = command(*given, "--variants", tmp_path / "v.csv", "--count", 25)
    assert said.code == 0, said.err
    assert "Unscored responses used: 2." in said.err
    found = read_variants(tmp_path / "v.csv", CLASSES).texts
    assert found[:2] == ("melting wool", "warm wool")
    assert len(found) == 27


def test_unlabelled_responses_to_another_item(command, teacher, responses, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text("item_id,text\nother,melting wool\n")
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv", "--unlabelled", more)
    message = command.fails(*given, "--variants", tmp_path / "v.csv")
    assert f"{more}: there are no responses to item 'tiny'" in message


def test_cross_fitting(command, teacher, responses, tiny_model, tmp_path):
    output = tmp_path / "labels.csv"
    given = ("label", teacher, responses, "-o", output, "--folds", 2)
    said = command(*given, "--model", tiny_model)
    assert said.code == 0, said.err
    labels = read_labels(output, CLASSES)
    assert set(labels.folds) == {0, 1}
    assert "teacher 2 of 2" in said.err


def test_cross_fitting_needs_the_language_model(command, teacher, responses, tmp_path, monkeypatch):
    """teacher.json keeps no path, so that a folder has to be named again."""
    monkeypatch.setattr(label_rows, "cross_fit", None)
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv", "--folds", 2)
    message = command.fails(*given)
    assert "folder 'tiny', which is not here: name the folder with --model" in message


def test_cross_fitting_from_another_language_model(
    command, teacher, responses, tiny_model, tmp_path, monkeypatch
):
    monkeypatch.setattr(label_rows, "cross_fit", None)
    shutil.copytree(tiny_model, tmp_path / "model")
    with (tmp_path / "model" / "config.json").open("a") as file:
        file.write("\n")
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv", "--folds", 2)
    message = command.fails(*given, "--model", tmp_path / "model")
    assert "is not the language model that the teacher was fine-tuned from" in message


def test_a_language_model_that_lies_where_it_lay_is_found(
    command, teacher, responses, tiny_model, tmp_path, monkeypatch
):
    monkeypatch.chdir(tiny_model.parent)
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv", "--folds", 2)
    assert command(*given).code == 0


def test_test_rows_are_left_out(command, teacher, responses, tmp_path):
    with responses.open(newline="") as file:
        rows = list(csv.reader(file))
    marked = tmp_path / "marked.csv"
    with marked.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*rows[0], "split"])
        writer.writerows([*row, "test" if at < 5 else "train"] for at, row in enumerate(rows[1:]))
    said = command("label", teacher, marked, "-o", tmp_path / "l.csv")
    assert said.out.endswith("25 soft labels\n")
    assert "r004" not in read_labels(tmp_path / "l.csv", CLASSES).ids


def test_stopped_variants_go_on(command, teacher, responses, tmp_path, monkeypatch):
    given = ("label", teacher, responses, "-o", tmp_path / "l.csv",
             "--variants", tmp_path / "v.csv", "--count", 25)  # fmt: skip

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kd_edge.soft_labels.label_variants._Partial.append", stop)
        said = command(*given)
    assert said.code == 130
    assert "Start the same command again" in said.err
    assert command(*given).code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"l.csv", "v.csv"}


def test_what_is_wrong(command, teacher, responses, tiny_model, tmp_path):
    output = tmp_path / "labels.csv"
    assert "no such file" in command.fails("label", teacher, tmp_path / "none.csv", "-o", output)
    message = command.fails("label", tmp_path, responses, "-o", output)
    assert "holds no teacher.json" in message
    other = write_table(
        tmp_path / "words.csv", [item_of(30, scale=Scale(("poor", "fair", "good"), False))]
    )
    for folds in ((), ("--folds", 2)):
        message = command.fails("label", teacher, other, "-o", output, *folds)
        assert "scores 0, 1, 2; item 'tiny' has the scores poor, fair, good" in message
    two = write_table(tmp_path / "two.csv", [item_of(20, "one"), item_of(20, "two")])
    assert "--item" in command.fails("label", teacher, two, "-o", output)
    more = ("-o", output, "--model", tiny_model, "--folds", 1)
    assert "1 folds" in command.fails("label", teacher, responses, *more)
    assert not output.exists()
    assert "--variants" in command.fails("label", teacher, responses, "-o", output, "--count", 9)
    assert "--folds" in command.fails("label", teacher, responses, "-o", output, "--model", "m")
    more = ("-o", output, "--folds", 2, "--teachers", 2)
    assert "--folds or --teachers, not both" in command.fails("label", teacher, responses, *more)
    more = ("-o", output, "--llm", "http://localhost:1/v1", "--model", "m", "--teachers", 2)
    assert "--teachers needs a TEACHER" in command.fails("label", responses, *more)
    more = ("-o", output, "--variants", output)
    assert "different files" in command.fails("label", teacher, responses, *more)
    assert not output.exists()


def test_the_responses_are_not_written_over(command, teacher, responses, tmp_path):
    given = shutil.copy(responses, tmp_path / "responses.csv")
    before = given.read_bytes()
    for more in (("-o", given), ("-o", tmp_path / "l.csv", "--variants", given)):
        assert "would overwrite this input" in command.fails("label", teacher, given, *more)
    assert given.read_bytes() == before


def test_an_output_that_cannot_be_written(command, teacher, responses, tmp_path):
    (tmp_path / "file").write_text("")
    message = command.fails("label", teacher, responses, "-o", tmp_path / "file" / "l.csv")
    assert "cannot write" in message
    assert "file" in message


def test_variants_are_made_of_the_teachers_own_responses(command, teacher, tmp_path):
    rows = tuple(replace(row, response_id=f"other-{row.response_id}") for row in ITEM.rows)
    table = write_table(tmp_path / "other.csv", [replace(ITEM, rows=rows)])
    given = ("label", teacher, table, "-o", tmp_path / "labels.csv")
    assert command(*given).code == 0
    more = ("--variants", tmp_path / "variants.csv", "--count", 5)
    assert "was fine-tuned on other responses" in command.fails(*given, *more)
    assert not (tmp_path / "variants.csv").exists()
