"""Where `kd-edge serve` listens: what others have put there, or could."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.serve.listeners import unix_listener, warn_of_open_place
from services import Client

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Unix sockets")


def test_what_is_not_ours_is_not_replaced_by_a_socket(tmp_path, monkeypatch):
    file, link, there = tmp_path / "file", tmp_path / "link", tmp_path / "there"
    file.write_text("precious")
    link.symlink_to(tmp_path / "elsewhere")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(there))
    for path, words in ((file, "not a socket"), (link, "is a link"), (tmp_path, "not a socket")):
        with pytest.raises(InputError, match=words), unix_listener(path):
            pass
    to_left = tmp_path / "to"
    to_left.symlink_to(there)
    with pytest.raises(InputError, match="is a link"), unix_listener(to_left):
        pass
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(InputError, match="another user's socket"), unix_listener(there):
        pass
    assert file.read_text() == "precious"
    assert there.is_socket()
    assert link.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_of_many_that_start_at_once_one_listens(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    program = (
        "import sys; from pathlib import Path\n"
        "from kd_edge_runtime.serve.listeners import unix_listener\n"
        "from kd_edge_runtime.errors import InputError\n"
        "try:\n"
        "    with unix_listener(Path(sys.argv[1])): print('listens', flush=True); input()\n"
        "except InputError as error: print(error, flush=True)\n"
    )
    words = [sys.executable, "-c", program, path]
    with ExitStack() as stack:
        many = [
            stack.enter_context(subprocess.Popen(words, stdin=-1, stdout=-1, text=True))
            for _ in range(6)
        ]
        lines = [one.stdout.readline().strip() for one in many]
        assert lines.count("listens") == 1
        with Client(str(path)):
            pass
        for one in many:
            one.communicate("\n")
    assert not path.exists()


def test_a_folder_that_anybody_may_write_into_is_named(tmp_path):
    def warned(path):
        said = []
        warn_of_open_place(path, said.append)
        return "".join(said)

    tmp_path.chmod(0o755)
    shared = tmp_path / "shared"
    shared.mkdir()
    assert warned(shared / "socket") == ""
    shared.chmod(0o1777)
    assert warned(shared / "socket") == ""
    shared.chmod(0o777)
    assert f"'{shared}'" in warned(shared / "socket")
    (shared / "inner").mkdir(mode=0o700)
    assert f"'{shared}'" in warned(shared / "inner" / "socket")
