"""`kd-edge distill`: a student from soft labels, ours or another's."""

from __future__ import annotations

import csv
import json

import pytest

from kd_edge.distillation.choice import choice_of
from kd_edge.distillation.train import Training
from kd_edge.evaluation.review import review_of
from kd_edge.size_search.tried import SLACK
from kd_edge.soft_labels.labels import SoftLabels, write_labels
from kd_edge.students import store
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.options import TeacherOptions
from workshop import CANARY, certain, item_of, with_canary, write_table

ITEM = with_canary(item_of(60))
# A student that learns from the labels alone, whatever comes of an epoch or two.
_EPOCHS = ("--student-epochs", 2, "--accept-weak")
SMALL = ("--ngrams", 50, "--dimensions", 3, "--teacher-share", 1, *_EPOCHS)
LABELS = certain(ITEM.rows, 3)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A folder with responses, labels and variants."""
    folder = tmp_path_factory.mktemp("given")
    write_table(folder / "responses.csv", [ITEM])
    ids, shares = zip(*LABELS.items(), strict=True)
    import numpy as np

    labels = SoftLabels(ids, (-1,) * 60, np.stack(shares), ("0", "1", "2"))
    write_labels(folder / "labels.csv", labels)
    _table(folder / "variants.csv", ["variant_id", "text", "p_0", "p_1", "p_2"],
           [[f"v{at}", f"{CANARY} ice {at}", 0.2, 0.5, 0.3] for at in range(7)])  # fmt: skip
    return folder


def _table(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return path


def _same(one, other):
    return (one / "weights.safetensors").read_bytes() == (
        other / "weights.safetensors"
    ).read_bytes()


def test_a_student_is_made(command, given, tmp_path):
    out = tmp_path / "out"
    said = command("distill", given / "responses.csv", "--labels", given / "labels.csv",
                   "--variants", given / "variants.csv", "-o", out, *SMALL)  # fmt: skip
    assert said.code == 0, said.err
    assert {path.name for path in out.iterdir()} == {"student", "baseline"}
    student = store.load(out / "student")
    assert (student.provenance["variants"], student.parameters) == (7, 50 * 3 + 3 + 9 + 3)
    figures = student.provenance["validation"]
    lines = said.out.splitlines()
    assert lines[0] == f"{out / 'student'}: {student.parameters} parameters"
    assert lines[1] == (
        f"  student   validation QWK {figures['qwk']:.3f}, accuracy {figures['accuracy']:.3f} "
        "(9 held-out responses)"
    )
    assert lines[2].startswith("  baseline  validation QWK ")
    review = " ".join(lines[3:])
    about = student.provenance
    assert review == f"{choice_of(about)} {review_of(about)}"
    assert max(map(len, lines[3:])) <= 80
    assert "of 9 held-out responses" in review or "9 held-out responses agree" in review
    assert "training the student" in said.err


def test_json(command, given, tmp_path):
    said = command("distill", given / "responses.csv", "--labels", given / "labels.csv",
                   "-o", tmp_path, *SMALL, "--json")  # fmt: skip
    assert said.code == 0, said.err
    figures = json.loads(said.out)
    for name in ("student", "baseline"):
        made = store.load(tmp_path / name).provenance
        assert figures[name].pop("calibration") == made["calibration"]
        assert figures[name].pop("review") == made["review"]
        assert figures[name].pop("choice", None) == made.get("choice")
        assert figures[name] == made["validation"]


def test_another_accuracy_beside_review(command, given, tmp_path):
    start = ("distill", given / "responses.csv", "--labels", given / "labels.csv", "-o", tmp_path)
    said = command(*start, *SMALL, "--review-accuracy", "0.6")
    assert said.code == 0, said.err
    assert store.load(tmp_path / "student").provenance["review"]["wanted"] == 0.6
    for wrong in ("0", "1", "95", "x"):
        assert "--review-accuracy" in command(*start, "--review-accuracy", wrong).err


def test_labels_made_elsewhere(command, given, tmp_path):
    """Another model's probabilities, by number or by class, and a column of plain classes."""
    rows = [[row.response_id, *LABELS[row.response_id]] for row in ITEM.rows]
    by_number = _table(tmp_path / "a.csv", ["response_id", "p_0", "p_1", "p_2"], rows)
    back = [[name, *shares[::-1]] for name, *shares in rows[::-1]]
    other_order = _table(tmp_path / "b.csv", ["Response_ID", "p_2", "p_1", "p_0"], back)
    plain = [[row.response_id, row.score] for row in ITEM.rows]
    single = _table(tmp_path / "c.csv", ["response_id", "label"], plain)
    folders = {}
    for path in (given / "labels.csv", by_number, other_order, single):
        folders[path] = tmp_path / f"out-{path.stem}"
        said = command("distill", given / "responses.csv", "--labels", path,
                       "-o", folders[path], *SMALL)  # fmt: skip
        assert said.code == 0, said.err
    first = folders.pop(given / "labels.csv") / "student"
    assert [_same(first, out / "student") for out in folders.values()] == [True, True, False]
    assert all(_same(first.with_name("baseline"), out / "baseline") for out in folders.values())


