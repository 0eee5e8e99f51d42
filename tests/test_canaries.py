"""Words planted in responses, ids, groups, names and prompts, and everything that commands leave.

One word a place where a student's words could leak from. Afterwards every file is searched, bundles
member by member, and all that was printed. What is meant to hold responses is named in `MEANT`.
"""

from __future__ import annotations

import contextlib
import csv
import fnmatch
import io
import json
import socket
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from canary_search import found_in
from kd_edge.runs.verdict import EXIT_CODE
from kd_edge_runtime.text.vocabulary import hash_word
from workshop import CommandLine, item_of

# Each word is where its name says: in one response, in two, in three of one student, in many and
# the list to keep out, in unscored and in test responses.
WORDS = {
    name: f"zqx{name}word"
    for name in ("one", "two", "pupil", "never", "unscored", "tested", "skipped", "typed")
}
IDS = {"id": "zqxid7", "student": "zqxname7"}
GROUP, PROMPT = "zqxgroup7", "zqxprompt"
SECRET = {**WORDS, **IDS}

# What is meant to hold responses, variants or ids, and so is for its owner alone.
MEANT = (
    "out-*/item-*/labels.csv",  # ids
    "out-*/item-*/test_labels.csv",
    "out-*/item-*/variants.csv",
    "out-*/item-*/test_scores.csv",
    "out-*/item-*/teacher/teacher.json",  # ids of held-out responses
    "out-*/item-*/*/student.json",
    "*.skipped.csv",  # ids
    "labels.csv",
    "variants.csv",
    "distilled/*/student.json",
    "scores.csv",
    "to-score.csv",
)
KINDS = ("bag", "rnn", "both")
TINY = ("--teacher-epochs", 1, "--student-epochs", 1, "--variants", 20, "--precision", "fp32")


def _rows():
    """A tiny item's responses with the words in them, as columns of a table."""
    rows = []
    for at, row in enumerate(item_of(60).rows):
        text = row.text
        text += f" {WORDS['one']}" if at == 4 else ""
        text += f" {WORDS['two']}" if at in (8, 9) else ""
        text += f" {WORDS['pupil']}" if at in (10, 11, 12) else ""
        text += f" {WORDS['never'].upper()}" if at % 5 == 0 else ""
        split = "test" if at >= 48 else "train"
        text += f" {WORDS['tested']}" if split == "test" else ""
        student = IDS["student"] if at in (10, 11, 12) else f"s{at}"
        name = IDS["id"] if at == 20 else f"r{at}"
        group = GROUP if at % 2 else "others"
        rows.append([name, student, group, split, text, row.score])
    rows.append(["bad", "s", "others", "train", f"{WORDS['skipped']} ice", "no such score at all"])
    return rows


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """The inputs, which nobody searches."""
    folder = tmp_path_factory.mktemp("given")
    with (folder / "responses.csv").open("w", encoding="utf-8", newline="") as file:
        header = ["response_id", "student", "group", "split", "text", "score"]
        csv.writer(file).writerows([header, *_rows()])
    more = [[f"{WORDS['unscored']} water {at}"] for at in range(6)]
    with (folder / "more.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text"], *more])
    (folder / "prompt.txt").write_text(f"Why does the {PROMPT} melt?")
    (folder / "never.txt").write_text(WORDS["never"])
    (folder / "wrong.csv").write_text(
        f"text,score\n{WORDS['typed']} ice,{WORDS['typed']}\n" * 2 + '"' + WORDS["typed"]
    )
    (folder / "bare.csv").write_text(f"{WORDS['typed']} ice,1\n{WORDS['typed']} wool,0\n")
    return folder


