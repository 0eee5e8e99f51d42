"""The options of `kd-edge serve` that say where it listens."""

from __future__ import annotations

import pytest

from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import InputError


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say where to listen"),
        (["--socket", "s", "--port", "0"], "say where to listen"),
        (["--socket", "s", "--host", "127.0.0.1"], "--host is for --port: leave it out"),
        (["--socket", "s", "--host", ""], "--host is for --port: leave it out"),
        (["--socket", "s", "--anyone"], "--anyone is for --port: leave it out"),
    ],
)
def test_options_that_do_not_go_together(words, told):
    with pytest.raises(InputError, match=told):
        cli.main(["serve", "item.kdz", *words], standalone_mode=False)
