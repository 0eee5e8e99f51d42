"""What is imported when, and which way the arrows point."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kd_edge
import kd_edge_export
import kd_edge_runtime

ROOTS = {
    package.__name__: Path(package.__file__).parent
    for package in (kd_edge, kd_edge_export, kd_edge_runtime)
}
# What a package may know of the others.
MAY_IMPORT = {
    "kd_edge": {"kd_edge_export", "kd_edge_runtime"},
    "kd_edge_export": {"kd_edge_runtime"},
    "kd_edge_runtime": set(),
}
HEAVY = {
    *("torch", "transformers", "numpy", "sklearn", "scipy", "onnx", "onnxruntime"),
    *("tokenizers", "safetensors", "rich", "huggingface_hub"),
    *("ai_edge_litert", "flatbuffers", "ray", "tflite_runtime"),
}
LIGHT = ("cli", "console.progress", "data.readers", "data.responses", "files", "stages")


def _modules(package):
    root = ROOTS[package]
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _imported(path):
    """The names of all modules that a file imports, wherever in it; relative ones as '.'."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module


@pytest.mark.parametrize("package", ROOTS)
def test_arrows_point_one_way(package):
    seen = set()
    for name, path in _modules(package):
        for imported in _imported(path):
            assert imported != ".", f"{name}: a relative import"
            top = imported.partition(".")[0]
            if top in ROOTS and top != package:
                assert top in MAY_IMPORT[package], f"{name} imports {imported}"
                seen.add(top)
    assert seen == MAY_IMPORT[package], "an arrow that nobody uses"


def test_the_packages_are_those_of_this_repository():
    here = Path(__file__).resolve().parents[1]
    assert {root.resolve() for root in ROOTS.values()} == {
        here / "kd_edge",
        here / "export" / "kd_edge_export",
        here / "runtime" / "kd_edge_runtime",
    }


def _light_modules():
    for name, _ in _modules("kd_edge"):
        room = name.partition(".")[2]
        if not room or any(f"{room}.".startswith(f"{light}.") for light in LIGHT):
            yield name


def test_help_and_reading_cost_nothing():
    modules = list(_light_modules())
    assert {
        "kd_edge",
        "kd_edge.cli.run",
        "kd_edge.data.readers.delimited",
        "kd_edge.stages.record",
    } <= set(modules)
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    heavy = sorted({HEAVY!r} & set(sys.modules))\n"
        "    if heavy:\n"
        "        sys.exit(f'{name} imports {heavy}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", ["run", "teacher", "label", "distill", "export"])
def test_a_verb_says_what_it_does(command, verb):
    said = command(verb, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: kd-edge {verb} ")
    assert f"  kd-edge {verb} " in said.out
    assert "--output" in said.out
    # every option is explained
    for line in said.out.partition("Options:\n")[2].splitlines():
        option = line.strip().split("  ")[0]
        if line.startswith("  -") and len(line) < 40:
            assert option != line.strip() or len(option) > 22, f"{option} has no help"
