"""The report of one student for all questions: its figures, its words, and what it leaves out."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix, f1_score

from kd_edge.data.readers import read_responses
from kd_edge.evaluation.agreement import BASELINE, MAJORITY, STUDENT, TEACHER
from kd_edge.report.figures.questions import collect_questions
from kd_edge.report.page import questions as question_blocks
from kd_edge.report.page.questions import LEAST, LEAST_BALANCED, headline
from kd_edge.runs.cross_item.agreement import ALL, LEXICAL, SEEN, UNSEEN, ClassAgreement, Part
from kd_edge.runs.cross_item.run import run_together
from kd_edge.runs.test_scores import FILE, read_scored, write_scored
from pages import Page
from questions import CLASSES, NAMES, write_question
from workshop import CANARY, run_options

NEW = NAMES[3]
# One question with too few responses for any figure, and one with too few for some.
NUMBER = {NAMES[0]: 3, NAMES[1]: 7, NAMES[2]: 24, NEW: 21}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_model):
    """The folder of a finished run, and the test responses."""
    folder = tmp_path_factory.mktemp("together")
    for name in NAMES[:3]:
        write_question(folder / "training", name, 24)
    for name, number in NUMBER.items():
        write_question(folder / "test", name, number, seed=1, more=CANARY)
    test = read_responses(folder / "test", scored=False)
    options = run_options(tiny_model, student_options={"ngrams": 80, "dimensions": 4})
    run_together(read_responses(folder / "training"), folder / "out", options, test)
    return folder / "out", test


@pytest.fixture(scope="module")
def found(finished):
    return collect_questions(finished[0])


@pytest.fixture
def made(command, finished, tmp_path):
    """Page and Markdown."""
    said = command("report", finished[0], "-o", tmp_path)
    assert (said.code, said.err) == (0, "")
    return tuple((tmp_path / f"report.{end}").read_text("utf-8") for end in ("html", "md"))


def rows_of(finished):
    """The rows of the kept file by question, and of all of them."""
    with (finished[0] / FILE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row for row in rows if row["item_id"] == name] for name in NAMES}, rows


def checked(figures, rows, scorer):
    people, given = [row["score"] for row in rows], [row[scorer] for row in rows]
    assert figures["responses"] == len(rows)
    assert figures["accuracy"] == pytest.approx(accuracy_score(people, given))
    f1 = {"average": "macro", "zero_division": 0}
    assert figures["macro_f1"] == pytest.approx(f1_score(people, given, **f1))
    if len({*people, *given}) > 1:
        assert figures["kappa"] == pytest.approx(cohen_kappa_score(people, given))


def test_the_figures_are_those_of_scikit_learn(command, finished, tmp_path):
    figures = json.loads(command("report", finished[0], "-o", tmp_path, "--json").out)
    by_question, rows = rows_of(finished)
    assert [one["name"] for one in figures["parts"]] == [ALL, SEEN, UNSEEN]
    old = [row for row in rows if row["item_id"] != NEW]
    for part, expected in zip(figures["parts"], (rows, old, by_question[NEW]), strict=True):
        assert set(part["scorers"]) == {TEACHER, STUDENT, BASELINE, LEXICAL, MAJORITY}
        checked(part["scorers"][TEACHER], expected, "teacher")
        checked(part["scorers"][STUDENT], expected, "bundle")
    assert {one["name"] for one in figures["questions"]} == set(NAMES)
    for part in figures["questions"]:
        checked(part["scorers"][TEACHER], by_question[part["name"]], "teacher")
        checked(part["scorers"][STUDENT], by_question[part["name"]], "bundle")
    assert figures["unseen"] == [NEW]
    pooled = figures["pooled"]
    people, given = ([row[name] for row in rows] for name in ("score", "bundle"))
    expected = confusion_matrix(people, given, labels=CLASSES)
    assert pooled["bundle"]["confusion"] == expected.tolist()
    assert pooled["bundle"]["against_people"]["given"]["qwk"] is None, "words have no distance"
    assert isinstance(figures["warnings"], list)
    exact = {name: one["exact"] for name, one in pooled["baselines"].items()}
    scorers = figures["parts"][0]["scorers"]
    assert exact == {name: scorers[name]["accuracy"] for name in (BASELINE, LEXICAL, MAJORITY)}


def test_what_is_kept_of_each_row(finished):
    out, test = finished
    scored = read_scored(out / FILE, CLASSES, questions=True)
    given = [(item.item_id, row) for item in test.items for row in item.rows]
    assert scored.questions == tuple(name for name, _ in given)
    assert scored.ids == tuple(row.response_id for _, row in given)
    assert scored.texts == tuple(row.text for _, row in given)
    assert scored.human.tolist() == [row.score for _, row in given]
    assert (scored.bundle.probabilities - scored.student.probabilities).max() < 1e-5


def test_the_page(made):
    page, markdown = made
    seen = Page(page)
    assert seen.links == ["#pooled", "#questions", "#meaning"]
    assert len(seen.ids) == len(set(seen.ids))
    for title in (
        *("The small model's scores by people's scores", "Confidence and actual agreement"),
        *("Agreement when people review some responses", "Worst disagreements"),
        *(
            "Most confident, and not people's score",
            "How scores agree",
            "Question by question: accuracy",
        ),
    ):
        assert title in seen.text
        assert title in markdown
    start = next(at for at, row in enumerate(seen.rows) if row[:2] == ["question", "trained on"])
    table = seen.rows[start + 1 :][: len(NAMES)]
    assert {row[0] for row in table} == set(NAMES)
    assert {row[0]: row[1] for row in table} == {**dict.fromkeys(NAMES, "yes"), NEW: "no"}
    assert "QWK" not in "".join(cell for row in seen.rows for cell in row)


def test_a_question_with_too_few_responses(made):
    seen = Page(made[0])
    rows = [row for row in seen.rows if row[0] in NAMES]
    accuracy, balanced = rows[: len(NAMES)], rows[len(NAMES) :]
    cells = {row[0]: (row[2], [bool(cell) for cell in row[3:]]) for row in accuracy}
    assert cells[NAMES[0]] == ("3", [False] * 3)
    assert cells[NAMES[1]] == ("7", [True] * 3)
    assert accuracy[-1][0] == NAMES[0], "too few come last"
    assert {row[0]: row[1] for row in balanced} == {NAMES[2]: "24", NEW: "21"}
    assert all(all(row) for row in balanced)
    assert (
        "Left out for too few responses: accuracy of questions with fewer than 5 (1 of 4 "
        "questions); macro F1 and kappa of questions with fewer than 10 (2 of 4 questions)."
    ) in seen.text


def figures_of(responses, accuracy):
    return {
        who: ClassAgreement(responses, accuracy, 0.5, 0.5, 0.25)
        for who in (TEACHER, STUDENT, BASELINE)
    }


def question_tables(found, *questions):
    blocks = question_blocks.question_blocks(replace(found, questions=questions), False, 30)
    folded = (one for block in blocks for one in getattr(block, "blocks", ()))
    tables = (one for one in folded if getattr(one, "title", "").startswith("Question by question"))
    return [[[cell.text for cell in row] for row in table.rows] for table in tables]


def test_the_least_accurate_question_comes_first(found):
    few = Part("few", figures_of(LEAST - 1, 0.0))
    bad, good = Part("bad", figures_of(LEAST, 0.2)), Part("good", figures_of(LEAST_BALANCED, 0.9))
    accuracy, balanced = question_tables(found, few, good, bad)
    assert [row[0] for row in accuracy] == ["bad", "good", "few"]
    assert [row[3:] for row in accuracy] == [["20.0%"] * 3, ["90.0%"] * 3, [""] * 3]
    kappas = ["0.50"] * 3 + ["0.25"] * 3
    assert balanced == [["good", "10", *kappas]]
    assert len(question_tables(found, few, bad)) == 1, "no table without rows"


def test_nothing_is_left_out(found):
    enough = replace(found, questions=(Part("good", figures_of(LEAST_BALANCED, 0.9)),))
    blocks = question_blocks.question_blocks(enough, False, 30)
    folded = [one for block in blocks for one in getattr(block, "blocks", ())]
    assert not any("Left out" in getattr(block, "text", "") for block in folded)


def test_the_headline(found):
    def part(name, student, teacher):
        one = figures_of(9, student)
        return Part(name, {**one, TEACHER: replace(one[TEACHER], accuracy=teacher)})

    both = part(ALL, 0.5, 0.5), part(SEEN, 0.7, 0.8), part(UNSEEN, 0.6, 0.55)
    assert headline(replace(found, parts=both)) == (
        "One small model for all questions agrees with people's scores, on a device, on 70% of "
        "the responses to training questions and on 60% of those to new questions; the large "
        "model on 80% and 55%."
    )
    assert headline(replace(found, parts=both[:1])) == (
        "One small model for all questions agrees with people's scores, on a device, on 50% of "
        "the responses; the large model on 50%."
    )


def test_students_words(command, made, finished, tmp_path):
    scored = read_scored(finished[0] / FILE, CLASSES, questions=True)
    ids = [f"{name}: {own}<" for name, own in zip(scored.questions, scored.ids, strict=True)]
    shown = [text for text, name in zip(scored.texts, ids, strict=True) if name in made[0]]
    assert len(shown) > 1
    assert all(f"<blockquote>{text}</blockquote>" in made[0] for text in shown)
    said = command("report", finished[0], "-o", tmp_path / "none", "--no-responses")
    assert said.code == 0
    for end in ("html", "md"):
        found = (tmp_path / "none" / f"report.{end}").read_text("utf-8")
        assert "Question by question" in found
        assert "Worst disagreements" not in found
        assert CANARY not in found
        assert not any(text in found for text in scored.texts)
        assert not any(one in found for one in scored.ids)


def test_a_run_from_before_or_damaged(command, finished, tmp_path):
    out = shutil.copytree(finished[0], tmp_path / "out", ignore=shutil.ignore_patterns("teacher"))
    kept = (out / "together.json").read_text("utf-8")
    raw = json.loads(kept)
    del raw["unseen"]
    for text in ("", "[]", json.dumps(raw), kept.replace('"kappa"', '"other"')):
        (out / "together.json").write_text(text, encoding="utf-8")
        said = command.fails("report", out)
        assert "together.json" in said
        assert "start the same 'kd-edge run' again" in said
    (out / "together.json").write_text(kept, encoding="utf-8")
    scored = read_scored(out / FILE, CLASSES, questions=True)
    write_scored(out / FILE, replace(scored, questions=()), CLASSES)
    assert "than it was written with" in command.fails("report", out)
    (out / FILE).unlink()
    assert FILE in command.fails("report", out)
    assert not (out / "report.html").exists()
