"""The map of the repository: which room may import which, and where a file may lie."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import kd_edge
from kd_edge_runtime import __version__

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "kd_edge": ROOT / "kd_edge",
    "kd_edge_export": ROOT / "export" / "kd_edge_export",
    "kd_edge_runtime": ROOT / "runtime" / "kd_edge_runtime",
}
# The rooms of kd_edge, lowest first: a room imports those before it only.
ROOMS = (
    *("files", "data", "console", "stages", "evaluation", "training", "teacher", "students"),
    *("soft_labels", "suggest", "llm", "distillation", "page", "bundling", "size_search", "runs"),
    *("report", "api", "cli"),
)
# Beside them: a room, what it may import, and what may import it.
BESIDE = {"flash": ({"files", "console"}, {"cli"})}
# Modules at the top of a package, beside __init__ and __main__.
LOOSE = {"kd_edge": 2, "kd_edge_runtime": 8}
# The tests of each package, and those that are named after what they test and not after a module.
TESTS = {"kd_edge": "kd_edge", "export": "kd_edge_export", "runtime": "kd_edge_runtime"}
NAMED = {
    "kd_edge/api/test_api.py": "the public functions together",
    "kd_edge/cli/test_outputs.py": "what - means, for every command",
    "kd_edge/flash/test_kit_attacks.py": "the kit's check in install.sh and in Python together",
    "kd_edge/teacher/test_cuda.py": "teachers on a real GPU",
    "kd_edge/teacher/test_hardware.py": "what compute.py chooses on other machines",
    "kd_edge/data/readers/test_asap.py": "files of ASAP-SAS, which the reader of tables reads",
    "kd_edge/data/readers/test_one_reader.py": "the same rows on a device and in the workshop",
    "kd_edge/evaluation/test_rsmtool_itself.py": "against figures that RSMTool itself computed",
    "kd_edge/page/test_screen.py": "the screen in a browser: the whole of app",
    "kd_edge/report/test_cross_item.py": "reports of runs with --together, from figures to page",
    "kd_edge/report/page/test_browser.py": "reports in Chromium, from figures to pictures",
    "kd_edge/report/page/test_html.py": "page/render.py: HTML",
    "kd_edge/report/page/test_markdown.py": "page/render.py: Markdown",
    "kd_edge/llm/test_transformers_serve.py": "the whole room with a real server",
    "kd_edge/page/test_browser.py": "pages in Chromium and Firefox",
    "kd_edge/page/test_tables.py": "app/table_reader.mjs and what it uses",
    "kd_edge/students/test_new_kind.py": "adds a kind as students/__init__.py says",
    "kd_edge/runs/test_kills.py": "whole commands, killed at some of their steps",
    "kd_edge/runs/test_cross_item.py": "the folder runs/cross_item as a whole",
    "kd_edge/soft_labels/test_unlabelled_texts.py": "a function of augmentation with many cases",
    "runtime/core/test_build_wasm.py": "runtime/core/build_wasm.py, which is in no package",
    "runtime/core/test_build_wheels.py": "runtime/core/build_wheels.py, which is in no package",
    "runtime/slots/test_planted.py": "slots, switch and the cache of probes together",
    "runtime/slots/test_power_cuts.py": "slots, switch and durable together",
    "export/onnx/test_exports_kept.py": "the exporter that tests use",
    "runtime/test_format_doc.py": "FORMAT.md",
    "runtime/core/test_parity.py": "the core in runtime/core against plain Python",
    "runtime/core/test_sanitizers.py": "the core in runtime/core, whatever it is given",
    "runtime/core/test_tables.py": "the core's tables, which a script writes",
}
LONGEST = 300
LONGER = {
    "tests/benchmarks/test_contenders.py",
    "tests/kd_edge/bundling/test_bundle.py",
    "tests/kd_edge/bundling/test_teacher_onnx.py",
    "tests/kd_edge/cli/test_run.py",
    "tests/kd_edge/data/readers/test_validate.py",
    "tests/kd_edge/distillation/test_train.py",
    "tests/kd_edge/flash/kit/test_build.py",
    "tests/kd_edge/flash/test_to_ssh.py",
    "tests/kd_edge/runs/test_pipeline.py",
    "tests/kd_edge/runs/test_run.py",
    "tests/kd_edge/soft_labels/test_augmentation.py",
    "tests/kd_edge/teacher/test_finetune.py",
    "tests/runtime/backends/test_probe.py",
    "tests/runtime/backends/test_with_onnx.py",
    "tests/runtime/bundle/test_archive.py",
    "tests/runtime/bundle/test_manifest.py",
    "tests/runtime/cli/test_score.py",
    "tests/runtime/cli/test_slots.py",
    "tests/runtime/serve/test_server.py",
    "tests/runtime/slots/test_switch.py",
}


def modules(package: str) -> dict[str, Path]:
    """The modules of a package by their dotted names; a package's own is its __init__."""
    root = PACKAGES[package]
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, inside functions too, but not what only a type checker sees."""
    for statement in body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            continue
        yield statement
        for field in ("body", "orelse", "finalbody", "handlers"):
            yield from statements(getattr(statement, field, None) or [])


def imports(path: Path, known: Iterable[str]) -> set[str]:
    """The modules among `known` that a file imports when it runs."""
    found = set()
    for statement in statements(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                inner = f"{statement.module}.{alias.name}"
                found.add(inner if inner in known else statement.module)
    return found & set(known)


def room(module: str) -> str:
    """The first part of a module's name below its package; "" for the package itself."""
    return module.partition(".")[2].partition(".")[0]


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """What every module of the three packages imports of them."""
    known = {name: path for package in PACKAGES for name, path in modules(package).items()}
    return {name: imports(path, known) - {name} for name, path in known.items()}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, after removing all that are in none."""
    left = {name: set(targets) for name, targets in graph.items()}
    while True:
        imported = set().union(*left.values()) if left else set()
        ends = {name for name in left if not left[name] or name not in imported}
        if not ends:
            return [sorted(left)] if left else []
        left = {name: targets - ends for name, targets in left.items() if name not in ends}


def test_no_circle_of_imports(graph):
    assert circles(graph) == []


def test_a_circle_is_seen():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == [
        ["a", "b", "c"]
    ]


def test_the_rooms_are_those_of_the_map():
    there = {room(name) for name in modules("kd_edge")} - {"", "__main__", "sample"}
    assert there <= {*ROOMS, *BESIDE}, "a new room has its place in ROOMS"


def test_imports_point_down(graph):
    """From the command line down to data, and never back."""
    up = []
    for name, targets in graph.items():
        here = room(name)
        for target in targets if name.startswith("kd_edge.") else ():
            there = room(target)
            if there in ("", here) or not target.startswith("kd_edge."):
                continue
            if here in BESIDE or there in BESIDE:
                right = (
                    there in BESIDE.get(here, ((), ()))[0] or here in BESIDE.get(there, ((), ()))[1]
                )
            else:
                right = ROOMS.index(there) < ROOMS.index(here)
            if not right:
                up.append(f"{name} imports {target}")
    assert up == []


@pytest.mark.parametrize(("package", "most"), LOOSE.items())
def test_few_modules_lie_loose(package, most):
    names = {path.stem for path in PACKAGES[package].glob("*.py")} - {"__init__", "__main__"}
    assert len(names) <= most, sorted(names)


@pytest.mark.parametrize(("tests", "package"), TESTS.items())
def test_tests_mirror_the_folders(tests, package):
    folder = ROOT / "tests" / tests
    missing = []
    for path in sorted(folder.rglob("test_*.py")):
        inside = path.relative_to(folder)
        module = PACKAGES[package] / inside.with_name(inside.name.removeprefix("test_"))
        private, room_itself = module.with_name(f"_{module.name}"), module.with_suffix("")
        there = module.is_file() or private.is_file() or room_itself.is_dir()
        if not there and f"{tests}/{inside}" not in NAMED:
            missing.append(f"{tests}/{inside}")
    assert missing == [], "a test lies where its module does, or NAMED says why not"


def test_named_tests_are_there():
    assert [name for name in NAMED if not (ROOT / "tests" / name).is_file()] == []


def lengths() -> dict[str, int]:
    """Lines of every Python file of the repository, by its path."""
    folders = ("kd_edge", "export", "runtime", "benchmarks", "tests")
    files = [path for name in folders for path in (ROOT / name).rglob("*.py")]
    return {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
        if not {"build", "node_modules"} & set(path.parts)
    }


def test_files_are_short():
    too_long = {name: lines for name, lines in lengths().items() if lines > LONGEST}
    assert sorted(set(too_long) - LONGER) == []
    assert sorted(LONGER - set(too_long)) == [], "short by now: no longer to be listed"


def test_what_is_slow_is_there():
    lines = (ROOT / "tests" / "slow.txt").read_text(encoding="utf-8").split()
    assert lines == sorted(set(lines))
    for line in lines:
        path, _, name = line.partition("::")
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, line


def test_what_takes_longest_is_there():
    for line in (ROOT / "tests" / "longest.txt").read_text(encoding="utf-8").split():
        assert (ROOT / "tests" / line).is_file(), line


def test_one_version():
    """Of both distributions, the citation, and the newest entry of the changelog."""
    released = re.findall(r"^## (\d\S+)", _text("CHANGELOG.md"), re.MULTILINE)
    assert f"\nversion: {released[0]}\n" in _text(".github/CITATION.cff")
    assert kd_edge.__version__ == __version__
    assert __version__ in released
    for name in ("pyproject.toml", "runtime/pyproject.toml"):
        assert 'dynamic = ["version"]' in _text(name)
    assert f'\nversion = "{__version__}"\n' in _text("runtime/core/pyproject.toml")


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
