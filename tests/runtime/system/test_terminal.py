"""What a response holds never steers a terminal."""

from __future__ import annotations

import io

from kd_edge_runtime.system.terminal import Terminal


def test_control_characters_are_spelt_out():
    screen = io.StringIO()
    Terminal(screen).writelines(["a\x1b[2J,\t1\r\n", "b\x9b1m\rc\n"])
    assert screen.getvalue() == "a\\x1b[2J,\t1\nb\\x9b1m\\x0dc\n"
