"""Standard streams that are full, closed or gone: plain words and a code, in every command."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

BUNDLE = Path(__file__).parents[2] / "bundles" / "protocol-1.kdz"

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")

COMMANDS = {
    "score": f"score {shlex.quote(str(BUNDLE))} responses.csv -q --item stove",
    "with click": f"score {shlex.quote(str(BUNDLE))} responses.csv -q --item stove --prefix m_",
    "inspect": f"inspect {shlex.quote(str(BUNDLE))}",
    "version": "--version",
}


def run(folder, command, streams):
    (folder / "responses.csv").write_text("text\n" + 3000 * "The ice melts.\n")
    program = f"{shlex.quote(sys.executable)} -m kd_edge_runtime {command} {streams}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program}"],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_behind_standard_output(tmp_path, command):
    told = "Error: the output could not be written: the disk is full.\n"
    assert run(tmp_path, COMMANDS[command], "> /dev/full") == (2, told)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_standard_output(tmp_path, command):
    told = "Error: the output could not be written: it is closed.\n"
    assert run(tmp_path, COMMANDS[command], ">&-") == (2, told)


@pytest.mark.parametrize("command", ["score", "with click"])
def test_a_reader_that_has_seen_enough(tmp_path, command):
    assert run(tmp_path, COMMANDS[command], "| head -n 1") == (1, "")


@pytest.mark.parametrize("streams", ["2> /dev/full", "2>&-", "<&-", "<&- >/dev/null 2>&-"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_stream_that_is_not_needed(tmp_path, command, streams):
    command = COMMANDS[command].replace(" -q", "")
    assert run(tmp_path, command, streams)[0] == 0


def test_a_file_never_takes_the_place_of_a_closed_stream(tmp_path):
    assert run(tmp_path, COMMANDS["score"] + " -o scores.csv", "<&- >&- 2>&-") == (0, "")
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 3001


def test_a_table_from_a_closed_standard_input(tmp_path):
    code, told = run(tmp_path, COMMANDS["score"].replace("responses.csv", "-"), "<&-")
    assert (code, told) == (2, "Error: standard input is closed: give the table as a file\n")


@pytest.mark.parametrize("name", [b"b\xe9.kdz", b"\x1b[2J.kdz"])
def test_names_that_no_terminal_can_show(tmp_path, name):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    Path(path).write_bytes(BUNDLE.read_bytes()[:-1])
    code, told = run(tmp_path, f"score {shlex.quote(path)} responses.csv", "")
    assert code == 3
    assert told.replace("\n", "").isprintable()
