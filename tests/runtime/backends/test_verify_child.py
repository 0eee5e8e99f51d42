"""Graphs in a process of their own: what its end means for them, and for those after them."""

from __future__ import annotations

import bundles_made
from kd_edge_runtime.backends import verify_child
from kd_edge_runtime.backends.verify import verify
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError


def verified(folder, *items, names=()):
    """All that comes out of a bundle of these items."""
    bundles_made.write(folder / "a.kdz", items)
    with Bundle(folder / "a.kdz") as bundle:
        return list(verify(bundle, names))


DIES = """
import os
os.kill(os.getpid(), 11)
"""


def test_a_package_that_ends_its_process(monkeypatch, tmp_path):
    """Whatever comes after it is tried in another one."""
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text(DIES)
    monkeypatch.syspath_prepend(tmp_path)
    found = verified(tmp_path, *bundles_made.two_items())
    dead = [one for one in found if one.backend == "onnx"]
    assert len(dead) == 4
    for one in dead:
        assert isinstance(one.error, BackendError)
        assert "onnx: dies (SIGSEGV) in a process of its own" in str(one.error)
    assert [one for one in found if one.backend != "onnx" and one.error] == []


def test_a_graph_that_never_ends(monkeypatch, tmp_path):
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text("import time; time.sleep(60)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(verify_child, "TIMEOUT", 3.0)
    (one,) = verified(tmp_path, bundles_made.item(), names=["onnx"])[:1]
    assert "onnx-int8 on onnx: too slow (over 3 s) in a process of its own" in str(one.error)
