"""More teachers like one: the very ones of `run --teachers`, made once, and labelling together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from decoders import tiny_decoder
from kd_edge import label, read_responses
from kd_edge.data.splits import split_item
from kd_edge.runs.pipeline import Pipeline
from kd_edge.runs.pipeline_rows import PipelineRows
from kd_edge.soft_labels import label_rows as labelling
from kd_edge.soft_labels import more_teachers as making
from kd_edge.soft_labels.label_rows import label_rows, options_of
from kd_edge.soft_labels.more_teachers import more_teachers
from kd_edge.stages.record import StoppedError
from kd_edge.teacher.card import read_card
from kd_edge.teacher.finetune import finetune
from kd_edge.teacher.predict import predict
from kd_edge_runtime.errors import InputError
from tiny import press_ctrl_c, same_teacher, tiny_options
from workshop import item_of, run_options, with_canary, write_table

SPLIT = split_item(with_canary(item_of(40)), None, 0.15, 0)
_TEST = {row.response_id for row in SPLIT.test}
ITEM = replace(
    SPLIT.item,
    rows=tuple(
        replace(row, split="test" if row.response_id in _TEST else "train")
        for row in SPLIT.item.rows
    ),
)


@pytest.fixture(scope="module")
def run(tiny_model, tmp_path_factory):
    """The folder of an item in a run with two teachers, which have labelled."""
    folder = tmp_path_factory.mktemp("run")
    Pipeline(PipelineRows(SPLIT), folder, replace(run_options(tiny_model), teachers=2)).teach()
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("given") / "responses.csv", [ITEM], ["split"])


@pytest.fixture
def teacher(run):
    """The first of the run's teachers."""
    return run / "teacher"


@pytest.fixture
def options(teacher, tiny_model):
    return options_of(read_card(teacher), str(tiny_model))


@pytest.fixture
def made(monkeypatch):
    """The seeds of the teachers that were asked for; nothing but a file is made of each."""
    seeds = []

    def make(_item, _rows, options, folder, *_):
        seeds.append(options.seed)
        folder.mkdir(exist_ok=True)
        (folder / "teacher.json").write_text(str(options.seed))

    monkeypatch.setattr(making, "finetune", make)
    return seeds


def test_teachers_labels_and_variants_are_those_of_a_run(
    command, run, teacher, table, tiny_model, tmp_path, monkeypatch
):
    output, variants = tmp_path / "labels.csv", tmp_path / "variants.csv"
    given = ("label", teacher, table, "-o", output, "--teachers", 2, "--model", tiny_model)
    given += ("--variants", variants, "--count", 60)
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 3)  # in the second epoch of two steps
        stopped = command(*given)
    assert stopped.code == 130
    assert "fine-tuning was stopped after epoch 1 of 3" in stopped.err
    assert not output.exists()
    said = command(*given)
    assert said.code == 0, said.err
    assert "Item 'tiny': teacher 2 of 2" in said.err
    assert "scoring responses with the teacher (2 of 2)" in said.err
    assert "labels.csv.teachers keeps the teachers but the first" in said.err
    work = tmp_path / "labels.csv.teachers"
    assert same_teacher(work / "teacher-2", run / "teacher-2")
    assert not same_teacher(work / "teacher-2", teacher)
    assert read_card(work / "teacher-2").validation_ids == read_card(teacher).validation_ids
    assert output.read_bytes() == (run / "labels.csv").read_bytes()
    assert variants.read_bytes() == (run / "variants.csv").read_bytes()

    monkeypatch.setattr(making, "finetune", None)
    before = output.read_bytes()
    output.unlink()
    again = command(*given)
    assert again.code == 0, again.err
    assert "teacher-2 unchanged, kept" in again.err
    assert output.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {output.name, variants.name, work.name}


def test_in_python_they_are_the_same(run, teacher, table, tiny_model, tmp_path):
    given = {"variants": 60, "model": str(tiny_model), "folder": tmp_path}
    labels = label(teacher, read_responses(table), teachers=2, **given)
    assert labels.teacher == teacher
    for name in ("labels.csv", "variants.csv"):
        assert (tmp_path / name).read_bytes() == (run / name).read_bytes()
    assert same_teacher(tmp_path / "labels.csv.teachers" / "teacher-2", run / "teacher-2")
    with pytest.raises(InputError, match="number of teachers cannot be 0"):
        label(teacher, read_responses(table), teachers=0, **given)
    with pytest.raises(TypeError, match="teachers must be int"):
        label(teacher, read_responses(table), teachers="2")


def test_the_mean_of_all_is_taken(run, teacher):
    folders = [teacher, run / "teacher-2"]
    labels = label_rows(ITEM, folders, precision="fp32")
    texts = [row.text for row in ITEM.rows if row.split != "test"]
    alone = [predict(folder, texts, precision="fp32") for folder in folders]
    assert np.array_equal(labels.probabilities, np.mean(alone, axis=0))
    assert set(labels.folds) == {-1}


