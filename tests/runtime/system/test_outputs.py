"""What cannot be written is refused before the work, as far as that can be known."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.system import outputs
from kd_edge_runtime.system.outputs import refuse_unwritable_file, refuse_unwritable_folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    Path("folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", ["new", "file", "folder/new", "link"])
def test_a_file_that_can_be_written(place, name):
    (place / "link").symlink_to("folder/behind")
    before = sorted(place.rglob("*"))
    refuse_unwritable_file(Path(name))
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere/new", "there is no folder 'nowhere'"),
        ("folder", "there is a folder of that name; give the name of a file"),
        ("file/new", "part of the path is a file"),
        ("pipe", "it is not a regular file"),
        ("read-only", "the file is read-only; give another name"),
        ("n" * 300, "the name is too long; give a shorter one"),
    ],
)
def test_a_file_that_cannot(place, name, words):
    os.mkfifo("pipe")
    Path("read-only").write_text("mine")
    Path("read-only").chmod(0o444)
    before = sorted(place.rglob("*"))
    with pytest.raises(InputError, match=words):
        refuse_unwritable_file(Path(name))
    assert sorted(place.rglob("*")) == before
    assert Path("read-only").read_text() == "mine"


@pytest.mark.parametrize("name", [".", "folder", "folder/a/b/c"])
def test_a_folder_that_can_be_written(place, name):
    before = sorted(place.rglob("*"))
    refuse_unwritable_folder(Path(name))
    assert sorted(place.rglob("*")) == before


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("name", "words"), [("file", "'file' is a file; name a folder"), ("file/a/b", "is a file")]
)
def test_a_folder_that_cannot(name, words):
    with pytest.raises(InputError, match=words):
        refuse_unwritable_folder(Path(name))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("refuse", [refuse_unwritable_file, refuse_unwritable_folder])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_refuses(monkeypatch, refuse, number):
    def refused(target):
        raise OSError(number, "what the system says", str(target))

    monkeypatch.setattr(outputs, "open_temporary", refused)
    with pytest.raises(InputError, match=r"cannot write 'new': .*; give|room|remove|fsck"):
        refuse(Path("new"))
