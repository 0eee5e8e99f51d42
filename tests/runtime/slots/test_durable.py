"""What is written is on the disk, with its name, when the function returns."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys

import pytest

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.slots import durable
from kd_edge_runtime.slots.durable import (
    chunks,
    lock,
    make_folder,
    sha256_of,
    sync_folder,
    write_new,
)

posix = pytest.mark.skipif(os.name != "posix", reason="folders are not synced elsewhere")


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000])
def test_a_file_in_pieces(tmp_path, monkeypatch, size):
    monkeypatch.setattr(durable, "_CHUNK", 100)
    data = os.urandom(size)
    (tmp_path / "a").write_bytes(data)
    pieces = [*chunks(tmp_path / "a")]
    assert b"".join(pieces) == data
    assert [len(piece) for piece in pieces[:-1]] == [100] * (len(pieces) - 1)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()
    write_new(tmp_path / "b", chunks(tmp_path / "a"))
    assert (tmp_path / "b").read_bytes() == data


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", [b"new"])
    assert (tmp_path / "a").read_bytes() == b"old"


@posix
def test_the_name_is_synced_and_then_the_bytes(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync

    def noted(number):
        found = os.fstat(number)
        synced.append((found.st_ino, (tmp_path / "a").stat().st_size))
        fsync(number)

    monkeypatch.setattr(os, "fsync", noted)
    write_new(tmp_path / "a", [b"12", b"345"])
    assert synced == [(tmp_path.stat().st_ino, 5), ((tmp_path / "a").stat().st_ino, 5)]


@posix
def test_each_new_folder_is_synced_and_then_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "sync_folder", lambda folder: synced.append(folder))
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert synced == [tmp_path / "a", tmp_path, tmp_path / "a" / "b", tmp_path / "a"]
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 4


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "a")
    with pytest.raises(OSError, match=r"a|exists"):
        make_folder(tmp_path / "a" / "b")


@posix
def test_a_file_system_that_cannot_sync_folders(tmp_path, monkeypatch):
    def refusing(number):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "fsync", lambda _: refusing(errno.EINVAL))
    sync_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: refusing(errno.EIO))
    with pytest.raises(OSError, match="no"):
        sync_folder(tmp_path)


_HOLDER = """
import sys
from kd_edge_runtime.slots.durable import lock
with open(sys.argv[1], "ab") as file:
    lock(file, sys.argv[1])
    print("locked", flush=True)
    sys.stdin.read()
"""


def holder(path):
    """A process that holds the lock until it ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline().strip() == b"locked"
    return process


def test_a_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "lock"
    with holder(path) as process:
        # As `open_in_place` opens it: its name is a number.
        number = os.open(path, os.O_RDWR)
        with (
            os.fdopen(number, "ab") as file,
            pytest.raises(InputError, match=r"lock' is locked \("),
        ):
            lock(file, path)
        process.kill()
        process.wait()
        with path.open("ab") as file:
            lock(file, path)
            with path.open("ab") as other, pytest.raises(InputError, match="is locked"):
                lock(other, path)
        with path.open("ab") as file:
            lock(file, path)
