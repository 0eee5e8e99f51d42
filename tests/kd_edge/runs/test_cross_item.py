from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kd_edge import run
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Scale
from kd_edge.evaluation.agreement import BASELINE, MAJORITY, STUDENT, TEACHER
from kd_edge.runs.cross_item.agreement import LEXICAL, figures
from kd_edge.runs.cross_item.pipeline import question_variants
from kd_edge.runs.cross_item.pool import make_pool
from kd_edge.runs.cross_item.run import ALL, SEEN, UNSEEN, run_together
from kd_edge.runs.verdict import EXIT_CODE
from kd_edge.stages.record import hash_folder
from kd_edge.students import store
from kd_edge.students.bag import BagOptions
from kd_edge.students.pairs import PairsText
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.relation import make_relation
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.text.vocabulary import hash_word
from questions import CLASSES, NAMES, write_question, write_tables
from usual import USUAL
from workshop import CANARY, run_options

LEARNT, NEW = NAMES[:3], NAMES[3]


def written(folder: Path, names=LEARNT, number=24, seed=0, more=""):
    for name in names:
        write_question(folder, name, number, seed, more)
    return read_responses(folder)


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return written(tmp_path_factory.mktemp("training"), more=CANARY)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return written(tmp_path_factory.mktemp("test"), NAMES, 21, seed=1)


def options(model, **distil):
    return run_options(model, student_options={"ngrams": 80, "dimensions": 4}, **distil)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, training, measured, tiny_model):
    out = tmp_path_factory.mktemp("together") / "out"
    return out, run_together(training, out, options(tiny_model), measured)


# Pooling


def test_rows_are_parted(training, measured):
    pool = make_pool(training, measured, 0.15, 0)
    parts = (pool.train, pool.validation, pool.test)
    ids = [row.response_id for part in parts for row in part]
    assert len(set(ids)) == len(ids) == 3 * 24 + 4 * 21
    assert {row.item_id for row in pool.test} == set(NAMES)
    assert pool.unseen == {NEW}
    assert list(pool.questions) == [*sorted(LEARNT), NEW]
    assert {row.item_id for row in pool.test} == pool.relations.keys()


def test_a_fifth_is_measured_on_where_nothing_is_said(training):
    pool = make_pool(training, None, 0.15, 0)
    assert len(pool.test) == pytest.approx(0.2 * 72, abs=2)
    assert not pool.unseen
    assert not {row.response_id for row in pool.test} & {row.response_id for row in pool.train}


def test_questions_without_scored_answers_go_in_too(training, measured):
    unscored = tuple(
        replace(item, rows=tuple(replace(row, score=None) for row in item.rows))
        for item in measured.items
        if item.item_id == NEW
    )
    pool = make_pool(training, replace(measured, items=unscored), 0.15, 0)
    assert NEW in pool.relations
    assert NEW in pool.unseen
    assert {row.item_id for row in pool.test} == set(LEARNT)


def test_what_the_teacher_reads(training):
    pool = make_pool(training, None, 0.15, 0)
    said = pool.teacher_text("ROOTS", "Since roots take water!")
    assert said == "Since roots take water from the soil [SEP] Since roots take water!"


def test_rare_words_count_more(training):
    pool = make_pool(training, None, 0.15, 0)
    weights = pool.relations["ROOTS"].weights
    assert weights[hash_word("soil")] > weights[hash_word("the")] >= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"references": ("?",)}, "no reference answer"),
        ({"scale": Scale(CLASSES[1:], numeric=False)}, "others have"),
    ],
)
def test_questions_that_do_not_go_together(training, change, said):
    items = (*training.items[:2], replace(training.items[2], **change))
    with pytest.raises(InputError, match=said):
        make_pool(replace(training, items=items), None, 0.15, 0)


def test_test_responses_that_were_learnt_from(training):
    with pytest.raises(InputError, match="have the id of a response to train on"):
        make_pool(training, training, 0.15, 0)


def test_variants_are_of_their_question(training):
    pool = make_pool(training, None, 0.15, 0)
    made = question_variants(pool, 60, 0)
    assert sum(map(len, made.values())) == pytest.approx(60, abs=2)
    assert made == question_variants(pool, 60, 0)
    assert not any("soil" in text for text in made["KETTLE"])


# The whole way


def test_the_report(finished):
    out, report = finished
    assert [part.name for part in report.parts] == [ALL, SEEN, UNSEEN]
    assert [len(part.scorers) for part in report.parts] == [5] * 3
    everyone = {TEACHER, STUDENT, BASELINE, LEXICAL, MAJORITY}
    assert all(set(part.scorers) == everyone for part in (*report.parts, *report.questions))
    number = [part.scorers[STUDENT].responses for part in report.parts]
    assert number == [84, 63, 21]
    assert report.parts[0].scorers[STUDENT].accuracy > report.parts[0].scorers[MAJORITY].accuracy
    assert report.parts[0].scorers[MAJORITY].accuracy == pytest.approx(1 / 3)
    assert {part.name for part in report.questions} == set(NAMES)
    assert json.loads((out / "together.json").read_text())["rows"] == dict(report.rows)


def test_in_python_it_is_the_same_run(finished, training, measured, tiny_model, tmp_path):
    shutil.copytree(finished[0], tmp_path / "out")
    given = {"test": measured, "together": True, "options": options(tiny_model)}
    again = run(training, tmp_path / "out", **given)
    assert again.report.ran == ()
    assert again.report.parts == finished[1].parts


def test_every_stage_is_kept(finished, training, measured, tiny_model):
    out, _ = finished
    again = run_together(training, out, options(tiny_model), measured)
    assert again.ran == ()
    other = run_together(training, out, options(tiny_model, seed=3), measured)
    assert other.ran == ("variants", "student")


