"""Several teachers of many questions, from their labels to bundle, report and what is forgotten."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from kd_edge.data.readers import read_responses
from kd_edge.report.make import make_report
from kd_edge.runs.cross_item.pool import make_pool
from kd_edge.runs.cross_item.run import run_together
from kd_edge.runs.forget import forget
from kd_edge.soft_labels.label_variants import read_variants
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.stages.record import hash_folder
from kd_edge.teacher.card import read_card, teacher_size
from kd_edge.teacher.predict import predict
from kd_edge_runtime.bundle.archive import Bundle
from questions import CLASSES, NAMES, write_question
from workshop import run_options


@pytest.fixture(scope="module")
def responses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    for name in NAMES[:2]:
        write_question(folder, name, 24)
    return read_responses(folder)


@pytest.fixture(scope="module")
def finished(responses, tiny_model, tmp_path_factory):
    """A run's folder and its report."""
    out = tmp_path_factory.mktemp("together") / "out"
    options = run_options(tiny_model, student_options={"ngrams": 80, "dimensions": 4}, epochs=3)
    return out, run_together(responses, out, replace(options, teachers=2, variants=40))


@pytest.fixture(scope="module")
def teachers(finished):
    return [finished[0] / "teacher", finished[0] / "teacher-2"]


def test_several_teachers_are_averaged_and_share_the_variants(finished, teachers, responses):
    out, report = finished
    assert report.ran[:3] == ("teacher", "teacher-2", "labels")
    cards = list(map(read_card, teachers))
    assert [card.options["seed"] for card in cards] == [0, 1]
    assert cards[0].validation_ids == cards[1].validation_ids
    pool = make_pool(responses, None, 0.15, 0)
    rows = [*pool.train, *pool.validation]
    for name, those in (("labels.csv", rows), ("test_labels.csv", pool.test)):
        texts = [row.text for row in pool.for_teacher(those)]
        said = [predict(teacher, texts, precision="fp32") for teacher in teachers]
        assert np.abs(said[0] - said[1]).max() > 1e-3
        found = labels_by_id(out / name, CLASSES, those)
        mean = np.stack([found[row.response_id] for row in those])
        assert np.abs(mean - np.mean(said, axis=0)).max() < 2e-6
    variants = read_variants(out / "variants.csv", CLASSES)
    for turn, teacher in enumerate(teachers):
        said = predict(teacher, variants.texts[turn::2], precision="fp32")
        assert np.abs(variants.probabilities[turn::2] - said).max() < 2e-6


def test_all_of_them_are_counted_and_named(command, finished, teachers, tmp_path):
    out, report = finished
    sizes = list(map(teacher_size, teachers))
    assert report.sizes.teacher_parameters == sum(parameters for parameters, _ in sizes)
    assert report.sizes.teacher_bytes == sum(size for _, size in sizes)
    with Bundle(out / "bundle.kdz") as bundle:
        provenance = bundle.manifest.provenance
        card = bundle.read(bundle.manifest.card).decode()
    hashes = list(map(hash_folder, teachers))
    assert provenance["teachers"] == hashes
    assert "teacher" not in provenance
    assert "the scores of 2 large language models (their mean);" in card
    shown = command("inspect", out / "bundle.kdz").out
    assert all(f"    {at}: {one[:48]}..." in shown for at, one in enumerate(hashes, 1))
    assert command("report", out, "-o", tmp_path).code == 0
    page = (tmp_path / "report.md").read_text("utf-8")
    assert "scored by people and the mean of 2 large models' scores" in page


def test_none_is_left_where_responses_are_forgotten(finished, tmp_path):
    out = shutil.copytree(finished[0], tmp_path / "out")
    done = forget(out, lambda: make_report(out, out, responses=False))
    assert done.others == ()
    assert not [*out.glob("teacher*")]
