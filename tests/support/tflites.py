"""The two TFLite interpreters that devices have: LiteRT here, tflite-runtime in its environment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("tflite_child.py")
OLDER = Path(sys.prefix) / "tflite-runtime" / "bin" / "python"


class Tflite:
    """One of them."""

    def __init__(self, package, python):
        self.package = package
        self.python = python

    def run(self, *arguments, given=""):
        """Runs its Python, with warnings as errors."""
        return subprocess.run(
            [str(self.python), "-W", "error", *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def outcomes(self, bundle, asked):
        """See `tflite_child.outcome`; `asked` are its arguments but the first, again and again."""
        done = self.run(CHILD, self.package, given=json.dumps([str(bundle), asked]))
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)


BOTH = [
    pytest.param(Tflite("ai_edge_litert", sys.executable), id="LiteRT"),
    pytest.param(
        Tflite("tflite_runtime", OLDER),
        id="tflite-runtime",
        marks=pytest.mark.skipif(
            not OLDER.exists(),
            reason="no tflite-runtime: `make test` installs it on Linux with a Python up to 3.11",
        ),
    ),
]
