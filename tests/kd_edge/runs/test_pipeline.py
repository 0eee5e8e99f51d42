"""Stage by stage: what is unchanged is kept, what is changed is made again, and no more."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from kd_edge.data.responses import Scale
from kd_edge.data.splits import split_item
from kd_edge.distillation.train import Training
from kd_edge.runs import pipeline, student_stages
from kd_edge.runs.folder import item_folder
from kd_edge.runs.options import RunOptions
from kd_edge.runs.pipeline import Pipeline
from kd_edge.runs.pipeline_rows import PipelineRows
from kd_edge.soft_labels import augmentation, label_rows
from kd_edge.soft_labels.label_variants import read_variants
from kd_edge.soft_labels.labels import labels_by_id, read_labels
from kd_edge.stages.record import StoppedError, hash_folder, hash_rows
from kd_edge.students.kept_out import NOTHING, kept_out
from kd_edge.teacher.card import read_card
from kd_edge.teacher.options import TeacherOptions
from kd_edge.teacher.predict import predict
from kd_edge.teacher.training_run import TrainingRun
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.vocabulary import hash_word
from workshop import SMALL, item_of, run_options

STAGES = ("teacher", "labels", "variants", "student", "test-labels")
CLASSES = ("0", "1", "2")
SPLIT = split_item(item_of(60), None, 0.15, 0)


def run_stages(split, out, options, unlabelled=(), kept_out=NOTHING):
    """The stages of one item in its folder in the run's."""
    rows = PipelineRows(split, unlabelled, kept_out)
    return Pipeline(rows, item_folder(out, split.item.item_id), options).run()


@pytest.fixture(scope="module")
def options(tiny_model):
    return run_options(tiny_model)


