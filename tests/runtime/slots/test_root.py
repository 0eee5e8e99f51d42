"""Where the slots are if nobody says it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kd_edge_runtime.slots.root import default_root


def test_the_default_root(monkeypatch, tmp_path):
    if os.name != "posix":
        pytest.skip("folders are elsewhere there")
    monkeypatch.setenv("KD_EDGE_ROOT", str(tmp_path / "x"))
    assert default_root() == tmp_path / "x"
    monkeypatch.delenv("KD_EDGE_ROOT")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    system = Path("/var/lib/kd-edge")
    assert default_root() == system
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os.path, "isdir", lambda path: path == system)
    assert default_root() == system  # installed by the superuser, scored with by all
    monkeypatch.setattr(os.path, "isdir", lambda _: False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_root() == tmp_path / "kd-edge"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_root() == tmp_path / ".local" / "share" / "kd-edge"
    monkeypatch.setenv("HOME", "/nonexistent")  # that of services on Debian
    assert default_root() == system
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # a number without a home
    assert default_root() == system
