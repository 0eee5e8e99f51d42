"""The documents say what is so: their tables, their commands, and nothing of this machine."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import tables

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("path", tables.DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tables_are_those_of_the_results(path):
    text = path.read_text(encoding="utf-8")
    assert tables.updated(text) == text, "run: make docs"


def test_every_table_stands_in_a_document():
    documents = "".join(path.read_text(encoding="utf-8") for path in tables.DOCUMENTS)
    assert [name for name in tables.TABLES if f"<!-- {name}: begin" not in documents] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "benchmarks" / "results").glob("*.json")), ids=lambda path: path.name
)
def test_a_result_says_how_it_was_made(path):
    result = json.loads(path.read_text(encoding="utf-8"))
    assert set(result) == {"command", "date", "machine", "versions", "seed", "figures"}
    assert result["command"].startswith("python -m benchmarks.")
    assert {"processor", "cores", "system"} <= set(result["machine"])


def test_labels_in_the_results_hold_no_text():
    for path in (ROOT / "benchmarks" / "results").glob("*.csv"):
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        assert re.fullmatch(r"response_id,fold(,p_[^,]+)+", header)
        for row in rows:
            assert re.fullmatch(r"[\w-]+,-?\d+(,[01]\.\d+)+", row)


def committed_text_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and path.suffix not in (".kdz",):
            yield path


def test_nothing_names_a_folder_of_one_machine():
    files = list(committed_text_files())
    if not files:
        pytest.skip("not a git checkout: which files are the project's is not known")
    machine = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")
    found = [
        str(path.relative_to(ROOT))
        for path in files
        if machine.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