@pytest.fixture(scope="module")
def finished(options, tmp_path_factory):
    """The folder of a run that went through, and what it made."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, run_stages(SPLIT, folder, options)


@pytest.fixture
def out(finished, tmp_path):
    """A copy of a finished run, to be changed."""
    shutil.copytree(finished[0], tmp_path / "out")
    return tmp_path / "out"


def _same(one, other):
    state = other.network.state_dict()
    return all(torch.equal(value, state[name]) for name, value in one.network.state_dict().items())


def _distil(options, **changes):
    return replace(options, distil=replace(options.distil, **changes))


def _teacher(options, **changes):
    return replace(options, teacher=replace(options.teacher, **changes))


def test_every_stage_runs_once(finished):
    folder, made = finished
    assert made.ran == STAGES
    assert made.folder == folder / "item-tiny"
    assert {path.name for path in made.folder.iterdir()} == {
        *(f"{stage}.stage.json" for stage in STAGES),
        *("teacher", "labels.csv", "variants.csv", "student", "baseline", "test_labels.csv"),
    }


def test_what_the_stages_made(finished):
    _, made = finished
    held = {row.response_id for row in SPLIT.validation}
    assert set(read_card(made.teachers[0]).validation_ids) == held
    ids = {row.response_id for row in [*SPLIT.train, *SPLIT.validation]}
    assert set(read_labels(made.labels, CLASSES).ids) == ids
    test = read_labels(made.test_labels, CLASSES)
    assert list(test.ids) == [row.response_id for row in SPLIT.test]
    variants = read_variants(made.folder / "variants.csv", CLASSES)
    assert len(variants.texts) == 60
    student, baseline = made.distilled.student, made.distilled.baseline
    assert student.provenance["variants"] == 60
    assert student.provenance["rows"] == baseline.provenance["rows"] == len(SPLIT.train)


def test_several_teachers_are_averaged_and_share_the_variants(out, options, capsys):
    two = replace(options, teachers=2)
    made = run_stages(SPLIT, out, two)
    assert "Item 'tiny': large model 2 of 2" in capsys.readouterr().err
    assert made.ran == ("teacher-2", "labels", "variants", "student", "test-labels")
    cards = [read_card(teacher) for teacher in made.teachers]
    assert [card.options["seed"] for card in cards] == [0, 1]
    assert cards[0].validation_ids == cards[1].validation_ids
    for path, rows in (
        (made.labels, [*SPLIT.train, *SPLIT.validation]),
        (made.test_labels, SPLIT.test),
    ):
        texts = [row.text for row in rows]
        said = [predict(teacher, texts, precision="fp32") for teacher in made.teachers]
        assert np.abs(said[0] - said[1]).max() > 1e-3
        found = labels_by_id(path, CLASSES, rows)
        mean = np.stack([found[row.response_id] for row in rows])
        assert np.abs(mean - np.mean(said, axis=0)).max() < 2e-6
    variants = read_variants(made.folder / "variants.csv", CLASSES)
    for turn, teacher in enumerate(made.teachers):
        said = predict(teacher, variants.texts[turn::2], precision="fp32")
        assert np.abs(variants.probabilities[turn::2] - said).max() < 2e-6
    assert run_stages(SPLIT, out, two).ran == ()
    assert run_stages(SPLIT, out, options).ran == ("labels", "variants", "student", "test-labels")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"teachers": 0}, "the number of large models cannot be 0"),
        ({"teachers": 2, "folds": 2}, "give --folds or --teachers"),
        ({"teachers": 2, "teacher": TeacherOptions(seed=2**32 - 1)}, "out of range: seed"),
    ],
)
def test_teachers_that_cannot_be(wrong, said):
    with pytest.raises(InputError, match=said):
        RunOptions(**wrong)


def test_variants_are_made_of_rows_learnt_from_alone(options, tmp_path, monkeypatch):
    given = []

    def spy(texts, *_):
        given.extend(texts)
        raise StoppedError("enough")

    monkeypatch.setattr(augmentation, "make_variants", spy)
    with pytest.raises(StoppedError):
        run_stages(SPLIT, tmp_path, options)
    assert given == [row.text for row in SPLIT.train]


def test_what_a_bundle_may_keep_trains_the_student_again_and_nothing_else(out, options):
    """A changed list, and a column of students that was not there before."""
    assert run_stages(SPLIT, out, options, kept_out=kept_out(["Vinegar"])).ran == ("student",)
    made = run_stages(SPLIT, out, options, kept_out=kept_out(["VINEGAR"]))
    assert made.ran == ()
    student = made.distilled.student
    assert hash_word("vinegar") not in {*student.text.vocabulary.words}
    assert hash_word("mass") in {*student.text.vocabulary.words}
    assert student.provenance["privacy"] == {
        "shared_by": 3,
        "counted": "responses",
        "words_kept_out": 1,
    }
    assert "vinegar" not in json.dumps(student.provenance).lower()
    # Neither the student nor a stage's record has the word, which the tiny teacher's tokenizer has.
    files = [*out.rglob("*.stage.json"), *out.glob("*/student/*"), *out.glob("*/baseline/*")]
    assert not [path for path in files if b"inegar" in path.read_bytes()]
    assert len(files) > 9
    wrote = {row.response_id: f"s{at % 20}" for at, row in enumerate(SPLIT.item.rows)}
    train = tuple(replace(row, student=wrote[row.response_id]) for row in SPLIT.train)
    by_students = run_stages(replace(SPLIT, train=train), out, options)
    assert by_students.ran == ("student",)
    assert by_students.distilled.student.provenance["privacy"]["counted"] == "students"
    more = {**options.distil.student_options, "min_responses": 9}
    at_least_nine = run_stages(SPLIT, out, _distil(options, student_options=more))
    assert at_least_nine.distilled.student.provenance["privacy"]["shared_by"] == 9


def test_unlabelled_responses_are_labelled_with_the_variants(out, options):
    made = run_stages(SPLIT, out, options, ("warm wool", "cold wool"))
    assert made.ran == ("variants", "student")
    assert read_variants(made.folder / "variants.csv", CLASSES).texts[:2] == (
        "warm wool",
        "cold wool",
    )
    assert made.distilled.student.provenance["variants"] == 62
    assert run_stages(SPLIT, out, options, ("warm wool", "cold wool")).ran == ()
    none = replace(options, variants=0)
    assert (
        run_stages(SPLIT, out, none, ("warm wool",)).distilled.student.provenance["variants"] == 1
    )


def test_a_second_run_runs_nothing(finished, out, options, monkeypatch, capsys):
    for name in ("finetune", "label_variants", "mean_labels"):
        monkeypatch.setattr(pipeline, name, None)
    monkeypatch.setattr(student_stages, "distil", None)
    made = run_stages(SPLIT, out, options)
    assert made.ran == ()
    assert _same(made.distilled.student, finished[1].distilled.student)
    assert _same(made.distilled.baseline, finished[1].distilled.baseline)
    assert capsys.readouterr().err.count("unchanged, kept") == len(STAGES)


def test_the_folder_may_move(out, options, tmp_path):
    shutil.move(out, tmp_path / "elsewhere")
    assert run_stages(SPLIT, tmp_path / "elsewhere", options).ran == ()


@pytest.mark.parametrize(
    ("change", "ran"),
    [
        (lambda o: _distil(o, weight=2.0), ("student",)),
        (lambda o: _distil(o, temperature=2.0), ("student",)),
        (lambda o: _distil(o, epochs=19), ("student",)),
        (lambda o: _distil(o, student_options={"ngrams": 50, "dimensions": 3}), ("student",)),
        (lambda o: _distil(o, student="rnn", student_options=SMALL["rnn"]), ("student",)),
        (lambda o: replace(o, variants=50), ("variants", "student")),
        (lambda o: replace(o, variants=0), ("student",)),
        (lambda o: _distil(o, seed=1), ("variants", "student")),
        (lambda o: replace(o, folds=2), ("labels", "student")),
        (lambda o: _teacher(o, epochs=2), STAGES),
        (lambda o: _teacher(o, seed=1), STAGES),
    ],
)
def test_what_an_option_changes(out, options, change, ran):
    changed = change(options)
    assert run_stages(SPLIT, out, changed).ran == ran
    assert run_stages(SPLIT, out, changed).ran == ()


def test_where_the_language_model_lies_does_not_matter(out, options, tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "other-name")
    assert run_stages(SPLIT, out, _teacher(options, model=str(tmp_path / "other-name"))).ran == ()


def test_another_test_set_is_scored_again_and_no_more(out, options):
    test = (*SPLIT.test[:-1], replace(SPLIT.test[-1], text="vinegar"))
    assert run_stages(replace(SPLIT, test=test), out, options).ran == ("test-labels",)


def test_other_rows_start_anew(out, options):
    train = (replace(SPLIT.train[0], score=(SPLIT.train[0].score + 1) % 3), *SPLIT.train[1:])
    item = replace(SPLIT.item, rows=(*train, *SPLIT.validation, *SPLIT.test))
    made = run_stages(replace(SPLIT, train=train, item=item), out, options)
    assert made.ran == ("teacher", "labels", "variants", "student", "test-labels")


def test_rich_text_makes_another_student_of_the_same_rows(out, options):
    rich = replace(SPLIT, item=replace(SPLIT.item, markup=True))
    made = run_stages(rich, out, options)
    assert made.ran == ("student",)
    assert made.distilled.student.markup
    assert run_stages(rich, out, options).ran == ()


def test_another_split_starts_anew(out, options):
    moved = replace(SPLIT, train=SPLIT.train[1:], validation=(*SPLIT.validation, SPLIT.train[0]))
    made = run_stages(moved, out, options)
    assert made.ran[0] == "teacher"
    assert SPLIT.train[0].response_id in read_card(made.teachers[0]).validation_ids


@pytest.mark.parametrize(
    "scale",
    [
        Scale.from_range(0, 3),
        Scale.from_range(1, 3),
        Scale.from_values((0, 0.5, 1)),
        Scale(("a", "b", "c"), False),
    ],
)
def test_other_classes_start_anew(out, options, scale):
    # The same rows by number, which mean something else now.
    renamed = replace(SPLIT, item=replace(SPLIT.item, scale=scale))
    made = run_stages(renamed, out, options)
    assert made.ran == STAGES
    assert read_card(made.teachers[0]).classes == scale.classes
    assert made.distilled.student.scale == scale


def _append(path):
    path.write_text(path.read_text() + "\n")


def _delete(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("harm", [_append, _delete])
@pytest.mark.parametrize(
    ("name", "ran"),
    [
        ("variants.csv", ("variants",)),
        ("labels.csv", ("labels",)),
        ("test_labels.csv", ("test-labels",)),
        ("variants.stage.json", ("variants",)),
        ("student/student.json", ("student",)),
    ],
)
def test_what_is_changed_or_gone_is_made_again(out, options, harm, name, ran):
    # Made again it is the same as before, so that what depends on it is kept.
    path = out / "item-tiny" / name
    before = path.read_bytes()
    harm(path)
    expected = () if (harm, name) == (_append, "variants.stage.json") else ran
    assert run_stages(SPLIT, out, options).ran == expected
    if not name.endswith(".stage.json"):
        assert path.read_bytes() == before


def _flip(path):
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize("jump", [0, 4_000_000_000])
def test_no_clock_decides_what_is_kept(out, options, jump):
    """Neither files of before or after now, nor one that was changed and looks as old as it was."""
    for path in out.rglob("*"):
        os.utime(path, (jump, jump))
    assert run_stages(SPLIT, out, options).ran == ()
    changed = out / "item-tiny" / "labels.csv"
    before = changed.read_bytes()
    _flip(changed)
    os.utime(changed, (jump, jump))
    assert run_stages(SPLIT, out, options).ran == ("labels",)
    assert changed.read_bytes() == before


def test_variants_by_somebody_else_teach_the_student_anew(out, options):
    # A stage whose output is not what it wrote is run again; what it then writes differs here.
    path = out / "item-tiny" / "variants.csv"
    record = path.with_name("variants.stage.json")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], "v000059,more ice,0,0,1"]) + "\n")
    raw = json.loads(record.read_text())
    raw["outputs"]["variants.csv"] = pipeline.hash_file(path)
    raw["sizes"]["variants.csv"] = path.stat().st_size
    record.write_text(json.dumps(raw))
    assert run_stages(SPLIT, out, options).ran == ("student",)


def test_a_lost_teacher_is_made_again_and_nothing_else(finished, out, options):
    shutil.rmtree(out / "item-tiny" / "teacher")
    assert run_stages(SPLIT, out, options).ran == ("teacher",)
    assert hash_folder(out / "item-tiny" / "teacher") == hash_folder(finished[1].teachers[0])


def _stop_in(monkeypatch, stage):
    """Ctrl-C somewhere in a stage."""

    def stop(*_args, **_options):
        raise KeyboardInterrupt

    if stage == "teacher":
        original = TrainingRun._train_epoch

        def second_epoch(run, epoch, tracker):
            if epoch == 1:
                raise KeyboardInterrupt
            return original(run, epoch, tracker)

        monkeypatch.setattr(TrainingRun, "_train_epoch", second_epoch)
    elif stage == "student":
        epoch = Training._leg

        def last_epoch(training, at, *rest):
            if at == 19:
                raise KeyboardInterrupt
            return epoch(training, at, *rest)

        monkeypatch.setattr(Training, "_leg", last_epoch)
    elif stage == "variants":
        monkeypatch.setattr("kd_edge.soft_labels.label_variants._Partial.append", stop)
    else:
        words = "the test responses" if stage == "test-labels" else "scoring responses"
        monkeypatch.setattr(label_rows, "predict", _stopping_at(words))


def _stopping_at(words):
    def predict_or_stop(*args, progress, **options):
        if words in progress:
            raise KeyboardInterrupt
        return predict(*args, progress=progress, **options)

    return predict_or_stop


@pytest.mark.parametrize("stage", STAGES)
def test_stopped_in_a_stage_it_goes_on_and_ends_the_same(
    finished, options, tmp_path, monkeypatch, stage
):
    with monkeypatch.context() as patch:
        _stop_in(patch, stage)
        with pytest.raises((StoppedError, KeyboardInterrupt)):
            run_stages(SPLIT, tmp_path, options)
    done = STAGES[: STAGES.index(stage)]
    made = run_stages(SPLIT, tmp_path, options)
    assert made.ran == STAGES[len(done) :]
    expected = finished[1].folder
    for name in ("labels.csv", "variants.csv", "test_labels.csv"):
        assert (made.folder / name).read_bytes() == (expected / name).read_bytes()
    for name in ("teacher", "student", "baseline"):
        assert hash_folder(made.folder / name) == hash_folder(expected / name)
    assert not (made.folder / "work").exists()


def test_without_variants_none_are_made(options, tmp_path):
    made = run_stages(SPLIT, tmp_path, replace(options, variants=0))
    assert made.ran == ("teacher", "labels", "student", "test-labels")
    assert not (made.folder / "variants.csv").exists()
    assert made.distilled.student.provenance["variants"] == 0


def test_cross_fitted_labels(out, options):
    made = run_stages(SPLIT, out, replace(options, folds=3))
    labels = read_labels(made.labels, CLASSES)
    assert set(labels.folds) == {0, 1, 2}
    before = read_labels(out.parent / "out" / "item-tiny" / "labels.csv", CLASSES)
    assert np.array_equal(before.probabilities, labels.probabilities)


def test_a_transformer_depends_on_its_teacher(out, options):
    changed = _distil(options, student="transformer", student_options=SMALL["transformer"])
    made = run_stages(SPLIT, out, changed)
    assert made.ran == ("student",)
    raw = json.loads((made.folder / "student.stage.json").read_text())
    assert "teacher" in raw["inputs"]


def test_a_second_student(out, options):
    both = _distil(options, student="both", second_options=SMALL["transformer"])
    made = run_stages(SPLIT, out, both)
    assert made.ran == ("second",), "the first is the one that is there"
    assert made.distilled.second.kind == "transformer"
    assert made.distilled.second.held_out == made.distilled.student.held_out
    raw = json.loads((made.folder / "second.stage.json").read_text())
    assert {"teacher", "labels", "variants", "rows"} <= raw["inputs"].keys()
    assert not (made.folder / "work").exists()
    assert run_stages(SPLIT, out, both).ran == ()
    assert run_stages(SPLIT, out, options).distilled.second is None


@pytest.mark.parametrize("student", ["transformer", "both"])
def test_layers_that_are_not_there_are_refused_before_the_fine_tuning(
    options, tmp_path, monkeypatch, student
):
    monkeypatch.setattr(pipeline, "finetune", None)
    name = "second_options" if student == "both" else "student_options"
    with pytest.raises(InputError, match="no layer 2: the teacher has 2 layers, 0 to 1"):
        run_stages(SPLIT, tmp_path, _distil(options, student=student, **{name: {"layers": (0, 2)}}))


def test_records_hold_no_text_and_no_path(finished, tiny_model):
    for stage in STAGES:
        text = (finished[1].folder / f"{stage}.stage.json").read_text()
        assert str(tiny_model) not in text
        assert str(finished[0]) not in text
        assert not any(row.text in text for row in SPLIT.item.rows)
    raw = json.loads((finished[1].folder / "teacher.stage.json").read_text())
    assert raw["inputs"]["rows"] == hash_rows([*SPLIT.train, *SPLIT.validation])


# Options and folders


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"folds": -1}, {"variants": -1}])
def test_options_out_of_range_are_refused_at_once(wrong):
    with pytest.raises(InputError):
        RunOptions(**wrong)


def test_an_item_has_a_folder_of_its_own(tmp_path):
    assert item_folder(tmp_path, "1") == tmp_path / "item-1"
    assert item_folder(tmp_path, "wool-ice_2") == tmp_path / "item-wool-ice_2"
    names = [
        *("a b", "a-b", "a/b", "a\\b", "A-b", "a:b", "-a-b", "a-b-", "", "..", "/", "水", "火"),
        *("x" * 60, "x" * 61, "x" * 62, "con", "a\n", "é", "e"),
    ]
    folders = [item_folder(tmp_path, name) for name in names]
    assert len({folder.name.lower() for folder in folders}) == len(names)
    for folder in folders:
        assert folder.parent == tmp_path
        assert len(folder.name) < 80
        assert folder.name.isascii()
        folder.mkdir()
