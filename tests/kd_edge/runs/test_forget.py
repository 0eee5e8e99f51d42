"""A run's folder without responses."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from kd_edge.report.make import make_report
from kd_edge.runs.forget import forget, look
from kd_edge.runs.lock import run_folder
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from workshop import CANARY


@pytest.fixture
def out(whole_way, tmp_path):
    """A copy of a finished run with a report that shows responses, and what killed runs left."""
    folder = tmp_path / "out"
    shutil.copytree(whole_way.folder, folder)
    make_report(folder, folder)
    (folder / ".report.html.0123456789ab.tmp").write_text(CANARY)
    (folder / "responses.skipped.csv").write_text(CANARY)
    return folder


def _contents(folder):
    """Everything that a folder holds: its names, files, and a bundle's members."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)).encode()
        if path.suffix == ".kdz":
            with zipfile.ZipFile(path) as archive:
                yield from (archive.read(name) for name in archive.namelist())
        if path.is_file():
            yield path.read_bytes()


def _write_report(folder):
    return lambda: make_report(folder, folder, responses=False)


def test_no_response_and_no_id_of_one_is_left(out, whole_way):
    (item,) = whole_way.responses.items
    ids = [row.response_id.encode() for row in item.rows]
    texts = [row.text.encode() for row in item.rows if len(row.text) > 30]
    assert len(texts) > 9
    before = b"\n".join(_contents(out))
    assert CANARY.encode() in before
    assert ids[0] in before
    assert any(text in before for text in texts)
    done = forget(out, _write_report(out))
    left = b"\n".join(_contents(out))
    assert CANARY.encode() not in left
    assert not [name for name in (*ids, *texts) if name in left]
    assert {path.name for path in out.iterdir()} == {*done.kept}
    assert done.kept == ("bundle.kdz", "report.html", "report.json", "report.md")
    assert "item-tiny" in done.removed


def test_the_results_stay(out):
    before = (out / "bundle.kdz").read_bytes()
    figures = json.loads((out / "report.json").read_text())
    forget(out, _write_report(out))
    assert (out / "bundle.kdz").read_bytes() == before
    assert Scorer.open(out / "bundle.kdz").score("the ice")
    after = json.loads((out / "report.json").read_text())
    assert after["items"][0]["lines"] == figures["items"][0]["lines"]
    page = (out / "report.html").read_text()
    assert "Can the small model score?" in page
    # Once more there is nothing to do, and nothing is lost.
    again = forget(out, _write_report(out))
    assert (again.removed, again.kept) == ((), ("bundle.kdz", "report.html", "report.json",
                                                "report.md"))  # fmt: skip
    assert (out / "report.html").read_text() == page


def test_what_no_run_wrote_is_left_alone_and_named(out, tmp_path):
    (out / "scores.csv").write_text("mine")
    (out / "work").mkdir()
    elsewhere = tmp_path / "elsewhere"
    shutil.move(out / "item-tiny", elsewhere)
    (out / "item-tiny").symlink_to(elsewhere)
    found = look(out)
    assert found.others == ("scores.csv", "work")
    assert found.links == ("item-tiny",)
    assert forget(out, _write_report(out)).others == found.others
    assert (out / "scores.csv").read_text() == "mine"
    assert not (out / "item-tiny").is_symlink()
    assert (elsewhere / "labels.csv").exists(), "what a link leads to is not removed"


def test_what_only_bears_the_name_of_an_items_is_left_alone(out, tmp_path):
    (out / "item-list.csv").write_text("mine")
    (out / "item-thesis").mkdir()
    (out / "item-thesis" / "chapter.odt").write_text("years of work")
    (out / "item-begun" / ".work.new").mkdir(parents=True)
    (out / "item-tiny" / "teacher").rename(tmp_path / "teacher")
    (out / "item-tiny" / "teacher").symlink_to(tmp_path / "teacher")
    done = forget(out, _write_report(out))
    assert done.others == ("item-list.csv", "item-thesis")
    assert (out / "item-thesis" / "chapter.odt").exists()
    assert not (out / "item-begun").exists()
    assert done.links == ("item-tiny/teacher",)
    other = tmp_path / "other"
    (other / "item-thesis").mkdir(parents=True)
    (other / "item-thesis" / "chapter.odt").touch()
    with pytest.raises(InputError, match="holds no run"):
        look(other)


@pytest.mark.parametrize(
    "content", ["[]", '{"items": [1], "failed": 3}', "[" * 100_000, "\xff", "{", "null"]
)
def test_a_file_that_is_no_report_of_a_run_is_left_alone(out, content):
    (out / "report.json").write_text(content, encoding="latin-1")
    done = forget(out, _write_report(out))
    assert "report.json" in done.others
    assert (out / "report.json").read_text(encoding="latin-1") == content
    assert "item-tiny" in done.removed
    assert "report.html" in done.removed, "it shows responses"


def test_pages_with_responses_do_not_outlive_the_items_folder(out):
    shutil.rmtree(out / "item-tiny")
    (out / "report.html").write_text(CANARY)
    done = forget(out, _write_report(out))
    assert "report.html" in done.removed
    assert not (out / "report.html").exists()


def test_a_report_that_cannot_be_made_goes_with_its_responses(out, capsys):
    (out / "item-tiny" / "test_scores.csv").write_text("damaged")
    assert "report.html" in forget(out, _write_report(out)).removed
    assert "no report without responses can be made" in capsys.readouterr().err
    assert not (out / "report.html").exists()


def test_an_unfinished_run_leaves_nothing(out):
    for name in ("bundle.kdz", "report.json", "report.html", "report.md"):
        (out / name).unlink()
    assert forget(out, _write_report(out)).kept == ()
    assert not out.exists() or not [*out.iterdir()]


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="name the folder that 'kd-edge run' wrote"):
        look(tmp_path / "none")
    with pytest.raises(InputError, match="holds no run"):
        look(tmp_path)
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InputError, match="holds no run"):
        look(tmp_path)
    with pytest.raises(InputError, match="this is a file"):
        look(tmp_path / "photo.jpg")


def test_a_run_at_work_is_not_disturbed(out):
    with run_folder(out), pytest.raises(InputError, match="another run is at work"):
        forget(out, _write_report(out))
    assert (out / "item-tiny").is_dir()


def test_the_command_asks(command, out):
    said = command("forget", out)
    assert said.code == 2
    assert "give --yes" in said.err
    assert "item-tiny" in said.err
    assert (out / "item-tiny").is_dir()
    said = command("forget", out, "--yes", "--json")
    assert said.code == 0, said.err
    done = json.loads(said.out)
    assert set(done) == {"folder", "removed", "kept", "others", "links"}
    assert "item-tiny" in done["removed"]
    said = command("report", out)
    assert said.code == 2
    assert "start the same 'kd-edge run' again" in said.err
