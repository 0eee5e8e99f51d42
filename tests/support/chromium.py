"""Runs a file of Node's tests that opens pages in headless Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import zig


def run_in_chromium(script: Path, cases: Path, shots: Path) -> str:
    """Runs the tests, which must pass; skips or fails where a tool is absent, as `zig.need` does.

    Args:
        script: the file, beside the `node_modules` of `make page-tools`.
        cases: the folder with what the tests open.
        shots: where they put screenshots.

    Returns:
        What Node printed.
    """
    node, chromium = shutil.which("node"), shutil.which("chromium")
    zig.need(node and chromium, "node and chromium (apt-get install nodejs chromium)")
    there = (script.parent / "node_modules" / "axe-core").is_dir()
    zig.need(there, "Puppeteer and axe-core (make page-tools)")
    done = subprocess.run(
        [node, "--test", script],
        env={
            **os.environ,
            "KD_EDGE_CASES": str(cases),
            "KD_EDGE_SHOTS": str(shots),
            "KD_EDGE_CHROMIUM": chromium,
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout
