"""The public functions: the same bytes as the command line, plain messages, no folder needed."""

from __future__ import annotations

import gc
import subprocess
import sys
import typing
from dataclasses import replace

import numpy as np
import pytest

import kd_edge
from kd_edge import (
    DistilOptions,
    Labels,
    RunOptions,
    TeacherOptions,
    distil,
    evaluate,
    export,
    finetune,
    hold_out,
    label,
    read_responses,
    report,
    run,
    suggest,
)
from kd_edge.soft_labels.labels import labels_by_id
from kd_edge.stages.record import hash_folder
from kd_edge_runtime import Scorer
from kd_edge_runtime.errors import InputError, TableError
from workshop import SMALL, item_of, write_table

FEW = ["--ngrams", 60, "--dimensions", 3, "--student-epochs", 3, "--teacher-share", 1,
       "--accept-weak"]  # fmt: skip
STUDENT = DistilOptions(student_options=SMALL["bag"], epochs=3, teacher_share=1.0)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("api") / "responses.csv", [item_of(60)])


@pytest.fixture(scope="module")
def responses(table):
    return hold_out(read_responses(table))


@pytest.fixture(scope="module")
def teacher_options(tiny_model):
    return TeacherOptions(model=str(tiny_model), learning_rate=3e-3, precision="fp32")


@pytest.fixture(scope="module")
def teacher(responses, teacher_options):
    return finetune(responses, epochs=2, options=teacher_options)


@pytest.fixture(scope="module")
def labels(teacher, responses):
    return label(teacher, responses, variants=40)


@pytest.fixture(scope="module")
def distilled(responses, labels):
    return distil(responses, labels, options=STUDENT)


def test_the_students_of_the_command_line_are_the_same_bytes(
    command, table, tiny_model, teacher_options, tmp_path
):
    model = ["--model", tiny_model, "--teacher-epochs", 2, "--learning-rate", 0.003]
    teacher, soft, more, out = (tmp_path / name for name in ("t", "l.csv", "v.csv", "d"))
    assert command("teacher", table, "-o", teacher, *model, "--precision", "fp32").code == 0
    made = command("label", teacher, table, "-o", soft, "--variants", more, "--count", 40)
    assert made.code == 0
    given = ["--labels", soft, "--variants", more, "--teacher", teacher]
    assert command("distill", table, *given, "-o", out, *FEW).code == 0
    bundle = ["-o", tmp_path / "cli.kdz", "--responses", table]
    assert command("export", out / "student", *bundle).code == 0

    responses = read_responses(table)
    taught = finetune(responses, epochs=2, options=teacher_options, folder=tmp_path / "api-t")
    labels = label(taught, responses, variants=40, folder=tmp_path / "api-l")
    distil(responses, labels, options=STUDENT, folder=tmp_path / "api-d")
    assert (tmp_path / "api-l" / "labels.csv").read_bytes() == soft.read_bytes()
    assert (tmp_path / "api-l" / "variants.csv").read_bytes() == more.read_bytes()
    for name in ("student", "baseline"):
        assert hash_folder(tmp_path / "api-d" / name) == hash_folder(out / name)
    export(tmp_path / "api-d" / "student", tmp_path / "api.kdz", responses=responses)
    texts = [row.text for row in responses.items[0].rows]
    scores = []
    for path in (tmp_path / "cli.kdz", tmp_path / "api.kdz"):
        with Scorer.open(path) as scorer:
            scores.append(scorer.score_many(texts))
    assert scores[0] == scores[1]

    read = Labels.read(soft, responses, variants=more)
    alone = distil(responses, read, options=STUDENT, folder=tmp_path / "no-teacher")
    given = ["--labels", soft, "--variants", more]
    assert command("distill", table, *given, "-o", tmp_path / "d2", *FEW).code == 0
    assert hash_folder(tmp_path / "no-teacher" / "student") == hash_folder(
        tmp_path / "d2" / "student"
    )
    assert alone.student.provenance["variants"] == 40


