"""The runtime's files are whole or not there, and a refusing disk is put in words."""

from __future__ import annotations

import errno
import os
import re

import pytest

from kd_edge_runtime import files
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.files import atomic_write, plain_write_errors


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_as_it_is(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_write(path) as file:
        file.write("größe\r\nb\rc\n")
        assert not path.exists()
    assert path.read_bytes() == "größe\r\nb\rc\n".encode()
    assert names(path.parent) == ["a.txt"]


def test_no_folder_is_made_unasked(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with pytest.raises(InputError, match=r"there is no folder '.*new'"), atomic_write(path):
        pass
    assert names(tmp_path) == []


def test_a_link_stays_one(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "real").write_text("old")
    links = [tmp_path / "link", tmp_path / "link of a link", tmp_path / "leads nowhere yet"]
    for link, target in zip(links, ("kept/real", "link", "kept/new"), strict=True):
        link.symlink_to(target)
        with atomic_write(link) as file:
            file.write(link.name)
        assert link.is_symlink()
        assert link.read_text() == link.name
    assert names(tmp_path / "kept") == ["new", "real"]
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(InputError, match="the link leads to itself"), atomic_write(circle):
        pass


@pytest.mark.skipif(os.name == "nt", reason="a system without modes")
def test_a_link_into_a_missing_folder_names_that_folder(tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "gone" / "real.csv")
    named = re.escape(f"no folder '{tmp_path / 'gone'}'")
    with pytest.raises(InputError, match=named), atomic_write(link):
        pass


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")  # noqa: PTH110
def test_a_link_to_a_pipe_is_no_file(tmp_path):
    link, (end, other) = tmp_path / "link.csv", os.pipe()
    link.symlink_to(f"/proc/self/fd/{other}")
    with pytest.raises(InputError, match="not a regular file"), atomic_write(link):
        pass
    os.close(end)
    os.close(other)


def test_a_name_that_is_too_long(tmp_path):
    path = tmp_path / ("o" * 300)
    with pytest.raises(InputError, match="the name is too long"), atomic_write(path):
        pass


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_stays(tmp_path, mode):
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    with atomic_write(path, binary=True) as file:
        [temporary] = [one for one in tmp_path.iterdir() if one != path]
        assert temporary.stat().st_mode & 0o777 == mode, "before the first word is in it"
        file.write(b"new")
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name == "nt", reason="a system without modes")
def test_a_new_file_has_the_mode_that_the_user_wants(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a.txt"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


def test_a_planted_link_is_not_followed(tmp_path, monkeypatch):
    victim, path = tmp_path / "victim", tmp_path / "out.csv"
    victim.write_text("precious")
    monkeypatch.setattr(files.os, "urandom", bytes)  # as if somebody could foresee the name
    (tmp_path / f".out.csv.{bytes(6).hex()}.tmp").symlink_to(victim)
    with pytest.raises(InputError, match="cannot write"), atomic_write(path) as file:
        file.write("scores")
    assert victim.read_text() == "precious"
    assert not path.exists()


def test_two_writers_do_not_meet(tmp_path):
    path = tmp_path / ("ä" * 127)  # no byte is left for a longer name
    with atomic_write(path) as first, atomic_write(path) as second:
        first.write("first")
        second.write("second")
    assert path.read_text() == "first"
    assert names(tmp_path) == [path.name]


def test_what_the_encoding_lacks_is_replaced(tmp_path):
    for encoding, written in (("utf-8", "b\ufffd.kdz"), ("cp1252", "b?.kdz")):
        with atomic_write(tmp_path / "a.txt", encoding=encoding) as file:
            file.write("b\udce9.kdz")
        assert (tmp_path / "a.txt").read_text(encoding) == written


def test_bytes(tmp_path):
    with atomic_write(tmp_path / "a", binary=True) as file:
        file.write(b"\0\r\n")
    assert (tmp_path / "a").read_bytes() == b"\0\r\n"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write("half of the n")
        file.flush()
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_failure_leaves_no_new_file(tmp_path):
    with pytest.raises(ValueError, match="no"), atomic_write(tmp_path / "a.txt") as file:
        file.write("half")
        raise ValueError("no")
    assert names(tmp_path) == []


def test_the_old_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path) as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_it_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    synced = []
    fsync = os.fsync

    def noted(number):
        synced.append((os.fstat(number).st_size, path.exists()))
        fsync(number)

    monkeypatch.setattr(files.os, "fsync", noted)
    with atomic_write(path) as file:
        file.write("new")
    assert synced == [(3, False)]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EACCES, "you are not allowed to write there"),
        (errno.EPERM, "you are not allowed to write there"),
        (errno.EROFS, "the disk is read-only"),
        (errno.ENOTDIR, "part of the path is a file"),
        (errno.EISDIR, "there is a folder of that name"),
        (errno.EEXIST, "there is a file where a folder is needed"),
        (errno.ENAMETOOLONG, "the name is too long"),
    ],
)
def test_a_refusing_disk(tmp_path, number, told):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(InputError, match=rf"cannot write '.*a\.txt': {told}"), atomic_write(path):
        raise OSError(number, "what the system says")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_other_errors_pass(tmp_path):
    with pytest.raises(BrokenPipeError), plain_write_errors(tmp_path):
        raise BrokenPipeError(errno.EPIPE, "gone")
    with pytest.raises(OSError, match="strange"), plain_write_errors(tmp_path):
        raise OSError("strange")


def test_places_where_no_file_can_be(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    for path, told in (
        (tmp_path / "folder", "there is a folder of that name"),
        (files.Path(), "there is a folder of that name"),
        (files.Path(".."), "there is a folder of that name"),
        (files.Path("/"), "there is a folder of that name"),
        (tmp_path / "file" / "a", "part of the path is a file|where a folder is needed"),
        (tmp_path / ("a" * 300), "the name is too long"),
    ):
        with pytest.raises(InputError, match=told), atomic_write(path):
            pass
    assert names(tmp_path) == ["file", "folder"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes in folders")
def test_a_device_is_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="it is not a regular file"), atomic_write(pipe):
        pass
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]
