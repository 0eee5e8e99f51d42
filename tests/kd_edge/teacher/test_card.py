"""The card of a teacher, by which one that reads more than a response is refused everywhere."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest

from kd_edge import Labels, distil, evaluate, finetune, label, read_responses, suggest
from kd_edge.bundling.teacher_onnx import export_teacher
from kd_edge.teacher.card import read_card
from kd_edge.teacher.finetune import Teacher
from kd_edge.teacher.options import TeacherOptions
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import item_of, write_table

ITEM = item_of(30)
WHY = "reads a reference answer beside each response"
VERBS = {
    "label": [["{teacher}", "{table}"]],
    "distill": [["{table}", "--teacher", "{teacher}", "--labels", "{labels}"]],
    "suggest": [["{table}", "--teacher", "{teacher}", "--model", "{model}"]],
    "export": [["{teacher}", "--teacher"], ["{teacher}", "--teacher", "--responses", "{table}"]],
}
VERBS["label"] += [
    [*VERBS["label"][0], *more]
    for more in (
        ["--folds", "2"],
        ["--teachers", "2"],
        ["--variants", "{folder}/v.csv", "--count", "9"],
    )
]
VERBS["distill"] += [
    [*VERBS["distill"][0], *more] for more in (["--student", "both"], ["--max-size", "8MB"])
]
CALLS = [(verb, given) for verb, calls in VERBS.items() for given in calls]


@pytest.fixture(scope="module")
def given(tiny_model, tmp_path_factory):
    """A teacher of many items together, the responses to one item, and their labels."""
    folder = tmp_path_factory.mktemp("given")
    rows = [replace(row, score=None) if at > 20 else row for at, row in enumerate(ITEM.rows)]
    labels = [f"{row.response_id},{row.score or 0}" for row in ITEM.rows]
    (folder / "labels.csv").write_text("\n".join(["response_id,label", *labels]) + "\n")
    return {
        "teacher": untrained_teacher(folder / "t", tiny_model, ITEM.scale.classes, pairs=True),
        "table": write_table(folder / "responses.csv", [replace(ITEM, rows=tuple(rows))]),
        "labels": folder / "labels.csv",
        "model": tiny_model,
    }


@pytest.mark.parametrize(("verb", "arguments"), CALLS, ids=[" ".join(one) for _, one in CALLS])
def test_a_teacher_that_reads_reference_answers_is_refused(
    command, given, tmp_path, verb, arguments
):
    filled = [one.format(**given, folder=tmp_path) for one in arguments]
    message = command.fails(verb, *filled, "-o", tmp_path / "out.csv")
    assert f"'{given['teacher']}' was fine-tuned for many items together" in message
    assert WHY in message
    assert "kd-edge run --together" in message
    assert not [*tmp_path.iterdir()], "nothing is left of it"


def test_no_verb_that_takes_a_teacher_is_missing_here():
    context = click.Context(cli)
    found = {
        name
        for name in cli.list_commands(context)
        for one in cli.get_command(context, name).params
        if "--teacher" in one.opts
    }
    assert {*VERBS} == found | {"label"}  # whose arguments have no name of their own


def test_python_refuses_it_too(given, tiny_model, tmp_path):
    teacher, responses = given["teacher"], read_responses(given["table"])
    labels = replace(Labels.read(given["labels"], responses), teacher=teacher)
    calls = (
        lambda: label(teacher, responses, folder=tmp_path / "labels"),
        lambda: distil(responses, labels, folder=tmp_path / "student"),
        lambda: suggest(responses, teacher=teacher, model=str(tiny_model)),
        lambda: evaluate(Teacher(teacher, read_card(teacher), 20, 1, 1.0), responses),
        lambda: export_teacher(teacher, tmp_path / "onnx"),
    )
    for call in calls:
        with pytest.raises(InputError, match=WHY):
            call()
    assert not [*tmp_path.iterdir()]


def test_responses_alone_teach_none(given, tiny_model):
    options = TeacherOptions(model=str(tiny_model), pairs=True, precision="fp32", device="cpu")
    with pytest.raises(InputError, match="and 18 of 18 texts have none"):
        finetune(read_responses(given["table"]), options=options)
