"""Fine-tuning: it learns, it stops and goes on, and it holds rows out."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from kd_edge.data.responses import Item, Row, Scale
from kd_edge.data.splits import deal_folds, validation_rows
from kd_edge.teacher import classifier, finetune, training_run
from kd_edge.teacher.averaging import add_to_mean
from kd_edge.teacher.card import read_card
from kd_edge.teacher.finetune import TeacherOptions
from kd_edge.training import checkpoint, run_state
from kd_edge.training.epoch import EpochFigures
from kd_edge.training.run_state import RunState, read_state
from kd_edge.training.schedule import one_cycle
from kd_edge_runtime.errors import InputError
from tiny import (
    press_ctrl_c,
    same_teacher,
    teacher_weights,
    tiny_item,
    tiny_options,
    tiny_teacher,
)

ITEM = tiny_item()


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    """Four short epochs of the tiny teacher."""
    folder = tiny_teacher(tmp_path_factory.mktemp("model") / "tiny")
    return tiny_options(folder, epochs=4, patience=4)


@pytest.fixture(scope="module")
def straight(options, tmp_path_factory):
    """A run that nothing interrupted."""
    return finetune.finetune(ITEM, ITEM.rows, options, tmp_path_factory.mktemp("straight") / "t")


def test_it_learns(options, tmp_path):
    longer = replace(options, epochs=12, validation=0.3)
    report = finetune.finetune(ITEM, ITEM.rows, longer, tmp_path / "t")
    assert report.card.validation.qwk > 0.7
    assert report.card.validation == max(report.card.history, key=lambda f: (f.qwk, -f.loss))
    assert report.card.history[-1].train_loss < report.card.history[0].train_loss / 2


def test_the_folder_says_what_it_is(straight, options):
    card = read_card(straight.folder)
    assert card == straight.card
    assert card.classes == ("0", "1", "2")
    assert card.options["model"] == "tiny"
    assert card.options["learning_rate"] == options.learning_rate
    assert len(card.validation_ids) == 9
    assert straight.train_rows == 51
    assert not (straight.folder / "checkpoint").exists()
    assert str(straight.folder.parent) not in (straight.folder / "teacher.json").read_text()


def test_the_same_run_gives_the_same_weights_and_leaves_the_random_state(
    straight, options, tmp_path
):
    torch.manual_seed(77)
    before = torch.get_rng_state()
    report = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert torch.equal(torch.get_rng_state(), before)
    assert same_teacher(report.folder, straight.folder)
    other = finetune.finetune(ITEM, ITEM.rows, replace(options, seed=1), tmp_path / "u")
    assert not same_teacher(other.folder, straight.folder)


@pytest.mark.parametrize("step", [7, 17, 27])  # an epoch has 7 steps
def test_a_stopped_run_goes_on_to_the_very_same_weights(
    straight, options, tmp_path, monkeypatch, capsys, step
):
    folder = tmp_path / "t"
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, step)
        with pytest.raises(finetune.StoppedError, match=f"after epoch {step // 7} of 4") as stopped:
            finetune.finetune(ITEM, ITEM.rows, options, folder)
    assert "Start the same command again" in str(stopped.value)
    assert not (folder / "teacher.json").exists()
    torch.manual_seed(step)  # a new process has another random state
    np.random.seed(step)
    report = finetune.finetune(ITEM, ITEM.rows, options, folder)
    assert f"Resuming after epoch {step // 7}." in capsys.readouterr().err
    assert same_teacher(folder, straight.folder)
    assert report.card == straight.card
    assert not (folder / "checkpoint").exists()


def test_a_run_killed_between_two_files_goes_on_from_the_epoch_before(
    straight, options, tmp_path, monkeypatch
):
    def kill(path, value):
        if len(value["history"]) == 3:
            raise RuntimeError("killed")
        original(path, value)

    original = run_state.write_json
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_SECONDS", 0.0)
        patch.setattr(run_state, "write_json", kill)
        with pytest.raises(RuntimeError, match="killed"):
            finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert same_teacher(tmp_path / "t", straight.folder)


def test_the_disk_is_written_at_most_every_thirty_seconds(options, tmp_path, monkeypatch):
    written = []
    now = [0.0]

    def note(path, value):
        written.append(len(value["history"]))
        original(path, value)

    def validate(run, epoch, loss):
        now[0] += 16.0
        return original_validate(run, epoch, loss)

    original, original_validate = run_state.write_json, training_run.TrainingRun._validate
    monkeypatch.setattr(run_state, "write_json", note)
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(training_run.TrainingRun, "_validate", validate)
    finetune.finetune(ITEM, ITEM.rows, replace(options, epochs=5, patience=5), tmp_path / "t")
    assert written == [2, 4, 5]  # and at the end


def test_a_stopped_run_goes_on_with_the_threads_it_began_with(options, tmp_path, monkeypatch):
    seen = []

    def validate(run, *args):
        seen.append(torch.get_num_threads())
        return original(run, *args)

    original = training_run.TrainingRun._validate
    monkeypatch.setattr(training_run.TrainingRun, "_validate", validate)
    monkeypatch.setattr(checkpoint, "free_threads", lambda: 3)
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 8)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    monkeypatch.setattr(checkpoint, "free_threads", lambda: 2)
    finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert seen == [3] * 4


def test_stopped_before_the_first_epoch(options, tmp_path, monkeypatch):
    press_ctrl_c(monkeypatch, 3)
    with pytest.raises(finetune.StoppedError, match="before the first epoch's end"):
        finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")


@pytest.mark.parametrize("change", ["options", "rows", "damage"])
def test_another_runs_checkpoint_is_not_used(options, tmp_path, monkeypatch, capsys, change):
    folder, rows = tmp_path / "t", ITEM.rows
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 8)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, rows, options, folder)
    short = replace(options, epochs=1) if change == "options" else options
    if change == "rows":
        rows = (replace(rows[0], text="other"), *rows[1:])
    if change == "damage":
        (folder / "checkpoint" / "optimizer-0001.safetensors").write_bytes(b"torn")
    finetune.finetune(ITEM, rows, short, folder)
    said = "damaged" if change == "damage" else "other responses or options"
    assert said in capsys.readouterr().err
    clean = finetune.finetune(ITEM, rows, short, tmp_path / "clean")
    assert same_teacher(folder, clean.folder)


def _flip(path):
    data = path.read_bytes()
    at = len(data) // 2
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


@pytest.mark.parametrize("kind", ["state", "weights", "optimizer"])
def test_a_flipped_bit_in_a_checkpoint_makes_no_other_teacher(
    straight, options, tmp_path, monkeypatch, capsys, kind
):
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 17)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    for path in (tmp_path / "t" / "checkpoint").glob(f"{kind}*"):
        _flip(path)
    finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert f"The checkpoint is damaged ({kind}" in capsys.readouterr().err
    assert same_teacher(tmp_path / "t", straight.folder)


def test_a_finished_teacher_is_kept_and_a_damaged_one_is_not(
    straight, options, tmp_path, monkeypatch, capsys
):
    shutil.copytree(straight.folder, tmp_path / "t")
    with monkeypatch.context() as patch:
        patch.setattr(finetune, "_train", None)
        assert finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t").card == straight.card
    assert "is there already: kept" in capsys.readouterr().err
    _flip(tmp_path / "t" / "model.safetensors")
    with pytest.raises(InputError, match=r"damaged \(model\.safetensors was changed"):
        classifier.load_teacher(tmp_path / "t")
    finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    assert same_teacher(tmp_path / "t", straight.folder)
    (tmp_path / "t" / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match="it has no SHA256SUMS"):
        classifier.load_teacher(tmp_path / "t")


def test_a_checkpoint_holds_no_more_than_it_needs(options, tmp_path, monkeypatch):
    press_ctrl_c(monkeypatch, 25)
    with pytest.raises(finetune.StoppedError):
        finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "t")
    folder = tmp_path / "t" / "checkpoint"
    state = json.loads((folder / "state.json").read_text())
    best = read_state(folder).best_epoch
    assert len(state["history"]) == 3
    wanted = {"state.json", "optimizer-0003.safetensors", "weights-0003.safetensors"}
    assert {path.name for path in folder.iterdir()} == wanted | {f"weights-{best:04d}.safetensors"}


def test_the_held_out_rows_can_be_given(options, tmp_path):
    ids = ("r000", "r001", "r002", "r010")
    short = replace(options, epochs=1)
    report = finetune.finetune(ITEM, ITEM.rows, short, tmp_path / "t", validation_ids=ids)
    assert report.card.validation_ids == ids
    assert report.train_rows == 56


def test_held_out_rows_teach_nothing(options, tmp_path):
    ids = ("r000", "r001", "r002", "r010")
    short = replace(options, epochs=1)
    rows = [replace(r, text="ice") if r.response_id in ids else r for r in ITEM.rows]
    folders = [
        finetune.finetune(ITEM, some, short, tmp_path / name, validation_ids=ids).folder
        for name, some in (("a", ITEM.rows), ("b", rows))
    ]
    assert same_teacher(*folders)


def test_words_as_classes_have_no_kappa_and_no_ordinal_term(options, tmp_path):
    item = tiny_item(scale=Scale(("wrong", "partly", "right"), numeric=False))
    short = replace(options, epochs=2)
    report = finetune.finetune(item, item.rows, short, tmp_path / "t")
    assert [figures.qwk for figures in report.card.history] == [None, None]
    other = replace(short, ordinal_weight=2.0)
    again = finetune.finetune(item, item.rows, other, tmp_path / "u")
    assert same_teacher(report.folder, again.folder)


@pytest.mark.parametrize("change", [{"ordinal_weight": 2.0}, {"class_weights": True}])
def test_the_loss_has_its_options(options, tmp_path, change):
    rows = ITEM.rows[:-6] + tuple(r for r in ITEM.rows[-6:] if r.score == 0)  # uneven classes
    short = replace(options, epochs=1)
    plain = finetune.finetune(ITEM, rows, short, tmp_path / "t")
    other = finetune.finetune(ITEM, rows, replace(short, **change), tmp_path / "u")
    assert not same_teacher(plain.folder, other.folder)


def test_a_sequence_classifier_can_be_the_start(options, tmp_path):
    model = tiny_teacher(tmp_path / "five", classes=5)
    short = replace(options, model=str(model), epochs=1, precision="bf16")
    report = finetune.finetune(ITEM, ITEM.rows, short, tmp_path / "t")
    assert not (report.folder / "head.safetensors").exists()
    again = replace(short, model=str(report.folder))  # and so can a teacher
    finetune.finetune(ITEM, ITEM.rows, again, tmp_path / "u")


def test_early_stop(options, tmp_path, monkeypatch):
    monkeypatch.setattr("kd_edge.evaluation.metrics.quadratic_kappa", lambda *_: 0.0)
    still = replace(options, learning_rate=1e-12, head_learning_rate=1e-12, patience=1, epochs=9)
    report = finetune.finetune(ITEM, ITEM.rows, still, tmp_path / "t")
    assert len(report.card.history) < 9
    assert report.card.best_epoch == len(report.card.history) - 1


def test_a_class_of_one_row_and_rows_without_a_score(options, tmp_path):
    rare = Row("rare", "tiny", "red", score=3, split="train")
    blank = Row("blank", "tiny", "red", score=None, split="train")
    item = Item("tiny", Scale.from_range(0, 4), (*ITEM.rows, rare, blank))
    short = replace(options, epochs=1, class_weights=True)
    report = finetune.finetune(item, item.rows, short, tmp_path / "t")
    assert report.train_rows + len(report.card.validation_ids) == 61
    assert "rare" not in report.card.validation_ids
    assert math.isfinite(report.card.history[0].train_loss)


def test_too_few_rows(options, tmp_path):
    for rows in ((), ITEM.rows[:1], [replace(row, score=None) for row in ITEM.rows]):
        with pytest.raises(InputError, match="too few"):
            finetune.finetune(ITEM, rows, options, tmp_path / "t")
    with pytest.raises(InputError, match="51 to learn from and 0"):
        finetune.finetune(ITEM, ITEM.rows[:51], options, tmp_path / "t", validation_ids=["r59"])


def test_test_rows_are_refused(options, tmp_path):
    rows = [replace(row, split="test") for row in ITEM.rows]
    with pytest.raises(ValueError, match="test rows"):
        finetune.finetune(ITEM, rows, options, tmp_path / "t")


def test_a_folder_with_other_files_is_refused_before_the_work(options, tmp_path, monkeypatch):
    (tmp_path / "thesis.odt").write_text("")
    monkeypatch.setattr(finetune, "TrainingRun", None)
    with pytest.raises(InputError, match="did not make"):
        finetune.finetune(ITEM, ITEM.rows, options, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"batch_size": 0},
        {"validation": 0.0},
        {"validation": 0.6},
        {"precision": "int8"},
        {"device": "tpu"},
        {"seed": -1},
    ],
)
def test_options_out_of_range(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        TeacherOptions(**wrong)


@pytest.mark.parametrize(
    ("rows", "epochs", "of_adapter"),
    [
        (1, 20, 20),
        (60, 15, 20),
        (107, 8, 20),
        (500, 8, 11),
        (800, 7, 7),
        (1320, 4, 4),
        (1321, 4, 4),
        (90_000, 4, 4),
    ],
)
def test_epochs_follow_the_number_of_rows(rows, epochs, of_adapter):
    assert TeacherOptions().epochs_for(rows) == epochs
    assert TeacherOptions(lora=True).epochs_for(rows) == of_adapter
    assert TeacherOptions(epochs=2).epochs_for(rows) == 2


@pytest.mark.parametrize("total", [25, 80, 333])
def test_the_schedule_is_torchs(total):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.5, total_steps=total, pct_start=0.1, anneal_strategy="linear"
    )
    for step in range(total):
        group = optimizer.param_groups[0]
        rate, beta = one_cycle(step, total)
        assert rate * 0.5 == pytest.approx(group["lr"], rel=1e-9, abs=1e-12)
        assert beta == pytest.approx(group["betas"][0])
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("total", [1, 2, 10])
def test_the_schedule_of_a_short_run(total):
    rates = [one_cycle(step, total)[0] for step in range(total)]
    assert max(rates) == rates[0] == 1.0
    assert min(rates) > 0


def test_the_best_epochs_weights_are_kept(options, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 15)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "two epochs")
    second = load_file(tmp_path / "two epochs" / "checkpoint" / "weights-0002.safetensors")
    kappas = iter((0.1, 0.9, 0.2, 0.3))
    monkeypatch.setattr("kd_edge.evaluation.metrics.quadratic_kappa", lambda *_: next(kappas))
    report = finetune.finetune(ITEM, ITEM.rows, options, tmp_path / "four")
    assert report.card.best_epoch == 2
    assert report.card.validation.qwk == 0.9
    for (file, name), value in teacher_weights(report.folder).items():
        part = "head" if file == "head.safetensors" else "backbone"
        assert torch.equal(second[f"{part}.{name}"], value)


def test_without_patience_the_average_of_the_second_half_is_kept(options, tmp_path, monkeypatch):
    kappas = iter((0.9, 0.1, 0.2, 0.3) * 2)
    monkeypatch.setattr("kd_edge.evaluation.metrics.quadratic_kappa", lambda *_: next(kappas))
    heads = []

    def note(optimizer):
        heads.append(optimizer.param_groups[1]["params"][0].detach().clone())
        add_to_mean(optimizer)

    whole = replace(options, patience=None)
    with monkeypatch.context() as patch:
        patch.setattr(training_run, "add_to_mean", note)
        straight = finetune.finetune(ITEM, ITEM.rows, whole, tmp_path / "straight")
    assert len(heads) == 14, "of 28 steps"
    mean = heads[0]
    for head in heads[1:]:
        mean = 0.98 * mean + 0.02 * head
    kept = load_file(straight.folder / "head.safetensors")["weight"]
    assert torch.allclose(kept, mean, atol=1e-6)
    assert not torch.allclose(kept, heads[-1], atol=1e-4)
    assert straight.card.best_epoch == len(straight.card.history) == 4
    assert straight.card.validation.qwk == 0.3, "whatever an epoch before it had"

    with monkeypatch.context() as patch:
        press_ctrl_c(patch, 25)
        with pytest.raises(finetune.StoppedError):
            finetune.finetune(ITEM, ITEM.rows, whole, tmp_path / "t")
    report = finetune.finetune(ITEM, ITEM.rows, whole, tmp_path / "t")
    assert same_teacher(report.folder, straight.folder)


def test_which_epoch_is_best():
    def figures(epoch, loss, accuracy, qwk):
        return EpochFigures(epoch, 1.0, loss, accuracy, qwk)

    numbers = (figures(1, 0.5, 0.9, 0.7), figures(2, 0.6, 0.5, 0.8), figures(3, 0.55, 0.5, 0.8))
    assert RunState("k", numbers).best_epoch == 3
    assert RunState("k", (*numbers[:2], figures(3, 0.6, 0.9, 0.8))).best_epoch == 2
    words = (figures(1, 0.5, 0.6, None), figures(2, 0.9, 0.7, None), figures(3, 0.8, 0.7, None))
    assert RunState("k", words).best_epoch == 3
    assert not RunState("k", words).finished(9, patience=1)
    assert RunState("k", words).finished(3, patience=9)
    assert RunState("k", (*numbers[:2], figures(3, 0.9, 0.1, 0.1))).finished(9, patience=1)


def test_validation_rows_are_stratified():
    chosen = validation_rows(ITEM.rows, 0.15, seed=0)
    scores = Counter(row.score for row in ITEM.rows if row.response_id in chosen)
    assert scores == {0: 3, 1: 3, 2: 3}
    assert validation_rows(ITEM.rows, 0.15, seed=0) == chosen
    assert validation_rows(ITEM.rows, 0.15, seed=1) != chosen
    assert len(validation_rows(ITEM.rows[:6], 0.1, seed=0)) == 1
    assert validation_rows(ITEM.rows[:3], 0.5, seed=0) == ()


def test_folds_are_even_in_size_and_classes():
    rows = ITEM.rows[:47]
    folds = deal_folds(rows, 5, seed=0)
    assert folds.keys() == {row.response_id for row in rows}
    sizes = Counter(folds.values())
    assert set(sizes) == set(range(5))
    assert max(sizes.values()) - min(sizes.values()) <= 1
    cells = Counter((folds[row.response_id], row.score) for row in rows)
    assert all(3 <= cells[fold, score] <= 4 for fold in range(5) for score in range(3))