def test_labels_for_the_rows_to_learn_from_are_enough(command, given, tmp_path):
    """Held-out and test rows need none; rows of others may be there too."""
    labels = given / "labels.csv"
    said = command("distill", given / "responses.csv", "--labels", labels, "-o", tmp_path, *SMALL)
    assert said.code == 0
    from kd_edge.teacher.held_out import learning_rows

    learnt, held = learning_rows(ITEM, None, 0)
    rows = [[row.response_id, *LABELS[row.response_id]] for row in learnt]
    few = _table(tmp_path / "few.csv", ["response_id", "p_0", "p_1", "p_2"],
                 [*rows, ["somebody", 1, 0, 0]])  # fmt: skip
    out = tmp_path / "few"
    said = command("distill", given / "responses.csv", "--labels", few, "-o", out, *SMALL)
    assert said.code == 0, said.err
    assert _same(out / "student", tmp_path / "student")
    missing = _table(tmp_path / "less.csv", ["response_id", "p_0", "p_1", "p_2"], rows[3:])
    message = command.fails("distill", given / "responses.csv", "--labels", missing, "-o", out)
    assert f"{missing}: 3 problems" in message
    assert f"response '{rows[0][0]}' has no label" in message
    assert len(held) == 9


def test_the_teachers_held_out_rows(command, given, tiny_model, tmp_path):
    teacher = tmp_path / "teacher"
    held = ["r010", "r011", "r012", "r013"]
    options = TeacherOptions(model=str(tiny_model), epochs=1, precision="fp32", device="cpu")
    finetune(ITEM, ITEM.rows, options, teacher, held)
    start = ("distill", given / "responses.csv", "--labels", given / "labels.csv",
             "--teacher", teacher, "-o")  # fmt: skip
    said = command(*start, tmp_path / "out", *SMALL)
    assert "(4 held-out responses)" in said.out
    assert store.load(tmp_path / "out" / "student").provenance["rows"] == 56
    cut = ("--student", "transformer", "--student-epochs", 1, "--accept-weak")
    said = command(*start, tmp_path / "t", *cut, "--layers", "1")
    assert said.code == 0, said.err
    made = store.load(tmp_path / "t" / "student")
    assert (made.kind, made.options.layers) == ("transformer", (1,))
    assert store.load(tmp_path / "t" / "baseline").kind == "bag"
    both = ("--student", "both", "--layers", "0", *SMALL, "--json")
    said = command(*start, tmp_path / "both", *both)
    assert json.loads(said.out).keys() - {"warnings"} == {"student", "baseline", "second"}
    kinds = [store.load(tmp_path / "both" / name).kind for name in ("student", "second")]
    assert kinds == ["bag", "transformer"]
    message = command.fails(*start, tmp_path / "x", "--student", "transformer", "--layers", "0,7")
    assert "there is no layer 7: the teacher has 2 layers, 0 to 1" in message
    said = command(*start, tmp_path / "sized", "--max-size", "8MB", "--layers", "0", *SMALL)
    assert said.code == 0, said.err
    frontier = json.loads((tmp_path / "sized" / "student.frontier.json").read_text())
    assert [one["student"] for one in frontier["tried"]] == ["bag", "transformer", "both"]
    is_both = "Chosen: a bag with a" in said.err
    assert (tmp_path / "sized" / "second").exists() == ("--second-share 0.3" in said.err) == is_both


def test_a_teacher_of_other_responses(command, given, tiny_model, tmp_path):
    other = item_of(30, seed=3)
    rows = [row.__class__(f"x{at}", "tiny", row.text, row.score) for at, row in
            enumerate(other.rows)]  # fmt: skip
    options = TeacherOptions(model=str(tiny_model), epochs=1, precision="fp32", device="cpu")
    finetune(other, rows, options, tmp_path / "teacher")
    message = command.fails(
        *("distill", given / "responses.csv", "--labels", given / "labels.csv"),
        *("--teacher", tmp_path / "teacher", "-o", tmp_path / "out"),
    )
    assert "teacher" in message
    assert "other responses" in message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--student", "rnn", "--ngrams", 9], "students of kind rnn have no option ngrams"),
        (["--student", "rnn", "--dimensions", 9], "no option dimensions"),
        (["--layers", "0,1"], "students of kind bag have no option layers"),
        (["--layers", "first"], "'--layers': 'first' is no list of numbers like 1,3,5"),
        (["--student", "both"], "name the teacher's folder"),
        (["--student", "both", "--max-size", "9KB"], "name the teacher's folder"),
        (["--student", "transformer"], "name the teacher's folder"),
        (["--temperature", 0.9], "not in the range"),
        (["--lambda", "nan"], "nan is not a number to work with"),
        (["--labels", "none.csv"], "none.csv: no such file"),
        (["--variants", "none.csv"], "none.csv: no such file"),
        (["--teacher", "nowhere"], "nowhere: no such folder"),
        (["--ngrams", 0], "not in the range"),
    ],
)
def test_wrong_options(command, given, tmp_path, more, said, monkeypatch):
    monkeypatch.setattr(Training, "run", None)
    message = command.fails(
        *("distill", given / "responses.csv", "--labels", given / "labels.csv"),
        *("-o", tmp_path / "out", *more),
    )
    assert said in message
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (["response_id", "p_0", "p_1"], ["r000", 0.5, 0.5], "p_0, p_1, p_2 are needed"),
        (["name", "p_0", "p_1", "p_2"], [CANARY, 1, 0, 0], "no column 'response_id'"),
        (["response_id", "p_0", "p_1", "p_2"], ["r000", 0.5, 0.5, 0.5], "row 2: the prob"),
        (["response_id", "p_0", "p_1", "p_2"], ["r000", CANARY, 0, 1], "row 2, column 'p_0'"),
        (["response_id", "label"], ["r000", CANARY], "row 2, column 'label': not one of"),
    ],
)
def test_wrong_labels(command, given, tmp_path, header, row, said):
    labels = _table(tmp_path / "labels.csv", header, [row])
    message = command.fails("distill", given / "responses.csv", "--labels", labels,
                            "-o", tmp_path / "out")  # fmt: skip
    assert str(labels) in message
    assert said in message


