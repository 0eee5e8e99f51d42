"""A run does not take the place of another's bundle without a word."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import bundles_made
from kd_edge.data.readers import read_responses
from kd_edge.data.responses import Responses
from kd_edge.data.splits import split_item
from kd_edge.runs.cross_item.run import run_together
from kd_edge.runs.folder import BUNDLE, REPORT, RESPONSES, TOGETHER
from kd_edge.runs.pipeline import Pipeline
from kd_edge.runs.run import run
from kd_edge.runs.test_scores import FILE, write_scored
from kd_edge.stages.record import write_record
from kd_edge_runtime.errors import InputError
from questions import NAMES, write_question
from scored_made import made_scored
from workshop import CANARY, item_of, run_options


class BeganError(Exception):
    """The run was not refused."""


def begin(*_):
    raise BeganError


@pytest.fixture(autouse=True)
def _no_training(monkeypatch):
    monkeypatch.setattr(Pipeline, "run", begin)


@pytest.fixture
def out(whole_way, tmp_path):
    """A finished run of the item 'tiny'."""
    return shutil.copytree(whole_way.folder, tmp_path / "out")


def lines(capsys):
    """What was printed, but for the warning that a tiny item has few rows to choose by."""
    return [line for line in capsys.readouterr().err.splitlines() if " held out to " not in line]


def responses(*items):
    return Responses(items, "responses.csv", {"response_id": "id"}, "utf-8")


def with_texts(item, tell):
    rows = (replace(row, text=tell(at, row.text)) for at, row in enumerate(item.rows))
    return replace(item, rows=tuple(rows))


def refused(go, out, capsys):
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as told:
        go()
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    said = str(told.value)
    assert f"Name another folder with -o, or remove '{out / BUNDLE}' first" in said
    assert "replaced" not in capsys.readouterr().err
    assert CANARY not in said
    return said


def test_other_items(out, whole_way, capsys):
    given = responses(item_of(60, "other"))
    said = refused(lambda: run(given, out, whole_way.options), out, capsys)
    assert f"{out} holds a run of other responses, to 'tiny': its bundle would be lost." in said


def test_an_item_beside_it(out, whole_way, capsys):
    given = responses(*whole_way.responses.items, item_of(60, "other"))
    with pytest.raises(BeganError):
        run(given, out, whole_way.options)
    assert "replaced" not in capsys.readouterr().err


def test_fewer_items(out, whole_way, capsys):
    """As where one item is named by --item."""
    items = [bundles_made.item(name) for name in ("tiny", "a", "b", "c", "d")]
    bundles_made.write(out / BUNDLE, items)
    with pytest.raises(BeganError):
        run(whole_way.responses, out, whole_way.options)
    (said,) = lines(capsys)
    named = "'a', 'b', 'c', …"
    assert (
        said == f"{out / BUNDLE} will no longer hold {named}, to which there are no responses here."
    )


def test_other_responses_to_an_item_of_the_same_name(out, whole_way, capsys):
    item = with_texts(whole_way.responses.items[0], lambda at, _: f"quite another answer {at}")
    said = refused(lambda: run(responses(item), out, whole_way.options), out, capsys)
    assert "holds a run of other responses, none of which is here" in said


def test_the_same_responses(out, whole_way, capsys):
    with pytest.raises(BeganError):
        run(whole_way.responses, out, whole_way.options)
    assert lines(capsys) == []


def test_more_responses(out, whole_way, capsys):
    item = with_texts(
        whole_way.responses.items[0], lambda at, text: f"{text} and so on" if at % 3 else text
    )
    with pytest.raises(BeganError):
        run(responses(item), out, whole_way.options)
    (said,) = lines(capsys)
    assert said == (
        f"{out / 'item-tiny'}: the responses have changed, so that earlier results are replaced."
    )


def test_the_same_responses_measured_on_others(out, whole_way, capsys):
    item = whole_way.responses.items[0]
    measured = {row.response_id for row in split_item(item, None, 0.15, 0).test}
    rows = tuple(row for row in item.rows if row.response_id not in measured)
    other = with_texts(item_of(30, "tiny", seed=5), lambda at, _: f"quite another answer {at}")
    named = (replace(row, response_id=f"new {row.response_id}") for row in other.rows)
    other = replace(other, rows=tuple(named))
    with pytest.raises(BeganError):
        run(responses(replace(item, rows=rows)), out, whole_way.options, responses(other))
    assert lines(capsys) == []


def test_a_run_that_was_stopped_before_its_bundle(out, whole_way, capsys):
    (out / BUNDLE).unlink()
    item = with_texts(whole_way.responses.items[0], lambda at, _: f"quite another answer {at}")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="unfinished run of other responses, none of which"):
        run(responses(item), out, whole_way.options)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    # A later state of the same table is not another.
    item = with_texts(whole_way.responses.items[0], lambda at, text: text if at else "changed")
    with pytest.raises(BeganError):
        run(responses(item), out, whole_way.options)
    assert "replaced" in capsys.readouterr().err
    # From before there was a list of them.
    (out / "item-tiny" / RESPONSES).unlink()
    item = with_texts(whole_way.responses.items[0], lambda at, _: f"quite another answer {at}")
    with pytest.raises(BeganError):
        run(responses(item), out, whole_way.options)


def test_a_stopped_run_of_other_items(out, whole_way):
    (out / BUNDLE).unlink()
    with pytest.raises(InputError, match=r"unfinished run of other items.*item-tiny"):
        run(responses(item_of(60, "other")), out, whole_way.options)
    with pytest.raises(BeganError):
        run(responses(*whole_way.responses.items, item_of(60, "other")), out, whole_way.options)


def test_a_run_of_which_it_is_not_known_what_it_was_measured_on(out, whole_way, capsys):
    (out / "item-tiny" / FILE).unlink()
    item = with_texts(whole_way.responses.items[0], lambda at, _: f"quite another answer {at}")
    with pytest.raises(BeganError):
        run(responses(item), out, whole_way.options)
    assert "replaced" in capsys.readouterr().err


def test_a_bundle_that_is_damaged(out, whole_way):
    (out / BUNDLE).write_bytes(b"no zip")
    with pytest.raises(BeganError):
        run(responses(item_of(60, "other")), out, whole_way.options)


# One student for all questions


@pytest.fixture
def questions(tmp_path):
    for name in NAMES[:2]:
        write_question(tmp_path / "in", name, 21)
    return read_responses(tmp_path / "in")


def test_the_other_sort_of_run(out, whole_way, questions, tiny_model, capsys):
    options = run_options(tiny_model)
    said = refused(lambda: run_together(questions, out, options), out, capsys)
    assert "holds a run without --together" in said
    (out / REPORT).rename(out / TOGETHER)
    said = refused(lambda: run(whole_way.responses, out, options), out, capsys)
    assert "holds a run with --together" in said
    said = refused(lambda: run_together(questions, out, options), out, capsys)
    assert "to 'tiny': its bundle would be lost." in said


def test_other_responses_to_the_same_questions(tmp_path, questions, tiny_model, capsys):
    out, options = tmp_path / "out", run_options(tiny_model)
    out.mkdir()
    (out / BUNDLE).write_bytes(b"of these questions")
    write_record(out / "teacher.stage.json", "teacher", {}, {"rows": "others"}, [], 1.0)
    scale = questions.items[0].scale
    scored = replace(made_scored(2, scale), questions=(NAMES[0], NAMES[1]))
    write_scored(out / FILE, scored, scale.classes)
    said = refused(lambda: run_together(questions, out, options), out, capsys)
    assert "none of which is here" in said
    texts = (scored.texts[0], questions.items[1].rows[3].text)
    write_scored(out / FILE, replace(scored, texts=texts), scale.classes)
    with pytest.raises(BeganError):
        run_together(questions, out, options)
    assert f"{out}: the responses have changed" in capsys.readouterr().err
