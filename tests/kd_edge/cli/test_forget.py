"""`kd-edge forget`: what the screen says."""

from __future__ import annotations

import click
import pytest

from kd_edge_runtime.errors import InputError


@pytest.fixture
def out(tmp_path):
    """The least that is a run's folder."""
    (tmp_path / "item-ice").mkdir()
    (tmp_path / "item-ice" / "labels.csv").write_text("response_id,p_0\n")
    (tmp_path / "mine.txt").touch()
    return tmp_path


def test_nothing_is_removed_without_a_yes(command, out):
    said = command("forget", out)
    assert said.code == 2
    assert "will remove item-ice." in said.err
    assert "give --yes" in said.err
    assert (out / "item-ice" / "labels.csv").exists()


def test_what_was_removed_is_said(command, out):
    said = command("forget", out, "--yes")
    assert said.code == 0, said.err
    assert "Removed: item-ice\n" in said.out
    assert "Left alone, since no run wrote it: mine.txt" in said.out
    assert "backups" in said.out
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_folder_of_something_else_is_refused(command, tmp_path):
    (tmp_path / "photo.jpg").touch()
    said = command("forget", tmp_path, "--yes")
    assert said.code == 2
    assert "holds no run" in said.err


def test_the_question_can_be_answered_no(out, monkeypatch):
    from click.testing import CliRunner

    from kd_edge.cli.forget import forget

    monkeypatch.setattr("kd_edge.cli.forget._can_ask", lambda: True)
    ended = CliRunner().invoke(forget, [str(out)], input="n\n")
    assert isinstance(ended.exception, (click.Abort, SystemExit))
    assert (out / "item-ice").is_dir()
    ended = CliRunner().invoke(forget, [str(out)], input="y\n")
    assert not isinstance(ended.exception, InputError)
    assert not (out / "item-ice").exists()