def test_an_output_that_must_not_be_written(command, given, tmp_path, monkeypatch):
    """Found before the work and not after it."""
    monkeypatch.setattr(Training, "run", None)
    (tmp_path / "out" / "student").mkdir(parents=True)
    (tmp_path / "out" / "student" / "thesis.odt").write_text("years of work")
    (tmp_path / "file").write_text("")
    labels = ("--labels", given / "labels.csv")
    for out, said in ((tmp_path / "out", "did not make"), (tmp_path / "file" / "x", "file")):
        assert said in command.fails("distill", given / "responses.csv", *labels, "-o", out)
    assert (tmp_path / "out" / "student" / "thesis.odt").exists()


def test_stopped_it_goes_on(command, given, tmp_path, monkeypatch):
    arguments = ("distill", given / "responses.csv", "--labels", given / "labels.csv",
                 "-o", tmp_path / "out", *SMALL)  # fmt: skip
    epoch = Training._leg

    def stop_in_the_second(training, at, *rest):
        if at:
            raise KeyboardInterrupt
        return epoch(training, at, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_leg", stop_in_the_second)
        said = command(*arguments)
    assert (said.code, said.out) == (130, "")
    said = command(*arguments)
    assert said.code == 0
    assert "Resuming after epoch 1." in said.err
    whole = ("distill", given / "responses.csv", "--labels", given / "labels.csv")
    command(*whole, "-o", tmp_path / "whole", *SMALL)
    assert _same(tmp_path / "out" / "student", tmp_path / "whole" / "student")


def test_a_size_in_bytes(command, given, tmp_path):
    out = tmp_path / "out"
    start = ("distill", given / "responses.csv", "--labels", given / "labels.csv", "-o", out)
    said = command(*start, "--student-epochs", 2, "--accept-weak", "--max-size", "4.4KB", "--json")
    assert said.code == 0, said.err
    student = store.load(out / "student")
    frontier = json.loads((out / "student.frontier.json").read_text())
    assert frontier["limit"] == 4_400
    assert frontier["chosen"]["ngrams"] == student.text.vocabulary.size
    assert frontier["chosen"]["bytes"] <= 4_400
    assert "<svg" in (out / "student.frontier.svg").read_text()
    assert "Sizes tried for 4,400 bytes" in said.err
    assert "too large" in said.err
    figures = json.loads(said.out)["student"]
    assert figures.items() >= student.provenance["validation"].items()
    exported = command("export", out / "student", "-o", tmp_path / "x.kdz", "--form", "plain-int8")
    assert exported.code == 0
    assert abs((tmp_path / "x.kdz").stat().st_size - frontier["chosen"]["bytes"]) <= SLACK
    assert (tmp_path / "x.kdz").stat().st_size <= 4_400


def test_a_size_that_cannot_be(command, given, tmp_path):
    out = tmp_path / "out"
    start = ("distill", given / "responses.csv", "--labels", given / "labels.csv", "-o", out)
    said = command(*start, "--student-epochs", 1, "--max-size", "2KB")
    assert said.code == 2
    assert "no bundle fits into 2,000 bytes: the smallest that was tried takes" in said.err
    assert json.loads((out / "student.frontier.json").read_text())["chosen"] is None
    assert not (out / "student").exists()
    assert "students of kind rnn have one size" in command.fails(
        *start, "--max-size", "9KB", "--student", "rnn"
    )
    assert "is not a size" in command.fails(*start, "--max-size", "small")
    refused = command.fails(*start, "--form", "plain-int8")
    assert "--form and --prompt need --max-size or --max-ms" in refused
