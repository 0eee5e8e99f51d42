"""The options of `kd-edge label --llm`: what is refused and asked before a response is sent."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from fake_llm import served
from workshop import item_of, write_table

ITEM = item_of(30)


@pytest.fixture
def fake():
    with served() as fake:
        yield fake


def test_without_yes_nothing_is_sent(command, fake, tmp_path):
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", table, "--llm", fake.url, "--model", "m", "-o", tmp_path / "labels.csv")
    message = command.fails(*given, "--price", "3/15")
    assert "add --yes" in message
    assert "which costs about 0.0" in message
    assert fake.responses == []
    assert [path.name for path in tmp_path.iterdir()] == ["responses.csv"]


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 130)])
def test_somebody_is_asked(command, fake, tmp_path, monkeypatch, said, code):
    stdin = io.TextIOWrapper(io.BytesIO(said.encode()))
    monkeypatch.setattr(stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", stdin)
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", table, "--llm", fake.url, "--model", "m", "-o", tmp_path / "labels.csv")
    ended = command(*given)
    assert (ended.code, "Go on?" in ended.err) == (code, True)
    assert len(fake.responses) == (30 if code == 0 else 0)


def test_a_host_that_was_not_named(command, tmp_path):
    """Before anything else is looked at, and whatever the key."""
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", table, "--model", "m", "--yes", "-o", tmp_path / "labels.csv", "--llm")
    message = command.fails(*given, "https://api.example.com/v1")
    assert "add --send-responses-to api.example.com" in message
    assert "responses to 1 item" not in message
    named = ("--send-responses-to", "api.example.org")
    assert "nothing was sent" in command.fails(*given, "https://api.example.com/v1", *named)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--folds", 3], "--folds needs a TEACHER"),
        (["--device", "cuda"], "--device needs a TEACHER"),
        (["--request", "[]"], "no JSON fields"),
        (["--request", '{"top_p": NaN}'], "no JSON fields"),
        (["--request", '{"top_p": 1e999}'], "no JSON fields"),
        (["--request", '{"model": "x"}'], "'model' is set by kd-edge itself"),
        (["--price", "3"], "is no price"),
        (["--prompt", "missing.txt"], "missing.txt: no such file"),
    ],
)
def test_what_does_not_go_together(command, fake, tmp_path, more, message):
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", table, "--llm", fake.url, "--model", "m", "-o", tmp_path / "labels.csv")
    assert message in command.fails(*given, "--yes", *more)
    assert fake.asked == []


def test_options_without_llm(command, tmp_path):
    table = write_table(tmp_path / "responses.csv", [ITEM])
    given = ("label", tmp_path, table, "-o", tmp_path / "labels.csv")
    assert "--yes needs --llm" in command.fails(*given, "--yes")
    assert "Missing argument 'RESPONSES'" in command.fails("label", table, "-o", "l.csv")
    assert "there is no TEACHER" in command.fails(*given, "--llm", "http://localhost")


def test_scores_that_nobody_named(command, fake, tmp_path):
    rows = tuple(replace(row, score=None) for row in ITEM.rows)
    table = write_table(tmp_path / "responses.csv", [replace(ITEM, rows=rows)])
    given = ("label", table, "--llm", fake.url, "--model", "m", "-o", tmp_path / "labels.csv")
    assert "nothing says which scores there are" in command.fails(*given, "--yes")
    assert fake.asked == []
