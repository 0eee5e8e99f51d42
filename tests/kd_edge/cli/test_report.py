"""`kd-edge report`: a run's folder in, a page and a Markdown file out, or a word about why not."""

from __future__ import annotations

import json
import shutil
import zipfile

import numpy as np
import pytest

from kd_edge.data.responses import Responses, Scale
from kd_edge.runs.run import run
from kd_edge.runs.test_scores import FILE, read_scored
from kd_edge_runtime.scorer import Scorer
from pages import Page
from workshop import CANARY, item_of, run_options

TEXTS_SHOWN = "Worst disagreements"


@pytest.fixture(scope="module")
def two_items(tiny_model, tmp_path_factory):
    """A finished run over an item of points and one of words, nobody scoring twice."""
    folder = tmp_path_factory.mktemp("two")
    words = item_of(60, "Words & more", 1, Scale(("bad", "fair", "good"), numeric=False))
    items = (item_of(60, "points"), words)
    responses = Responses(items, "r.csv", {}, "utf-8")
    return folder, run(responses, folder, run_options(tiny_model))


def read(path):
    return path.read_text(encoding="utf-8")


OUTSIDE = " that testing programmes use: see the report."


def test_both_files_beside_the_run(command, whole_way, tmp_path):
    out = shutil.copytree(whole_way.folder, tmp_path / "out")
    said = command("report", out)
    assert (said.code, said.err) == (0, "")
    *sentences, _, _ = said.out.splitlines()
    paths = said.out.splitlines()[-2:]
    assert max(map(len, sentences)) <= 80
    headline, mark, rest = " ".join(sentences).partition(" figures are outside the limits")
    assert (mark, rest) == (" figures are outside the limits", OUTSIDE)
    headline = headline.rpartition(" ")[0]
    answer, _, headline = headline.partition(" The small model on a device agrees ")
    headline = f"The small model on a device agrees {headline}"
    assert answer.startswith("Don't use it. Its scores are not good enough")
    assert paths == [str(out / "report.html"), str(out / "report.md")]
    page, markdown = map(read, map(type(out), paths))
    assert Page(page).links == ["#item-0", "#meaning"]
    for text in (page, markdown):
        assert TEXTS_SHOWN in text
    assert headline in markdown
    assert {path.name for path in out.iterdir()} == {
        *("bundle.kdz", "report.json", "item-tiny", "report.html", "report.md")
    }


def test_the_figures_are_those_of_the_run(command, whole_way, tmp_path):
    said = command("report", whole_way.folder, "-o", tmp_path, "--json")
    (item,) = json.loads(said.out)["items"]
    lines = {line.name: line.agreement for line in whole_way.report.items[0].lines}
    pairs = (("second rater", item["people"]),
             ("teacher", item["teacher"]["against_people"]["given"]),
             ("student", item["bundle"]["against_people"]["given"]))  # fmt: skip
    for name, found in pairs:
        assert found["exact"] == pytest.approx(lines[name].accuracy), name
        assert found["qwk"] == pytest.approx(lines[name].qwk)
        assert found["adjacent"] == pytest.approx(lines[name].adjacent)
        assert found["macro_f1"] == pytest.approx(lines[name].macro_f1)
    baseline = lines["student without teacher"]
    assert item["baselines"]["student without teacher"] == {
        "exact": baseline.accuracy, "adjacent": baseline.adjacent, "qwk": baseline.qwk,
    }  # fmt: skip
    assert item["responses"] == whole_way.report.items[0].rows["test"]
    assert item["test_rows"] == whole_way.report.items[0].test_rows
    assert isinstance(item["warnings"], list)
    assert (tmp_path / "report.html").exists()


def test_the_bundle_scores_as_it_was_measured(whole_way):
    scored = read_scored(whole_way.folder / "item-tiny" / FILE, ("0", "1", "2"))
    assert np.allclose(scored.bundle.probabilities, scored.student.probabilities, atol=0.05)
    texts = {row.response_id: row.text for row in whole_way.responses.items[0].rows}
    with Scorer.open(whole_way.folder / "bundle.kdz", backend="plain") as scorer:
        again = [scorer.score(texts[name]).probabilities for name in scored.ids]
    assert np.allclose(scored.bundle.probabilities, again, rtol=0, atol=1e-6)
    assert not np.allclose(scored.teacher.probabilities, scored.student.probabilities, atol=0.05)


