"""The module for pages as it is packed: one file, its types, its size."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import zig
from kd_edge.page import sources

HERE = Path(__file__).resolve().parent
TYPESCRIPT = HERE / "node_modules" / ".bin" / "tsc"


def test_every_module_is_a_part():
    assert {path.name for path in sources.CORE.glob("*.mjs")} == set(sources.PARTS)
    met = set()
    for name in sources.PARTS:
        text = (sources.CORE / name).read_text(encoding="utf-8")
        imported = set(re.findall(r'^import .* from "\./(.*)";$', text, re.MULTILINE))
        assert imported <= met, f"{name} comes after what it imports"
        met.add(name)


def test_one_module_has_no_imports_and_few_exports():
    text = sources.module()
    assert re.findall(r"^import\b.*", text, re.MULTILINE) == []
    exports = re.findall(r"^export (?:async function (\w+)|function (\w+)|{ (\w+) })", text, re.M)
    names = ["".join(groups) for groups in exports]
    assert names == ["KdEdgeError", "init", "words", "open"]
    declared = re.findall(r"^export (?:class|function) (\w+)", sources.types(), re.MULTILINE)
    assert sorted(declared) == ["KdEdgeError", "init", "open", "words"]
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "a name at the top of two modules"


def test_the_core_is_small():
    core = sources.wasm()
    assert core.startswith(b"\0asm")
    assert len(core) <= 60 * 1024
    assert len(gzip.compress(core, 9)) <= 20 * 1024


def test_types():
    """The modules by their comments, and the declared types by a program that uses them."""
    zig.need(shutil.which("node") and TYPESCRIPT.exists(), "TypeScript (make page-tools)")
    done = subprocess.run(
        [TYPESCRIPT, "-p", HERE / "tsconfig.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
