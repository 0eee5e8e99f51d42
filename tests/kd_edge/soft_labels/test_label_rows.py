"""Soft labels from our teachers: in-sample, and cross-fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kd_edge.data.responses import Row, Scale
from kd_edge.soft_labels import label_rows as labelling
from kd_edge.soft_labels.label_rows import cross_fit, label_rows
from kd_edge.stages.record import StoppedError, plain_options
from kd_edge.teacher import predict as teacher_predict
from kd_edge.teacher.card import TeacherCard
from kd_edge.teacher.finetune import TeacherOptions, finetune
from kd_edge.teacher.source import Source
from kd_edge_runtime.errors import InputError
from tiny import tiny_item, tiny_teacher

_TINY = tiny_item(30)
ITEM = replace(
    _TINY,
    rows=(
        *_TINY.rows[:20],
        Row("blank", "tiny", "mass and ice", score=None, split="train"),
        Row("test", "tiny", "vinegar", score=1, split="test"),
        *_TINY.rows[20:],
    ),
)
IDS = tuple(row.response_id for row in ITEM.rows if row.split != "test")


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    folder = tiny_teacher(tmp_path_factory.mktemp("model") / "tiny")
    return TeacherOptions(
        model=str(folder), epochs=2, learning_rate=3e-3, precision="fp32", device="cpu"
    )


@pytest.fixture(scope="module")
def whole(options, tmp_path_factory):
    """Cross-fitted labels, and the folder of the folds."""
    folder = tmp_path_factory.mktemp("folds")
    return cross_fit(ITEM, options, 3, folder), folder


@pytest.fixture
def taught(monkeypatch):
    """The ids that each fine-tuned teacher was given."""
    given = []

    def spy(item, rows, *args):
        given.append({row.response_id for row in rows})
        return finetune(item, rows, *args)

    monkeypatch.setattr(labelling, "finetune", spy)
    return given


def test_in_sample_labels(options, tmp_path):
    rows = [row for row in ITEM.rows if row.split != "test"]
    teacher = finetune(ITEM, rows, options, tmp_path / "t").folder
    labels = label_rows(ITEM, teacher)
    assert labels.ids == IDS
    assert set(labels.folds) == {-1}
    assert labels.classes == ("0", "1", "2")
    texts = [row.text for row in rows]
    assert np.array_equal(labels.probabilities, teacher_predict.predict(teacher, texts))
    other = replace(ITEM, scale=Scale.from_range(1, 3))
    with pytest.raises(InputError, match="has the scores 1, 2, 3"):
        label_rows(other, teacher)


def test_each_row_is_labelled_by_a_teacher_that_did_not_see_it(options, tmp_path, taught):
    labels = cross_fit(ITEM, options, 3, tmp_path)
    assert labels.ids == IDS
    assert np.allclose(labels.probabilities.sum(1), 1)
    assert len(taught) == 3
    fold_of = dict(zip(labels.ids, labels.folds, strict=True))
    assert fold_of["blank"] == -1
    for fold, ids in enumerate(taught):
        own = {name for name, its in fold_of.items() if its == fold}
        assert len(own) == 10
        assert not own & ids
        assert ids == set(IDS) - own - {"blank"}


def test_a_row_without_a_score_has_the_mean_of_all(whole):
    labels, folder = whole
    cells = []
    for fold in range(3):
        (line,) = [
            line for line in (folder / f"fold-{fold}.csv").read_text().splitlines()
            if line.startswith("blank,")
        ]  # fmt: skip
        cells.append([float(cell) for cell in line.split(",")[2:]])
    at = labels.ids.index("blank")
    assert np.allclose(labels.probabilities[at], np.mean(cells, 0), atol=1e-6)


def test_given_validation_rows_teach_no_teacher(options, tmp_path, monkeypatch):
    held_out = ["r000", "r001", "r002"]
    given = []

    def spy(item, rows, *more):
        report = finetune(item, rows, *more)
        given.append((report.card.validation_ids, report.train_rows))
        return report

    monkeypatch.setattr(labelling, "finetune", spy)
    cross_fit(ITEM, options, 3, tmp_path, held_out)
    assert [sorted(ids) for ids, _ in given] == [held_out] * 3
    # 27 rows in two of three folds each
    assert sum(rows for _, rows in given) == 27 * 2


def test_a_stopped_cross_fit_goes_on_with_the_next_fold(whole, options, tmp_path, monkeypatch):
    expected, _ = whole
    calls = []

    def stopping(*args):
        calls.append(args[3].name)
        if len(calls) == 2:
            raise StoppedError("stopped")
        return finetune(*args)

    monkeypatch.setattr(labelling, "finetune", stopping)
    with pytest.raises(StoppedError):
        cross_fit(ITEM, options, 3, tmp_path)
    labels = cross_fit(ITEM, options, 3, tmp_path)
    assert calls == ["fold-0", "fold-1", "fold-1", "fold-2"]
    assert np.array_equal(labels.probabilities, expected.probabilities)
    assert labels.folds == expected.folds
    assert cross_fit(ITEM, options, 3, tmp_path).folds == expected.folds
    assert len(calls) == 4


def test_a_teacher_stopped_while_scoring_is_not_made_again(
    whole, options, tmp_path, monkeypatch, taught
):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(labelling, "predict", stop)
        with pytest.raises(KeyboardInterrupt):
            cross_fit(ITEM, options, 3, tmp_path)
    labels = cross_fit(ITEM, options, 3, tmp_path)
    assert len(taught) == 3
    assert np.array_equal(labels.probabilities, whole[0].probabilities)


def test_other_rows_or_options_start_anew(options, tmp_path, taught):
    short = replace(options, epochs=1)
    cross_fit(ITEM, short, 2, tmp_path)
    cross_fit(ITEM, replace(short, seed=1), 2, tmp_path)
    assert len(taught) == 4
    rows = (replace(ITEM.rows[0], text="other"), *ITEM.rows[1:])
    cross_fit(replace(ITEM, rows=rows), replace(short, seed=1), 2, tmp_path)
    assert len(taught) == 6


def test_the_folder_keeps_labels_and_no_teachers(whole):
    _, folder = whole
    names = {path.name for path in folder.iterdir()}
    assert {f"fold-{fold}.csv" for fold in range(3)} <= names
    assert not any(path.is_dir() for path in folder.iterdir())


@pytest.mark.parametrize("folds", [1, 31])
def test_folds_that_cannot_be(options, tmp_path, folds):
    with pytest.raises(InputError, match="folds"):
        cross_fit(ITEM, options, folds, tmp_path)


def test_more_teachers_like_one_from_the_hub_start_from_its_very_commit(monkeypatch, tmp_path):
    teacher = TeacherCard(
        classes=("0", "1"),
        numeric=True,
        max_length=64,
        base="somebody/model",
        base_revision="abc123",
        base_sha256="f" * 64,
        options=plain_options(TeacherOptions(model="somebody/model", seed=4, epochs=2)),
        validation_ids=("a",),
        best_epoch=1,
        history=(),
    )
    asked = []

    def resolve(model):
        asked.append(model)
        return Source("somebody/model", tmp_path, "abc123", "f" * 64)

    monkeypatch.setattr(labelling, "resolve", resolve)
    options = labelling.options_of(teacher)
    assert asked == ["somebody/model@abc123"]
    assert (options.seed, options.epochs) == (4, 2)
    assert options.model == "somebody/model@abc123"
    # Of a version in which no label was smoothed; and of one that is yet to come.
    of_then = {name: value for name, value in teacher.options.items() if name != "label_smoothing"}
    assert options.label_smoothing == TeacherOptions().label_smoothing
    assert labelling.options_of(replace(teacher, options=of_then)).label_smoothing == 0
    with pytest.raises(InputError, match=r"newer version of kd-edge.*\(warmth\)"):
        labelling.options_of(replace(teacher, options={**of_then, "warmth": 1}))
    with pytest.raises(InputError, match="not the language model"):
        labelling.options_of(replace(teacher, base_sha256="0" * 64))
