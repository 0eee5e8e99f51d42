"""The whole way as a function: bundle, report, several items, class words."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import asdict, replace
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
import pytest

from kd_edge.data.responses import LeftOut, Responses, Scale
from kd_edge.data.splits import split_item
from kd_edge.distillation.stacking import SHARES
from kd_edge.evaluation.agreement import BASELINE, HUMANS, MAJORITY, STUDENT, TEACHER, human_scores
from kd_edge.evaluation.decision import choose_decision, decided
from kd_edge.evaluation.metrics import agreement
from kd_edge.runs import test_scores
from kd_edge.runs.pipeline import Pipeline
from kd_edge.runs.run import RunReport, run
from kd_edge.runs.test_scores import read_scored
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.students import store
from kd_edge.teacher.classifier import load_teacher
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, TableError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.text.rules import words
from workshop import CANARY, SMALL, finished_run, item_of, run_options


def _responses(*items):
    return Responses(items, "responses.csv", {"response_id": "id"}, "utf-8")


def _report(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.fixture
def item(whole_way):
    return whole_way.report.items[0]


@pytest.fixture
def split(whole_way):
    return split_item(whole_way.responses.items[0], None, 0.15, 0)


def test_what_is_in_the_folder(whole_way):
    names = {path.name for path in whole_way.folder.iterdir()}
    assert names == {"bundle.kdz", "report.json", "item-tiny"}


def test_the_report_is_what_was_returned(whole_way):
    raw = _report(whole_way.folder)
    assert raw == json.loads(json.dumps(whole_way.report.as_json()))
    assert raw["bundle"] == "bundle.kdz"
    assert raw["items"][0]["ran"] == ["teacher", "labels", "variants", "student", "test-labels"]
    choice = raw["items"][0]["choice"]
    assert choice["teacher_share"] in SHARES
    assert choice["losses"].keys() == {"student", "baseline", "teacher", "labels"}
    assert raw["options"]["distil"]["student_options"] == SMALL["bag"]
    assert set(raw["versions"]) == {"python", "kd-edge", "torch", "transformers"}


def test_rows(item, split):
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    assert item.rows == {name: len(rows) for name, rows in parts.items()}
    assert sum(item.rows.values()) == 120
    assert item.test_rows == "20% of the rows, chosen at random"


def test_the_lines_are_measured_on_the_test_rows(whole_way, item, split):
    human = human_scores(split.test)
    folder = whole_way.folder / "item-tiny"
    found = {line.name: line.agreement for line in item.lines}
    assert list(found) == [HUMANS, TEACHER, STUDENT, BASELINE, MAJORITY]
    assert {one.responses for one in found.values()} == {len(split.test)}
    kappas = [round(one.qwk, 6) for one in found.values()]
    assert len(set(kappas)) == 5, "each scorer is another one"

    def against(machine):
        return agreement(human, machine, Scale.from_range(0, 2))

    texts = [row.text for row in split.test]
    with Scorer.open(whole_way.folder / "bundle.kdz") as scorer:
        student = np.array([int(score.predicted) for score in scorer.score_many(texts)])
    assert found[STUDENT] == against(student)
    baseline = store.load(folder / "baseline")
    shares = baseline.probabilities(texts)
    assert found[BASELINE] == against(decided(shares, baseline.scale, baseline.decision))
    assert found[HUMANS] == against(np.array([row.score2 for row in split.test]))

    def teachers(name, rows):
        labels = labels_by_id(folder / name, ("0", "1", "2"), rows)
        return np.stack([labels[row.response_id] for row in rows])

    scale = baseline.scale
    rule = choose_decision(
        teachers("labels.csv", split.validation), human_scores(split.validation), scale
    )
    teacher = decided(teachers("test_labels.csv", split.test), scale, rule)
    assert found[TEACHER] == against(teacher)
    majority = np.bincount(human_scores(split.train)).argmax()
    assert found[MAJORITY] == against(np.full(len(human), majority))


def test_what_each_scorer_says_of_the_test_rows_is_kept(whole_way, split):
    folder = whole_way.folder / "item-tiny"
    classes = split.item.scale.classes
    kept = read_scored(folder / "test_scores.csv", classes)
    assert kept.ids == tuple(row.response_id for row in split.test)
    assert kept.texts == tuple(row.text for row in split.test)
    assert kept.human.tolist() == [row.score for row in split.test]
    assert kept.second.tolist() == [row.score2 for row in split.test]
    assert set(kept.groups) == {""}
    student = store.load(folder / "student").probabilities(kept.texts)
    assert np.allclose(kept.student.probabilities, student, atol=1e-6)
    labels = labels_by_id(folder / "test_labels.csv", classes, split.test)
    assert np.allclose(kept.teacher.probabilities, [labels[name] for name in kept.ids], atol=1e-6)
    with Scorer.open(whole_way.folder / "bundle.kdz") as scorer:
        scores = scorer.score_many(kept.texts)
    assert kept.bundle.predicted.tolist() == [int(score.predicted) for score in scores]
    assert kept.bundle.flags == tuple(score.flag for score in scores)
    for name in ("probabilities", "expected", "confidence"):
        told = [getattr(score, name) for score in scores]
        assert np.allclose(getattr(kept.bundle, name), told, atol=1e-6)


def test_the_teachers_decision_is_that_of_its_validation_rows(
    whole_way, split, tmp_path, monkeypatch
):
    shutil.copytree(whole_way.folder, tmp_path / "out")
    seen = []

    def choose(found, scores, scale):
        seen.append((found, scores, scale))
        return "most-probable"

    monkeypatch.setattr(test_scores, "choose_decision", choose)
    run(whole_way.responses, tmp_path / "out", whole_way.options)
    ((found, scores, scale),) = seen
    labels = labels_by_id(
        tmp_path / "out" / "item-tiny" / "labels.csv", ("0", "1", "2"), split.validation
    )
    assert np.array_equal(found, [labels[row.response_id] for row in split.validation])
    assert scores.tolist() == [row.score for row in split.validation]
    assert scale == split.item.scale


def test_sizes(whole_way, item):
    folder = whole_way.folder
    teacher = folder / "item-tiny" / "teacher"
    expected = sum(part.numel() for part in load_teacher(teacher).parameters())
    sizes = item.sizes
    assert sizes.teacher_parameters == expected
    weights = sum(path.stat().st_size for path in teacher.glob("*.safetensors"))
    assert sizes.teacher_bytes == weights + (teacher / "tokenizer.json").stat().st_size
    assert sizes.bundle_bytes == (folder / "bundle.kdz").stat().st_size
    with zipfile.ZipFile(folder / "bundle.kdz") as archive:
        read = [archive.getinfo(f"items/0/{name}").file_size
                for name in ("vocabulary.bin", "bag.int8")]  # fmt: skip
    assert sizes.plain_bytes == sum(read)
    student = store.load(folder / "item-tiny" / "student")
    assert sizes.student_parameters == student.parameters == 60 * 3 + 3 + 3 * 3 + 3
    lines = {line.name: line for line in item.lines}
    assert lines[STUDENT].bytes == lines[BASELINE].bytes == sizes.plain_bytes
    assert lines[TEACHER].bytes == sizes.teacher_bytes


def test_the_bundle_has_the_figures_on_its_card(whole_way, item):
    with Bundle(whole_way.folder / "bundle.kdz") as bundle:
        card = bundle.read("card.md").decode("utf-8")
        provenance = bundle.manifest.provenance
    test = item.rows["test"]
    assert f"Measured on {test} responses it was not trained on (20% of the rows, " in card
    kappa = next(line.agreement.qwk for line in item.lines if line.name == STUDENT)
    assert f"| small model | {kappa:.3f} |" in card
    assert provenance["rows"].keys() == provenance["teachers"].keys() == {"tiny"}
    assert provenance["options"] == _report(whole_way.folder)["options"]


def test_the_items_prompt_is_in_the_golden_rows(whole_way):
    with zipfile.ZipFile(whole_way.folder / "bundle.kdz") as archive:
        golden = json.loads(archive.read("items/0/golden.json"))
    assert "What is missing?" in golden["inputs"]


def _strings(value):
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str):
        yield value


def test_no_path_and_no_response_leaves_the_folder(whole_way, tiny_model):
    """What is shared with others: the report and all that is in the bundle."""
    rows = whole_way.responses.items[0].rows
    with zipfile.ZipFile(whole_way.folder / "bundle.kdz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    shared = {**members, "report": (whole_way.folder / "report.json").read_bytes()}
    for name, data in shared.items():
        assert CANARY.encode() not in data.lower(), name
        for row in rows:
            if len(words(row.text)) > 2:
                assert row.text.encode() not in data, name
        for path in (whole_way.folder, tiny_model, tiny_model.parent):
            assert str(path).encode() not in data, name
    for raw in (_report(whole_way.folder), json.loads(members["manifest.json"])):
        for text in _strings(raw):
            assert not PurePosixPath(text).is_absolute(), text
            assert not PureWindowsPath(text).is_absolute(), text
    assert _report(whole_way.folder)["options"]["teacher"]["model"] == "tiny"


def test_a_second_run_runs_no_stage_and_comes_to_the_same(whole_way, tmp_path):
    shutil.copytree(whole_way.folder, tmp_path / "out")
    again = run(whole_way.responses, tmp_path / "out", whole_way.options)
    assert again.items[0].ran == ()
    assert replace(again.items[0], ran=()).lines == whole_way.report.items[0].lines
    # The card, the golden rows and the networks: all but the time of writing.
    members = []
    for folder in (whole_way.folder, tmp_path / "out"):
        with zipfile.ZipFile(folder / "bundle.kdz") as archive:
            members.append({name: archive.read(name) for name in archive.namelist()})
    first, second = members
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] in ([], ["manifest.json"])


def test_several_items_in_one_bundle(tiny_model, tmp_path):
    items = [
        item_of(40, "A b"),
        item_of(40, "a b", seed=1, scale=Scale.from_values((0, 0.5, 2))),
        item_of(40, "words", seed=2, scale=Scale(("bad", "fair", "good"), numeric=False)),
    ]
    options = run_options(tiny_model, epochs=1)
    options = replace(options, variants=20, teacher=replace(options.teacher, epochs=1))
    report = run(_responses(*items), tmp_path, options)
    assert [one.item_id for one in report.items] == ["A b", "a b", "words"]
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 3
    with Scorer.open(tmp_path / "bundle.kdz") as scorer:
        entries = scorer.bundle.manifest.items
        assert scorer.score("the ice", "words").predicted in ("bad", "fair", "good")
        assert scorer.score("the ice", "A b").predicted in ("0", "1", "2")
        score = scorer.score("the ice", "a b")
        points = zip(score.probabilities, (0, 0.5, 2), strict=True)
        assert score.expected == pytest.approx(sum(share * value for share, value in points))
    assert [entry.item_id for entry in entries] == ["A b", "a b", "words"]
    assert [(entry.values, entry.points) for entry in entries[:2]] == [
        ((0, 1, 2), ()),
        ((0, 1, 2), (0, 0.5, 2)),
    ]
    for line in report.items[2].lines:
        assert line.agreement.adjacent is None
    assert report.items[0].lines[0].agreement.adjacent is not None
    student = store.load(next(tmp_path.glob("item-words*")) / "student")
    assert student.provenance["validation"]["qwk"] is None
    assert run(_responses(*items), tmp_path, options).items[1].ran == ()


@pytest.mark.parametrize("kind", ["rnn", "transformer"])
def test_the_other_kinds_of_student(whole_way, tmp_path, tiny_model, kind):
    shutil.copytree(whole_way.folder, tmp_path / "out")
    other = run_options(tiny_model, student=kind, student_options=SMALL[kind], epochs=1)
    options = replace(whole_way.options, distil=other.distil)
    report = run(whole_way.responses, tmp_path / "out", options)
    (item,) = report.items
    assert item.ran == ("student",)
    with zipfile.ZipFile(tmp_path / "out" / "bundle.kdz") as archive:
        read = [archive.getinfo(f"items/0/{name}").file_size
                for name in ("tokenizer.json", "int8.onnx")]  # fmt: skip
    assert item.sizes.plain_bytes == sum(read)
    assert {one.form for one in report.items[0].parity} == {"onnx-int8"}


def test_both_students_are_in_the_bundle(whole_way, tmp_path):
    shutil.copytree(whole_way.folder, tmp_path / "out")
    both = replace(whole_way.options.distil, student="both", second_options=SMALL["transformer"])
    report = run(whole_way.responses, tmp_path / "out", replace(whole_way.options, distil=both))
    assert report.items[0].ran == ("second",)
    with Bundle(tmp_path / "out" / "bundle.kdz") as bundle:
        (entry,) = bundle.manifest.items
    assert (entry.student, entry.second.student) == ("bag", "transformer")


def test_a_file_of_test_responses(whole_way, tmp_path):
    given = whole_way.responses
    shutil.copytree(whole_way.folder, tmp_path / "out")
    test = replace(item_of(9, seed=7), scale=Scale.from_range(0, 2))
    rows = tuple(replace(row, response_id=f"t{row.response_id}") for row in test.rows)
    other = replace(_responses(replace(test, rows=rows)), source="/folder/class 7/test.csv")
    report = run(given, tmp_path / "out", whole_way.options, other)
    assert report.items[0].rows["test"] == 9
    assert report.items[0].test_rows == "test.csv"
    assert "class 7" not in (tmp_path / "out" / "report.json").read_text()
    with Bundle(tmp_path / "out" / "bundle.kdz") as bundle:
        assert b"class 7" not in bundle.read("card.md")


def test_test_responses_without_a_score_are_not_measured_on(whole_way, tmp_path):
    shutil.copytree(whole_way.folder, tmp_path / "out")
    test = replace(item_of(9, seed=7), scale=Scale.from_range(0, 2))
    rows = tuple(replace(row, response_id=f"t{row.response_id}") for row in test.rows)
    other = replace(_responses(test), source="/folder/class 7/test.csv")

    def measured(scored: int) -> RunReport:
        unscored = tuple(replace(row, score=None) for row in rows[scored:])
        given = replace(other, items=(replace(test, rows=(*rows[:scored], *unscored)),))
        return run(whole_way.responses, tmp_path / "out", whole_way.options, given)

    assert measured(8).items[0].rows["test"] == 8
    with pytest.raises(TableError) as caught:
        measured(0)
    assert str(caught.value).startswith("/folder/class 7/test.csv: 9 problems")


def test_sources_go_into_the_golden_rows(whole_way, tmp_path):
    shutil.copytree(whole_way.folder, tmp_path / "out")
    sources = {"tiny": ["What else do you need to know?"]}
    run(whole_way.responses, tmp_path / "out", whole_way.options, sources=sources)
    with zipfile.ZipFile(tmp_path / "out" / "bundle.kdz") as archive:
        golden = json.loads(archive.read("items/0/golden.json"))
    assert {"What else do you need to know?", "What is missing?"} <= set(golden["inputs"])


def test_nothing_is_begun_where_nothing_can_be_written(whole_way, tmp_path, monkeypatch):
    monkeypatch.setattr(Pipeline, "run", None)
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"cannot write .*file"):
            run(whole_way.responses, out, whole_way.options)


def test_an_item_that_fails_stops_no_other(tiny_model, tmp_path, capsys):
    given = _responses(item_of(1, "empty"), item_of(40, "good"))
    given = replace(given, left_out=(LeftOut("small", "it has 5 rows"),))
    report = run(given, tmp_path / "out", run_options(tiny_model))
    assert [one.item_id for one in report.items] == ["good"]
    assert [one.item_id for one in report.failed] == ["small", "empty"]
    assert report.failed[0].why == "it has 5 rows"
    assert "'empty'" in report.failed[1].why
    assert "Item 2 of 2: 'good'" in capsys.readouterr().err
    with Bundle(tmp_path / "out" / "bundle.kdz") as bundle:
        assert [entry.item_id for entry in bundle.manifest.items] == ["good"]
    assert json.loads((tmp_path / "out" / "report.json").read_text())["failed"] == [
        asdict(one) for one in report.failed
    ]
    student = next(one for one in report.pooled if one.name == "student")
    assert (student.items, student.least_item) == (1, "good")


def test_an_item_without_test_responses_stops_no_other(whole_way, tmp_path, monkeypatch):
    taken = []

    def each_item(items, _):
        taken.extend(name for name, _ in items)
        return [], []

    monkeypatch.setattr("kd_edge.runs.run.each_item", each_item)
    monkeypatch.setattr("kd_edge.runs.run._write_bundle", lambda *_: ())
    (tmp_path / "out").mkdir()
    names = ("one", "two", "three")
    given = _responses(*(item_of(40, name) for name in names))
    rows = [replace(row, response_id=f"t{row.response_id}") for row in item_of(9, "one").rows]
    test = replace(
        _responses(replace(item_of(9, "one"), rows=tuple(rows))),
        source="test.csv",
        left_out=(LeftOut("two", "its scores are dates"),),
    )
    report = run(given, tmp_path / "out", whole_way.options, test)
    assert taken == ["one"]
    assert [(one.item_id, one.why) for one in report.failed] == [
        ("two", "test.csv: its scores are dates"),
        ("three", "test.csv: no response to it is there"),
    ]


def test_when_every_item_fails_nothing_is_written(whole_way, tmp_path, monkeypatch):
    monkeypatch.setattr(Pipeline, "run", None)
    given = _responses(item_of(1, "one"), item_of(1, "two"))
    with pytest.raises(InputError, match="none of the 2 items"):
        run(given, tmp_path / "out", whole_way.options)
    assert not (tmp_path / "out").exists()


def test_a_run_is_the_same_on_another_day(whole_way, tiny_model, tmp_path):
    again = finished_run(tmp_path, tiny_model)
    assert again.report.items[0].lines == whole_way.report.items[0].lines
    for name in ("labels.csv", "variants.csv", "test_labels.csv", "test_scores.csv"):
        assert (tmp_path / "item-tiny" / name).read_bytes() == (
            whole_way.folder / "item-tiny" / name
        ).read_bytes()