@pytest.fixture(scope="module")
def left(given, tiny_model, tmp_path_factory):
    """A folder with everything that commands left, and all that they printed."""
    work = tmp_path_factory.mktemp("left")
    monkeypatch = pytest.MonkeyPatch()
    for name in ("home", "tmp", "crash"):
        (work / name).mkdir()
    for name, place in (("HOME", "home"), ("TMPDIR", "tmp"), ("XDG_CACHE_HOME", "home/cache")):
        monkeypatch.setenv(name, str(work / place))
    monkeypatch.setenv("KD_EDGE_ROOT", str(work / "root"))
    monkeypatch.setattr(tempfile, "tempdir", str(work / "tmp"))
    monkeypatch.chdir(work)
    printed = []

    def run(*words, codes=(0,)):
        done = _command(monkeypatch, *words)
        printed.append((words, done.out + done.err))
        assert done.code in codes, (words, done)

    try:
        _all(run, given, tiny_model, work)
        printed.append((("serve",), _served(work)))
    finally:
        monkeypatch.undo()
    return work, printed


def _command(monkeypatch, *words):
    class Captured:
        """What `CommandLine` reads, for a fixture that lives longer than a test."""

        def __init__(self):
            self.out, self.err = io.StringIO(), io.StringIO()

        def readouterr(self):
            found = self.out.getvalue(), self.err.getvalue()
            for stream in (self.out, self.err):
                stream.seek(0)
                stream.truncate()
            return found

    captured = Captured()
    with contextlib.redirect_stdout(captured.out), contextlib.redirect_stderr(captured.err):
        return CommandLine(monkeypatch, captured)(*words)


def _all(run, given, model, work):
    table = given / "responses.csv"
    skip = ("--on-bad-row", "skip")
    run("check", table, *skip)
    unscored = ("--missing", "0", "--missing", "1")  # so that some have none
    run("suggest", table, *skip, *unscored, "-n", 5, "--model", model, "-o", "to-score.csv")
    for kind in KINDS:
        run("run", table, "-o", f"out-{kind}", "--model", model, "--student", kind, *TINY, *skip,
            "--unlabelled", given / "more.csv", "--prompt", given / "prompt.txt",
            "--never", given / "never.txt", codes=(0, EXIT_CODE))  # fmt: skip
    (teacher,) = (work / "out-bag").glob("item-*/teacher")
    run("label", teacher, table, *skip, "-o", "labels.csv", "--variants", "variants.csv",
        "--count", 20)  # fmt: skip
    run("distill", table, *skip, "--labels", "labels.csv", "--variants", "variants.csv",
        "--teacher", teacher, "-o", "distilled", "--student-epochs", 1, "--accept-weak",
        "--never", given / "never.txt")  # fmt: skip
    run("export", "distilled/student", "-o", "item.kdz", "--prompt", given / "prompt.txt")
    run("score", "item.kdz", table, "-o", "scores.csv", codes=(0, 2))
    run("report", "out-bag", "--no-responses", "-o", "shared")
    run("page", "item.kdz", "-o", "page.html")
    run("verify", "item.kdz")
    run("inspect", "item.kdz")
    run("bench", "item.kdz", "--quick", "--responses", table, "-o", "bench.json", codes=(0, 2))
    run("flash", "item.kdz", "card")
    wrong, bare = given / "wrong.csv", given / "bare.csv"
    for words in (
        ("check", wrong),
        ("run", wrong, "-o", "wrong"),
        ("run", bare, "-o", "wrong"),
        ("score", "item.kdz", bare, "-o", "wrong.csv"),
        ("score", "item.kdz", wrong, "-o", "wrong.csv", "--json"),
        ("distill", wrong, "--labels", "labels.csv", "-o", "wrong"),
        ("distill", table, *skip, "--labels", bare, "-o", "wrong"),
    ):
        run(*words, codes=(0, 1, 2))
    run("forget", "out-rnn", "--yes")


