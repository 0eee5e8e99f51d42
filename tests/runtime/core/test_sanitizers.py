"""Random texts and damaged members, under the compiler's sanitizers; no library is needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMPILER = shutil.which("gcc") or shutil.which("cc")
WARNINGS = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror")
UNUSED = "-Wno-unused-function"
CHECKED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
VARIANTS = {
    "all": (),
    "small": ("-DKD_SMALL", "-DKD_FLOAT32"),
    "rules 1": ("-DKD_RULES_1",),
    "few words at once": ("-DKD_DIFFERENT=3",),
}

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
def test_it_compiles_without_a_warning(tmp_path, options):
    source = ROOT / "runtime" / "core" / "kd_edge.c"
    command = [COMPILER, *WARNINGS, UNUSED, *options, "-c", source, "-o", tmp_path / "core.o"]
    subprocess.run(command, check=True)


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS.keys())
def test_nothing_is_read_or_written_where_it_should_not(tmp_path, options):
    program = tmp_path / "harness"
    harness = ROOT / "tests" / "support" / "core_harness.c"
    include = f"-I{ROOT / 'runtime' / 'core'}"
    command = [COMPILER, "-std=c99", *CHECKED, *options, include, harness, "-o", program, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if "cannot find" in done.stderr:
        pytest.skip("the compiler has no sanitizers")
    assert done.returncode == 0, done.stderr
    for what, number in (("texts", 20_000), ("members", 3000)):
        run = subprocess.run([program, what, "1", str(number)], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-3000:]
        opened, _ = run.stdout.split()
        assert int(opened) > 10, "too few students could be opened to test anything"
