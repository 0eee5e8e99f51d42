"""A folder's list of hashes tells what was changed, lost or added."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from kd_edge.stages.folder_sums import SUMS, changed_file, write_sums


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "inside" / "b").write_bytes(b"3")
    write_sums(tmp_path)
    return tmp_path


def test_a_whole_folder(folder):
    assert changed_file(folder, listed=True) == ""
    if tool := shutil.which("sha256sum"):
        subprocess.run([tool, "--quiet", "-c", SUMS], cwd=folder, check=True)


def test_each_change_is_told(folder):
    (folder / "inside" / "b").write_bytes(b"2")
    assert changed_file(folder) == "inside/b was changed or is damaged"
    (folder / "inside" / "b").unlink()
    assert changed_file(folder) == "it has no inside/b"
    (folder / "a").write_bytes(b"1")
    assert changed_file(folder) == "a was changed or is damaged"
    write_sums(folder)
    (folder / "c").touch()
    assert changed_file(folder) == f"c is not in its {SUMS}"


def test_the_list_itself(folder):
    whole = (folder / SUMS).read_bytes()
    for at in range(0, len(whole), 7):
        (folder / SUMS).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert changed_file(folder) != ""
        (folder / SUMS).write_bytes(whole[:at])
        assert changed_file(folder) != ""
    (folder / SUMS).unlink()
    assert changed_file(folder) == "", "as version 0.2 wrote it"
    assert changed_file(folder, listed=True) == f"it has no {SUMS}"