def test_a_run_of_the_command_line_is_the_same_bytes(
    command, table, tiny_model, teacher_options, tmp_path
):
    model = ["--model", tiny_model, "--teacher-epochs", 2, "--learning-rate", 0.003]
    rest = ["--precision", "fp32", "--variants", 40, "--seed", 3, *FEW]
    # Two epochs of a random teacher make a small model of no use: the run says so, and ends with 6.
    assert command("run", table, "-o", tmp_path / "cli", *model, *rest).code in (0, 6)
    options = RunOptions(
        teacher=TeacherOptions(**{**vars(teacher_options), "epochs": 2}), distil=STUDENT
    )
    result = run(read_responses(table), tmp_path / "api", variants=40, seed=3, options=options)
    assert result.bundle.is_file()
    for name in ("teacher", "student", "baseline"):
        here, there = (tmp_path / one / "item-tiny" / name for one in ("api", "cli"))
        assert hash_folder(here) == hash_folder(there)
    page = report(result, tmp_path / "page", responses=False)
    assert (tmp_path / "page" / "report.html").is_file()
    assert page.figures["items"]


def test_no_folder_is_needed_and_none_is_left(responses, teacher_options):
    teacher = finetune(responses, epochs=1, options=teacher_options)
    folder = teacher.folder
    assert (folder / "teacher.json").is_file()
    del teacher
    gc.collect()
    assert not folder.exists()


def test_labels_in_memory(responses, labels, teacher):
    (item,) = responses.items
    learnt = [row.response_id for row in item.rows if row.split != "test"]
    assert list(labels.soft.ids) == learnt
    assert labels.soft.probabilities.shape == (len(learnt), 3)
    assert len(labels.variants.texts) == 40
    assert label(teacher.folder, responses, variants=0).variants is None


