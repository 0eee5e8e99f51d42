"""Small files are read whole; nothing is waited for, and no more is read than they may have."""

from __future__ import annotations

import os

import pytest

from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.system.whole_file import read_whole, refuse_non_file


def test_a_file_is_read_as_far_as_it_may_go(tmp_path):
    path = tmp_path / "names.txt"
    path.write_bytes(b"Ana\r\n\x00")
    assert read_whole(path, 6) == b"Ana\r\n\x00"
    with pytest.raises(InputError, match=r"names\.txt: it has more than 5 bytes"):
        read_whole(path, 5)


def test_nobody_is_waited_for(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero", "/dev/null"):
        for read in (refuse_non_file, lambda one: read_whole(one, 10)):
            with pytest.raises(InputError, match="not a regular file: save it to disk first"):
                read(type(pipe)(path))
    with pytest.raises(InputError, match="not a regular file"):
        Bundle(pipe)


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere", "no such file"), (".", "a folder"), ("a\0b", "possible file")]
)
def test_what_is_no_file(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    path = type(tmp_path)(name)
    refuse_non_file(path)
    with pytest.raises(InputError, match=words):
        read_whole(path, 10)