def test_students_words_stay_on_the_users_machine(command, whole_way, tmp_path):
    folder = whole_way.folder
    scored = read_scored(folder / "item-tiny" / FILE, ("0", "1", "2"))
    command("report", folder, "-o", tmp_path / "all")
    command("report", folder, "-o", tmp_path / "none", "--no-responses")
    (tmp_path / "usual").mkdir()
    usual = (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "all").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "all" / "report.html").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "none").stat().st_mode == usual != (tmp_path / "all").stat().st_mode
    shown = read(tmp_path / "all" / "report.html")
    assert sum(text in shown for text in scored.texts) > 2
    for name in ("report.html", "report.md"):
        found = read(tmp_path / "none" / name)
        assert TEXTS_SHOWN not in found
        assert CANARY not in found
        assert not any(text in found for text in scored.texts)
        assert not any(f"{one} " in found for one in scored.ids)
    with zipfile.ZipFile(folder / "bundle.kdz") as bundle:
        names = bundle.namelist()
        held = b"".join(bundle.read(name) for name in names)
    assert not any("scores" in name or "report" in name for name in names)
    assert not any(text.encode() in held for text in scored.texts)


def test_several_items(command, two_items, tmp_path):
    folder, _ = two_items
    said = command("report", folder, "-o", tmp_path)
    assert said.code == 0
    first, second, *_ = said.out.splitlines()
    assert first == "Of 2 items, don't use it: 2."
    assert second.startswith("Over 2 items, the small models on a device agree with people's ")
    page = read(tmp_path / "report.html")
    found = Page(page)
    assert found.links == ["#all", "#item-0", "#item-1", "#meaning"]
    assert [row[0] for row in found.rows if row[1:2] == ["12"]][:2] == ["points", "Words & more"]
    assert len(found.ids) == len(set(found.ids))
    assert "mean QWK" in found.text
    assert "Item Words & more" in found.text
    figures = json.loads(command("report", folder, "-o", tmp_path, "--json").out)
    assert [line["name"] for line in figures["together"]] == [
        *("teacher", "student in PyTorch", "student on a device")
    ]
    assert [item["people"] for item in figures["items"]] == [None, None]


def test_twice_gives_the_same(command, whole_way, tmp_path):
    command("report", whole_way.folder, "-o", tmp_path)
    first = read(tmp_path / "report.html"), read(tmp_path / "report.md")
    command("report", whole_way.folder, "-o", tmp_path)
    assert (read(tmp_path / "report.html"), read(tmp_path / "report.md")) == first


def test_a_run_from_before(command, whole_way, tmp_path):
    out = shutil.copytree(whole_way.folder, tmp_path / "out")
    (out / "item-tiny" / FILE).unlink()
    said = command.fails("report", out)
    assert "start the same 'kd-edge run' again" in said
    assert not (out / "report.html").exists()


def test_no_folder_of_a_run(command, tmp_path):
    assert "not the folder of a finished run" in command.fails("report", tmp_path)
    assert "nowhere" in command.fails("report", tmp_path / "nowhere")


def test_a_damaged_run(command, whole_way, tmp_path):
    out = shutil.copytree(whole_way.folder, tmp_path / "out")
    kept = read(out / "report.json")
    for text in ("", "[]", '{"items": 3}', '{"items": [{}]}', kept[:-40]):
        (out / "report.json").write_text(text, encoding="utf-8")
        assert "report.json" in command.fails("report", out)
    (out / "report.json").write_text('{"items": []}', encoding="utf-8")
    assert "has no figures of item 'tiny'" in command.fails("report", out)
    (out / "report.json").write_text(kept, encoding="utf-8")
    (out / "bundle.kdz").write_bytes(b"no zip")
    command.fails("report", out, code=3)
    (out / "bundle.kdz").unlink()
    assert "bundle.kdz" in command.fails("report", out)


def test_where_nothing_can_be_written(command, whole_way, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "cannot write" in command.fails(
        "report", whole_way.folder, "-o", tmp_path / "file" / "x"
    )
    assert "is a file" in command.fails("report", whole_way.folder, "-o", tmp_path / "file")