def test_unlabelled_responses(teacher, responses, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text("item_id,text\ntiny,vinegar and ice\n")
    unlabelled = read_responses(more, scored=False)
    found = label(teacher, responses, variants=0, unlabelled=unlabelled)
    assert found.variants.texts == ("vinegar and ice",)


def test_evaluation(teacher, distilled, responses, tmp_path):
    test = [row for row in responses.items[0].rows if row.split == "test"]
    export(distilled, tmp_path / "item.kdz", responses=responses, prompts="What is missing?")
    for model in (teacher, distilled.student, distilled.baseline, tmp_path / "item.kdz"):
        found = evaluate(model, responses)
        assert found.human.tolist() == [row.score for row in test]
        assert found.probabilities.shape == (12, 3)
        assert found.confidence.shape == (12,)
        assert found.agreement.responses == 12
        assert found.agreement.accuracy == np.mean(found.human == found.predicted)
        assert 0 <= found.calibration_error <= 1
    texts = [row.text for row in test]
    expected = distilled.student.probabilities(texts)
    assert np.array_equal(evaluate(distilled.student, responses).probabilities, expected)


def test_the_same_rows_are_held_out_as_in_a_run(whole_way):
    marked = hold_out(whole_way.responses)
    test = {row.response_id for row in marked.items[0].rows if row.split == "test"}
    path = whole_way.folder / "item-tiny" / "test_labels.csv"
    rows = [row for row in whole_way.responses.items[0].rows if row.response_id in test]
    assert labels_by_id(path, ("0", "1", "2"), rows).keys() == test


def test_a_data_frame(table):
    class Frame:
        def to_csv(self, path, *, index):
            assert not index
            path.write_bytes(table.read_bytes())

    read = read_responses(Frame(), columns={"text": "text"})
    assert read.items == read_responses(table).items
    assert read.source == "the table"


def test_a_file_in_another_encoding(table, tmp_path):
    other = tmp_path / table.name
    other.write_bytes(table.read_text(encoding="utf-8").encode("utf-16"))
    assert read_responses(other).items == read_responses(table).items
    assert read_responses(other, encoding="utf-16").encoding == "utf-16"
    with pytest.raises(InputError, match="there is no encoding 'utf-17'"):
        read_responses(other, encoding="utf-17")


def test_rich_text_is_read_as_plain_text(table):
    lines = table.read_text().splitlines()
    assert "<b>" not in lines[1]
    marked = table.with_name("rich.csv")
    texts = [row.text for row in read_responses(table).items[0].rows]
    rows = [f'{n},"<b>{text}</b>",{n % 2}' for n, text in enumerate(texts)]
    marked.write_text("\n".join(["response_id,text,score", *rows]))
    read = read_responses(marked, markup=True).items[0]
    assert [row.text for row in read.rows] == [text.strip() for text in texts]
    assert read.markup


def test_an_item_by_its_name(tmp_path, teacher_options):
    two = read_responses(
        write_table(tmp_path / "two.csv", [item_of(30, "one"), item_of(30, "two", seed=1)])
    )
    with pytest.raises(InputError, match=r"2 items \('one', 'two'\).* item=NAME"):
        finetune(two)
    with pytest.raises(InputError, match="no item 'three'"):
        finetune(two, item="three")
    assert finetune(two, item="two", epochs=1, options=teacher_options).card.classes == (
        *("0", "1", "2"),
    )


def test_suggests_which_responses_to_score(tiny_model, tmp_path):
    first, second = (item_of(12, name, seed) for seed, name in enumerate("ab"))
    rows = tuple(replace(row, score=None) for row in first.rows[4:])
    first = replace(first, rows=(*first.rows[:4], *rows))
    table = write_table(tmp_path / "answers.csv", [first, second])
    responses = read_responses(table, scored=False)
    found = suggest(responses, item="a", count=3, model=str(tiny_model))
    assert set(found.response_ids) <= {row.response_id for row in rows}
    assert (len(found.response_ids), found.scored, found.unscored) == (3, 4, 8)
    with pytest.raises(InputError, match="too few"):
        suggest(responses, item="a", count=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: read_responses(3), "source must be str or Path, not int"),
        (lambda _: read_responses("x.csv", columns={"txt": "a"}), "columns has no role txt"),
        (lambda _: finetune("x.csv"), "responses must be Responses, not str"),
        (lambda r: finetune(r, epochs="3"), "epochs must be int, not str"),
        (lambda r: finetune(r, seed=True), "seed must be int, not bool"),
        (lambda r: finetune(r, options={}), "options must be TeacherOptions, not dict"),
        (lambda r: finetune(r, folder=3), "folder must be str or Path, not int"),
        (lambda r: label(None, r), "teacher must be str or Path, not NoneType"),
        (lambda r: distil(r, "labels.csv"), "labels must be Labels, not str"),
        (lambda r: distil(r, Labels(None), kind=3), "kind must be str, not int"),
        (lambda _: export(3, "x.kdz"), "students must be str or Path, not int"),
        (lambda r: evaluate(3, r), "model must be a Teacher, a Student or the path of a bundle"),
        (lambda _: hold_out([]), "responses must be Responses, not list"),
        (lambda _: run([], "out"), "responses must be Responses, not list"),
        (
            lambda r: run(r, "out", prompts="Why?", together=True),
            "with together, run takes neither prompts",
        ),
        (lambda _: report(3), "run must be str or Path, not int"),
        (lambda r: suggest(r, count="5"), "count must be int, not str"),
        (lambda r: suggest(r, teacher=3), "teacher must be str or Path, not int"),
    ],
)
def test_an_argument_of_the_wrong_type_is_named(responses, call, message):
    with pytest.raises(TypeError, match=message):
        call(responses)


def test_what_is_wrong_with_a_table_is_one_error(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("")
    with pytest.raises(TableError):
        read_responses(path)


def test_the_package_offers_its_functions():
    assert set(kd_edge.__all__) <= set(dir(kd_edge))
    for name in kd_edge.__all__:
        offered = getattr(kd_edge, name)
        assert offered.__doc__, name
        if name not in ("__version__", "report", "suggest"):
            assert typing.get_type_hints(offered) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kd_edge.nothing


def test_importing_the_package_loads_nothing_heavy():
    program = (
        "import sys, kd_edge\n"
        "from kd_edge import __version__, report, suggest\n"
        "assert callable(report) and callable(suggest)\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'scipy', 'rich', 'transformers', 'onnx', 'jinja2'}\n"
        "sys.exit(len(heavy & {*sys.modules}))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
