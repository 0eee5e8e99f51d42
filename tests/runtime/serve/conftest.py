"""What the tests of `serve` share."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

import bundles_made
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.limits import Limits
from kd_edge_runtime.serve.listeners import unix_listener
from kd_edge_runtime.serve.server import Server
from services import Client


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("limits") / "one.kdz"
    bundles_made.write(path)
    return path


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
                thread.join(30)
                assert not thread.is_alive()

            stack.callback(end)
            serving.said = said
            return lambda: stack.enter_context(Client(str(path)))

        yield serving
