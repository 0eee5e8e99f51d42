"""What a command that fails leaves of the folders that it made."""

from __future__ import annotations

import pytest

from kd_edge.cli.new_folders import no_empty_folders


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_folders_that_stayed_empty_are_gone(tmp_path, error):
    output = tmp_path / "a" / "b"
    with pytest.raises(error), no_empty_folders(output):
        (output / "work" / "student").mkdir(parents=True)
        raise error
    assert [*tmp_path.iterdir()] == []


def test_what_holds_something_stays(tmp_path):
    output = tmp_path / "a" / "b"
    with pytest.raises(ValueError, match="no"), no_empty_folders(output):
        (output / "empty").mkdir(parents=True)
        (output / "kept").touch()
        raise ValueError("no")
    assert [*output.iterdir()] == [output / "kept"]


def test_folders_that_were_there_stay(tmp_path):
    (tmp_path / "mine" / "empty").mkdir(parents=True)
    for output in (tmp_path / "mine", tmp_path / "mine" / "new", "-", None):
        with pytest.raises(ValueError, match="no"), no_empty_folders(output):
            raise ValueError("no")
    assert [*tmp_path.rglob("*")] == [tmp_path / "mine", tmp_path / "mine" / "empty"]


def test_a_block_that_succeeds_keeps_its_folders(tmp_path):
    with no_empty_folders(tmp_path / "a"):
        (tmp_path / "a").mkdir()
    assert (tmp_path / "a").is_dir()
