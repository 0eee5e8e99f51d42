"""What users are told."""

from __future__ import annotations

import errno
import io

import pytest

from kd_edge_runtime.errors import (
    BackendError,
    BundleError,
    InputError,
    KdEdgeError,
    ParityError,
    Problem,
    TableError,
    missing_file,
    note,
    printable,
    read_error,
    shown,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (KdEdgeError, 1),
        (InputError, 2),
        (BundleError, 3),
        (BackendError, 4),
        (ParityError, 5),
        (TableError, 2),
    ],
)
def test_exit_codes_never_change(kind, code):
    assert kind.exit_code == code
    assert issubclass(kind, KdEdgeError)


def test_a_missing_file_has_one_wording():
    wanted = "in.csv: no such file (check the name and the folder)"
    assert str(missing_file("in.csv")) == wanted
    assert str(read_error("in.csv", FileNotFoundError(2, "No such file or directory"))) == wanted
    assert str(missing_file("out", "folder", "name a run")) == "out: no such folder (name a run)"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "in.csv: no permission to read this file"),
        (IsADirectoryError(21, "Is a directory"), "in.csv: this is a folder, not a file"),
        (OSError(5, "Input/output error"), "in.csv: cannot be read (Input/output error)"),
    ],
)
def test_a_file_that_cannot_be_read(error, message):
    assert str(read_error("in.csv", error)) == message


def test_a_table_error_names_every_place():
    problems = [
        Problem("no such thing", 3, "text"),
        Problem("ragged", 4),
        Problem("no column"),
        Problem("twice", 5, "id", "b.csv"),
        Problem("gone", file="c.csv"),
    ]
    assert str(TableError("a.csv", problems, "Mend them.")) == (
        "a.csv: 5 problems\n"
        "  row 3, column 'text': no such thing\n"
        "  row 4: ragged\n"
        "  no column\n"
        "  b.csv, row 5, column 'id': twice\n"
        "  c.csv: gone\n"
        "Mend them."
    )


def test_one_problem_and_no_hint():
    error = TableError("a.csv", [Problem("ragged", 4)])
    assert str(error) == "a.csv: 1 problem\n  row 4: ragged"
    assert error.problems == (Problem("ragged", 4),)
    assert (error.source, error.hint) == ("a.csv", "")


@pytest.mark.parametrize(("many", "shown", "more"), [(20, 20, 0), (21, 20, 1), (500, 20, 480)])
def test_many_problems_are_counted(many, shown, more):
    text = str(TableError("a.csv", [Problem(f"{row}: bad", row) for row in range(many)]))
    assert text.count(": bad") == shown
    assert text.startswith(f"a.csv: {many} problems")
    assert (f"and {more} more like these" in text) is bool(more)


def test_the_same_problem_is_told_five_times():
    problems = [Problem("no such item", row, "item") for row in range(2, 32)]
    error = TableError("a.csv", [*problems, Problem("ragged", 40)], "Mend it.", unlisted=7)
    first, *told, last, hint = str(error).splitlines()
    assert (first, hint) == ("a.csv: 38 problems", "Mend it.")
    rows = [f"  row {row}, column 'item': no such item" for row in range(2, 7)]
    assert told == [*rows, "  row 40: ragged"]
    assert last == "  and 32 more like these"


def test_a_note_is_shown_where_there_is_room(capsys, monkeypatch):
    note("b\udce9.kdz \x1b[1m")
    assert capsys.readouterr().err == "b\ufffd.kdz \\x1b[1m\n"

    class Full(io.StringIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("sys.stderr", Full())
    note("this goes nowhere")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("item.kdz", "item.kdz"),
        ("größe 中.kdz", "größe 中.kdz"),
        ("b\udce9.kdz", "b\ufffd.kdz"),
        ("a\x1b[2Jb\n", r"a\x1b[2Jb\x0a"),
        ("a\x9b\udcff", "a\\x9b\ufffd"),
    ],
)
def test_a_name_is_printable(name, printed):
    assert printable(name) == printed
    assert printable(printed) == printed
    printed.encode("utf-8")


def test_what_is_shown_steers_no_terminal():
    assert shown("one\ttwo\nthree") == "one\ttwo\nthree"
    assert shown("a\x1b]0;title\x07\r\nb") == "a\\x1b]0;title\\x07\\x0d\nb"
