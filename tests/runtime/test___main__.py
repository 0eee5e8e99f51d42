"""A plain call of `score` needs no click, and means what click would make of it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge_runtime import __main__ as start
from kd_edge_runtime.__main__ import FLAGS, VALUES, plain_call
from kd_edge_runtime.cli import score as command_module
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError, guarded
from kd_edge_runtime.tables.score import Request

SAMPLE = Path(__file__).parents[1] / "bundles" / "protocol-1.kdz"

# PYTHONUNBUFFERED, for one, would hide what is not flushed.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

# Starting a process for these is what a plain call saves.
CLICKS = ("--threads", "1")


def by_click(arguments):
    """What click makes of a command line."""
    found = []
    score_responses = command_module.score_responses
    command_module.score_responses = found.append
    try:
        cli.main([*arguments], prog_name="kd-edge", standalone_mode=False)
    finally:
        command_module.score_responses = score_responses
    (request,) = found
    return request


WORDS = st.sampled_from(
    [
        *FLAGS,
        *VALUES,
        *("a.kdz", "A.KDZ", "b.csv", "c d.tsv", "-", "--", "", "é.csv", "\udce9.csv"),
        *("The ice melts.", "it  is//so ./ ", "melts", "a/b", "x\ny", "said.csv so"),
        *("plain", "auto", "numpy", "nonsense", "stove", "~/x", "$HOME", "*.csv"),
        *("--help", "-h", "-qo", "-oout.csv", "--output=x.csv", "--out", "--threads", "2"),
        *("--prefix", "--text-column", "--quiet=1", "-Q", "score"),
    ]
)


@given(st.lists(WORDS, max_size=8))
def test_a_plain_call_is_what_click_makes_of_it(words):
    request = plain_call(["score", *words])
    if request is not None:
        assert request == by_click(["score", *words])


PLAIN = [
    ("a.kdz b.csv", Request("b.csv", Path("a.kdz"))),
    ("b.csv", Request("b.csv")),
    ("a.kdz -", Request("-", Path("a.kdz"))),
    ("'a  b//c ./d/ 1.0' -q", Request("a  b//c ./d/ 1.0", quiet=True)),
    ("a.kdz 'it melts' --item x", Request("it melts", Path("a.kdz"), item_id="x")),
    ("b.csv --root r", Request("b.csv", root=Path("r"))),
    ("-q a.kdz b.csv", Request("b.csv", Path("a.kdz"), quiet=True)),
    (
        "a.kdz --json b.csv -o out.csv --item stove --backend numpy",
        Request(
            "b.csv",
            Path("a.kdz"),
            output=Path("out.csv"),
            item_id="stove",
            backend="numpy",
            as_json=True,
        ),
    ),
    (
        "a.kdz b.csv -o x -o y --quiet",
        Request("b.csv", Path("a.kdz"), output=Path("y"), quiet=True),
    ),
]


@pytest.mark.parametrize(("line", "request_"), PLAIN, ids=[line for line, _ in PLAIN])
def test_these_are_plain(line, request_):
    arguments = ["score", *shlex.split(line)]
    assert plain_call(arguments) == request_ == by_click(arguments)


@pytest.mark.parametrize(
    "line",
    [
        *("", "--help", "inspect a.kdz", "score", "score --help", "score a.kdz"),
        *(
            "score b.csv a.kdz",
            "score a.kdz b.csv c.csv",
            "score a.kdz b.csv --root r",
            "score a.kdz b.csv -o",
        ),
        *("score a.kdz b.csv --backend nonsense", "score a.kdz b.csv -o -q", "score -- a b"),
        *("score a.kdz b.csv --output=x", "score a.kdz b.csv -ox", "score a.kdz b.csv --threads 2"),
    ],
)
def test_these_are_for_click(line):
    assert plain_call(line.split()) is None


def test_click_completes_words_and_expands_names_on_windows(monkeypatch):
    monkeypatch.setenv("_KD_EDGE_COMPLETE", "bash_complete")
    assert plain_call(["score", "a.kdz", "b.csv"]) is None
    monkeypatch.delenv("_KD_EDGE_COMPLETE")
    assert plain_call(["score", "a.kdz", "b.csv"])
    monkeypatch.setattr(start.os, "name", "nt")
    assert plain_call(["score", "a.kdz", "b.csv"]) is None


def run(*arguments, folder, options=(), stdin=""):
    done = subprocess.run(
        [sys.executable, *options, "-m", "kd_edge_runtime", *map(str, arguments)],
        cwd=folder,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=ENVIRONMENT,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in.csv").write_text("item,text\nstove,the ice melts\nspoon,\n")
    (tmp_path / "bad.csv").write_text("item,text\nnone,the ice melts\n")
    (tmp_path / "cut.kdz").write_bytes(SAMPLE.read_bytes()[:-9])
    return tmp_path


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{SAMPLE} in.csv", 0),
        (f"{SAMPLE} in.csv --json -q", 0),
        (f"{SAMPLE} -", 0),
        (f"{SAMPLE} in.csv --item stove --backend plain", 0),
        (f"{SAMPLE} melts --item stove", 0),
        (f"{SAMPLE} melts", 2),
        (f"{SAMPLE} bad.csv", 2),
        (f"{SAMPLE} gone.csv", 2),
        (f"{SAMPLE} in.csv --item none", 2),
        ("cut.kdz in.csv", 3),
        ("in.csv --root nothing", 2),
    ],
)
def test_both_ways_end_alike(folder, line, code):
    arguments = ["score", *line.split()]
    stdin = (folder / "in.csv").read_text()
    straight = run(*arguments, folder=folder, stdin=stdin)
    assert straight == run(*arguments, *CLICKS, folder=folder, stdin=stdin)
    assert straight[0] == code


@pytest.mark.skipif(os.name != "posix", reason="no sh")
def test_a_closed_standard_output_is_no_matter_to_a_file(folder):
    command = f"exec '{sys.executable}' -m kd_edge_runtime score '{SAMPLE}' in.csv -o out.csv >&-"
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=ENVIRONMENT)
    assert done.returncode == 0
    assert (folder / "out.csv").exists()


def test_a_file_is_whole_when_the_process_has_ended(folder):
    assert run("score", SAMPLE, "in.csv", "-o", "out.csv", folder=folder)[:2] == (0, "")
    code, out, _ = run("score", SAMPLE, "in.csv", folder=folder)
    assert (code, out) == (0, (folder / "out.csv").read_text())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_behind_standard_output_is_an_error(folder):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kd_edge_runtime", "score", SAMPLE, folder / "in.csv"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
    assert done.returncode == 2
    assert "Error: the output could not be written: the disk is full." in done.stderr


# What a plain call imports beside Python's own modules for files.
STANDARD = "csv, json, zipfile, pathlib, contextlib, importlib.util, array, math, zlib, struct, re"
if os.name == "posix":
    STANDARD += ", fcntl"  # a file that is written is locked
ALSO = re.compile(
    r"kd_edge_(runtime|core)(\..*)?|encodings\.cp437|_sha2|_sha256|__future__|runpy|pkgutil"
)


def imported(*command, folder):
    code, _, said = run(*command, folder=folder, options=("-X", "importtime"))
    assert code == 0
    return {line.rpartition("|")[2].strip() for line in said.splitlines() if "import time:" in line}


def test_a_plain_call_imports_what_it_needs(folder):
    program = [sys.executable, "-X", "importtime", "-c", f"import runpy, {STANDARD}"]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stderr
    usual = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    found = imported("score", SAMPLE, "in.csv", "-o", "out.csv", folder=folder)
    assert "kd_edge_runtime.tables.score" in found
    more = {name for name in found - usual if not ALSO.fullmatch(name)}
    assert more == set()
    assert "click" in imported("score", SAMPLE, "in.csv", *CLICKS, folder=folder)


def test_the_installed_bundle_is_found_without_click(folder):
    assert run("install", SAMPLE, "--root", "root", folder=folder)[0] == 0
    found = imported("score", "in.csv", "--root", "root", "-o", "out.csv", folder=folder)
    assert not found & {"click", "inspect", "dataclasses", "hashlib", "subprocess", "typing"}


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (None, 0, ""),
        (3, 3, ""),
        (InputError("no such file"), 2, "Error: no such file\n"),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
        (ValueError("a student's words"), 70, "Error: an unexpected error (ValueError)"),
    ],
)
def test_a_command_ends_in_a_code_and_a_message(outcome, code, said, capsys, monkeypatch):
    def command():
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.delenv("KD_EDGE_DEBUG", raising=False)
    assert guarded(command) == code
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert bool(err) == bool(said)
    assert "student's words" not in err
    if code == 70:
        monkeypatch.setenv("KD_EDGE_DEBUG", "1")
        with pytest.raises(ValueError):
            guarded(command)