def test_the_bundle_scores_as_pytorch(finished, training, measured):
    out, _ = finished
    pool = make_pool(training, measured, 0.15, 0)
    student = store.load(out / "student")
    student = replace(student, text=PairsText(student.text.vocabulary, pool.relations))
    with Scorer.open(out / "bundle.kdz") as scorer:
        for name in NAMES:
            texts = [row.text for row in pool.test if row.item_id == name]
            expected = student.probabilities(texts, [name] * len(texts))
            found = [score.probabilities for score in scorer.score_many(texts, name)]
            assert np.abs(np.array(found) - expected).max() < 1e-5
            assert scorer.backend(name) == USUAL
            powers = np.exp(scorer.explain(texts[0], name).logits())
            assert np.abs(powers / powers.sum() - expected[0]).max() < 1e-5
    for backend in ("numpy", "onnx"):
        with Scorer.open(out / "bundle.kdz", backend=backend) as scorer:
            found = [score.probabilities for score in scorer.score_many(texts, NEW)]
        assert np.abs(np.array(found) - expected).max() < 1e-5


def test_what_the_bundle_holds(finished):
    out, report = finished
    with Bundle(out / "bundle.kdz") as bundle:
        entries = bundle.manifest.items
        assert {entry.item_id for entry in entries} == set(NAMES)
        assert len({entry.forms["plain-int8"] for entry in entries}) == 1
        assert len({entry.vectorizer for entry in entries}) == len(NAMES)
        everything = b"".join(bundle.read(name) for name in bundle.manifest.members)
        shared = bundle.manifest.members[entries[0].forms["plain-int8"]].bytes
        card, provenance = bundle.read(bundle.manifest.card), bundle.manifest.provenance
    assert provenance["teacher"] == hash_folder(out / "teacher")
    assert "teachers" not in provenance, "as of every run before there could be several"
    assert b"the scores of a large language model;" in card
    assert CANARY.encode() not in everything
    assert b"painted" not in everything
    assert report.sizes.shared_bytes == shared
    assert report.sizes.student_parameters == entries[0].parameters


def test_no_cross_fitting(training, tiny_model, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="--together takes no --folds"):
        run_together(training, out, replace(options(tiny_model), folds=2))
    assert not out.exists()


def test_a_response_is_encoded_by_the_question_it_answers():
    relations = {
        name: make_relation("Why?", [answer], lambda _: 1)
        for name, answer in (("A", "because of ice"), ("B", "it was warm"))
    }
    vocabulary = choose_vocabulary(["ice is warm"] * 3, BagOptions())
    both = PairsText(vocabulary, relations)
    at = np.array([0, 1])
    mixed = both.encode(["ice", "ice"], ["A", "B"]).batch(at)
    alone = [PairsText(vocabulary, relations).encode(["ice"], [name]) for name in "AB"]
    for place, one in enumerate(alone):
        assert torch.equal(mixed[3][place], one.batch(np.array([0]))[3][0])
    assert not torch.equal(mixed[3][0], mixed[3][1])
    with pytest.raises(KeyError):
        both.encode(["ice"], ["C"])


def test_figures():
    found = figures(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    assert (found.responses, found.accuracy) == (4, 0.75)
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.weighted_f1 == pytest.approx(0.75 * 0.8 + 0.25 * 2 / 3)


# The command line


def test_run_and_score(command, tmp_path, tiny_model):
    # A question may have fewer answers than a student of its own needs.
    numbers = {LEARNT[0]: 27, LEARNT[1]: 21, LEARNT[2]: 5}
    answers, about = write_tables(tmp_path, numbers, (NEW,))
    written(tmp_path / "new", (NEW,), 21)
    out = tmp_path / "out"
    checked = command("check", answers, "--references", about, "--together")
    assert checked.code == 0, checked.err
    assert "question of 5 words, reference answers: 2" in checked.out
    assert f"--references {about} --together -o out" in checked.out
    assert "fewer than 20" in command("check", answers, "--references", about).out
    few = ["--ngrams", 60, "--dimensions", 3, "--variants", 20, "--student-epochs", 2]
    few += ["--model", tiny_model, "--teacher-epochs", 1, "--precision", "fp32"]
    new = tmp_path / "new"
    few += ["--references", about]
    said = command("run", answers, "-o", out, "--together", "--test", new, *few)
    assert said.code in (0, EXIT_CODE), said.err  # after two epochs it may be a guess
    assert "lexical baseline" in said.out
    assert "bytes for all questions" in said.out

    table, scores = tmp_path / "responses.csv", tmp_path / "scores.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["item_id", "text"], ["ROOTS", "roots take water"], [NEW, "it pushes water away"]]
        )
    assert command("score", out / "bundle.kdz", table, "-o", scores).code == 0
    with scores.open(newline="") as file:
        assert {row["predicted"] for row in csv.DictReader(file)} <= set(CLASSES)
    assert command("verify", out / "bundle.kdz").code == 0
    explained = command("score", out / "bundle.kdz", table, "--explain").out
    assert "[share of a reference's words]" in explained
    assert "references" in command("inspect", out / "bundle.kdz").out


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--student", "rnn"], "cannot be of kind rnn"), (["--prompt", "p.txt"], "leave --prompt")],
)
def test_options_that_do_not_go_with_it(command, tmp_path, monkeypatch, more, said):
    monkeypatch.chdir(tmp_path)
    Path("p.txt").write_text("Why?")
    written(tmp_path / "in", number=21)
    assert said in command.fails("run", "in", "-o", "out", "--together", *more)
