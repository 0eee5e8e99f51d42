"""What the tests of `serve` share."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

import bundles_made
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve import connection, server
from kd_edge_runtime.serve.limits import Limits
from kd_edge_runtime.serve.listeners import unix_listener
from kd_edge_runtime.serve.server import Server
from services import PATIENCE, Client


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("limits") / "one.kdz"
    bundles_made.write(path)
    return path


@pytest.fixture
def clock(monkeypatch):
    """The clock of servers in this process; it is so many seconds `ahead` of the real one."""
    clock = SimpleNamespace(ahead=0.0)
    for module in (connection, server):
        monkeypatch.setattr(module, "monotonic", lambda: time.monotonic() + clock.ahead)
    return clock


@pytest.fixture
def serving(bundle, tmp_path):
    """Runs a server in this process; the function returned gives it a client."""
    with ExitStack() as stack:

        def serving(kind=Scorer, **limits):
            path = tmp_path / "socket"
            listener = stack.enter_context(unix_listener(path))
            said: list[str] = []
            load = lambda: kind.open(bundle)  # noqa: E731
            one = Server(listener, load, int, said.append, Limits(**limits))
            thread = threading.Thread(target=one.run)
            thread.start()

            def end():
                one.stopping = True
                thread.join(PATIENCE)
                assert not thread.is_alive()

            stack.callback(end)
            serving.said = said
            return lambda: stack.enter_context(Client(str(path)))

        yield serving