def _served(work):
    """A service that was asked, rightly and wrongly; what it printed, and what it replied."""
    path = work / "s"
    command = [Path(sys.executable).with_name("kd-edge"), "serve", "item.kdz", "--socket", path]
    with subprocess.Popen(
        [*map(str, command)], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        first = process.stderr.readline()  # from now on it is there for clients
        lines = [
            json.dumps({"id": "a", "text": f"{WORDS['typed']} ice"}),
            json.dumps({"id": "b", "text": [WORDS["typed"]]}),
            json.dumps({"id": "c", "item": WORDS["typed"], "text": "ice"}),
            f"{WORDS['typed']} no JSON",
        ]
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(120)
                asked.connect(str(path))
                asked.sendall("\n".join(lines).encode() + b"\n")
                with asked.makefile("rb") as replies:
                    answers = [replies.readline().decode() for _ in lines]
        finally:
            process.terminate()
        out, err = process.communicate(timeout=120)
    assert '"predicted"' in answers[0], answers
    # An item's name that is wrong may be told to who sent it.
    return out + first + err + "".join(answers[:2]) + answers[3]


def _files(work):
    return [path for path in work.rglob("*") if path.is_file() and not path.is_symlink()]


def test_nothing_of_a_response_is_where_it_is_not_meant_to_be(left):
    work, _ = left
    places = {}
    for path in _files(work):
        name = path.relative_to(work).as_posix()
        if not any(fnmatch.fnmatch(name, meant) for meant in MEANT):
            places[name] = found_in(path, SECRET)
    assert {name: found for name, found in places.items() if found} == {}
    assert {"item.kdz", "page.html", "shared/report.html", "bench.json"} <= set(places)


def test_the_search_finds_what_is_there(left):
    work, _ = left
    found = {name for path in _files(work) for name in found_in(path, SECRET)}
    assert found >= {"one", "tested", "unscored", "id"}
    assert "pupil" in found, "variants and test scores hold it"


def test_what_is_meant_to_hold_responses_is_for_its_owner_alone(left):
    work, _ = left
    for path in _files(work):
        name = path.relative_to(work).as_posix()
        if any(fnmatch.fnmatch(name, meant) for meant in MEANT):
            above = [one for one in path.parents if one.is_relative_to(work) and one != work]
            assert any(one.stat().st_mode & 0o077 == 0 for one in (path, *above)), name


def test_no_bundle_has_the_hash_of_a_word(left):
    work, _ = left
    bundles = [path for path in _files(work) if path.suffix == ".kdz"]
    assert len(bundles) > len(KINDS)
    for path in bundles:
        with zipfile.ZipFile(path) as archive:
            members = b"".join(archive.read(name) for name in archive.namelist())
        for word in WORDS.values():
            assert struct.pack("<I", hash_word(word)) not in members, (path, word)


def test_what_was_printed_has_none(left):
    _, printed = left
    said = []
    for words, text in printed:
        # `check` names the groups, so that a wrong column is seen.
        private = SECRET if words[0] == "check" else {**SECRET, "group": GROUP}
        found = [name for name, word in private.items() if word in text.lower()]
        said += [(*words, found)] if found else []
    assert said == []


def test_a_prompt_is_in_what_shows_the_item_alone(left):
    """Golden rows, pages and reports hold the item's own text; tables of labels do not."""
    work, _ = left
    holding = {
        path.suffix for path in _files(work) if found_in(path, {"prompt": PROMPT}) and path.suffix
    }
    assert ".kdz" in holding
    assert holding <= {".kdz", ".html", ".md", ".json"}


def test_a_group_is_in_figures_alone(left):
    work, _ = left
    holding = {
        path.relative_to(work).as_posix()
        for path in _files(work)
        if found_in(path, {"group": GROUP})
    }
    allowed = ("out-*/item-*/test_scores.csv", "*report.*", "scores.csv", "to-score.csv")
    assert [one for one in holding if not any(fnmatch.fnmatch(one, name) for name in allowed)] == []


def test_nothing_is_left_in_temporary_folders_and_the_home(left):
    work, _ = left
    assert _files(work / "tmp") == []
    assert [path.name for path in _files(work / "home") if found_in(path, SECRET)] == []
