"""The core for web pages: what lies in the package is what the script builds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import zig

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "kd_edge" / "page" / "core" / "kd_edge.wasm"


def test_the_same_sources_give_the_same_bytes(tmp_path):
    """Built elsewhere, so that no folder's name is within."""
    zig.need_zig()
    core = tmp_path / "runtime" / "core"
    shutil.copytree(zig.CORE, core, ignore=shutil.ignore_patterns("build", "*.so"))
    output = tmp_path / "kd_edge.wasm"
    command = [sys.executable, core / "build_wasm.py", "--output", output]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{output}: {BUILT.stat().st_size:,} bytes" in done.stdout
    assert output.read_bytes() == BUILT.read_bytes(), "run: make wasm"


def test_without_a_compiler_it_says_what_to_install(tmp_path):
    fake = tmp_path / "ziglang.py"
    fake.write_text("import sys\nsys.exit('No module named ziglang')\n")
    command = [sys.executable, zig.CORE / "build_wasm.py", "--output", tmp_path / "core.wasm"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Error: there is no compiler here" in done.stderr
    assert "Traceback" not in done.stderr
