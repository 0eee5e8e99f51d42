"""The source distribution holds all that its own tests need."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# A few that need what lies in other folders: benchmarks, runtime, documents, the Makefile.
RUN = ("tests/test_docs.py", "tests/test_doc_commands.py", "tests/test_structure.py")
ALSO = ("tests/benchmarks/test_contender_tables.py", "tests/runtime/test_format_doc.py")


@pytest.mark.slow
def test_it_passes_its_own_tests(tmp_path):
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    assert archive.stat().st_size < 3_000_000
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    folder = tmp_path / archive.name.removesuffix(".tar.gz")
    paths = os.pathsep.join(str(folder / name) for name in ("", "export", "runtime"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "not slow", "-p", "no:cacheprovider", *RUN, *ALSO],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout or "100%" in done.stdout