def test_what_is_whole_is_kept_and_only_what_is_new_is_made(
    teacher, options, made, tmp_path, capsys
):
    assert more_teachers(ITEM, teacher, 1, options, tmp_path / "w") == (teacher,)
    assert not (tmp_path / "w").exists()
    two = more_teachers(ITEM, teacher, 2, options, tmp_path / "w")
    assert two == (teacher, tmp_path / "w" / "teacher-2")
    assert more_teachers(ITEM, teacher, 3, options, tmp_path / "w")[:2] == two
    assert made == [1, 2]
    assert "Item 'tiny': teacher 3 of 3" in capsys.readouterr().err
    (two[1] / "teacher.json").write_text("9")
    more_teachers(ITEM, teacher, 2, options, tmp_path / "w")
    assert made == [1, 2, 1], "what is not as it was written is made again"


@pytest.mark.parametrize("change", ["options", "seed", "responses"])
def test_a_teacher_of_other_options_or_responses_is_none_of_these(
    teacher, options, made, tmp_path, capsys, change
):
    more_teachers(ITEM, teacher, 2, options, tmp_path)
    item = ITEM
    if change == "options":
        options = replace(options, epochs=1)
    elif change == "seed":
        options = replace(options, seed=5)
    else:
        rows = [replace(row, text=f"{row.text} more") for row in ITEM.rows]
        item = replace(ITEM, rows=tuple(rows))
    more_teachers(item, teacher, 2, options, tmp_path)
    assert made == [1, options.seed + 1]
    reason = "its options have changed" if change != "responses" else "has changed (rows)"
    assert "teacher-2: made again, as" in (said := capsys.readouterr().err)
    assert reason in said


def test_a_finished_teacher_outlives_the_one_that_was_stopped(
    teacher, options, made, tmp_path, monkeypatch
):
    make = making.finetune

    def stop(*given):
        if given[2].seed == 2:
            raise StoppedError("stopped")
        make(*given)

    with monkeypatch.context() as patch:
        patch.setattr(making, "finetune", stop)
        with pytest.raises(StoppedError):
            more_teachers(ITEM, teacher, 3, options, tmp_path)
    assert made == [1]
    more_teachers(ITEM, teacher, 3, options, tmp_path)
    assert made == [1, 2]


def test_what_cannot_be(teacher, options, made, tmp_path):
    work = tmp_path / "w"
    with pytest.raises(InputError, match="number of teachers cannot be 0"):
        more_teachers(ITEM, teacher, 0, options, work)
    last = replace(options, seed=2**32 - 2)
    with pytest.raises(InputError, match="out of range: seed"):
        more_teachers(ITEM, teacher, 3, last, work)
    rows = tuple(replace(row, response_id=f"other-{row.response_id}") for row in ITEM.rows)
    with pytest.raises(InputError, match="fine-tuned on other responses"):
        more_teachers(replace(ITEM, rows=rows), teacher, 2, options, work)
    other = item_of(40, scale=replace(ITEM.scale, classes=("1", "2", "3")))
    with pytest.raises(InputError, match="has the scores 1, 2, 3"):
        more_teachers(other, teacher, 2, options, work)
    assert not work.exists()
    assert made == []


def test_more_adapters_read_the_same_prompt(command, table, tmp_path, monkeypatch):
    """The table knows nothing of question and rubric; the first teacher's card does."""
    model = tiny_decoder(tmp_path / "llama")
    options = tiny_options(model, epochs=1, lora=True, lora_rank=2)
    item = replace(ITEM, prompt="Why?", rubric="A point each.")
    first = tmp_path / "t"
    finetune(item, item.learning, options, first)
    given = ("label", first, table, "-o", tmp_path / "l.csv")
    said = command(*given, "--teachers", 2)  # the adapter knows where its language model is
    assert said.code == 0, said.err
    card, second = read_card(first), read_card(tmp_path / "l.csv.teachers" / "teacher-2")
    assert second.prompt == card.prompt
    assert second.prompt.question == "Why?"
    assert second.options == {**card.options, "seed": 1}
    assert second.validation_ids == card.validation_ids

    model.rename(tmp_path / "moved")
    assert "put it there, or name it with --model" in command.fails(*given, "--teachers", 2)
    before = (tmp_path / "l.csv").read_bytes()
    again = command(*given, "--teachers", 2, "--model", tmp_path / "moved")
    assert again.code == 0, again.err
    assert "teacher-2 unchanged, kept" in again.err
    assert (tmp_path / "l.csv").read_bytes() == before

    read = []

    def cross_fit(item, *_):
        read.append((item.prompt, item.rubric))
        raise InputError("enough")

    monkeypatch.setattr(labelling, "cross_fit", cross_fit)
    command.fails(*given, "--folds", 2, "--model", tmp_path / "moved")
    assert read == [("Why?", "A point each.")]
