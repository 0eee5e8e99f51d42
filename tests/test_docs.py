"""The documents say what is so: their tables, figures and links, and nothing of this machine."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import record, semeval, tables
from benchmarks.items import REAL, agreement, figures
from documents import DOCUMENTS, anchors, blocks, links
from kd_edge.evaluation.agreement import BASELINE, STUDENT

ROOT = Path(__file__).parent.parent


def by_name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", tables.DOCUMENTS, ids=by_name)
def test_tables_are_those_of_the_results(path):
    text = path.read_text(encoding="utf-8")
    assert tables.updated(text) == text, "run: make docs"


@pytest.mark.parametrize("path", tables.PICTURES, ids=by_name)
def test_pictures_are_those_of_the_results(path):
    assert path.read_text(encoding="utf-8") == tables.PICTURES[path](), "run: make docs"
    shown = [document for document in DOCUMENTS if path.name in document.read_text("utf-8")]
    assert shown, "no document shows it"


def test_every_table_stands_in_a_document():
    documents = "".join(path.read_text(encoding="utf-8") for path in tables.DOCUMENTS)
    assert [name for name in tables.TABLES if f"<!-- {name}: begin" not in documents] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_links_lead_somewhere(path):
    for link in links(path):
        target, _, anchor = link.partition("#")
        if target.startswith("https://"):
            continue
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        if anchor:
            assert anchor in anchors(there), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_block_names_its_language(path):
    languages = {block.language for block in blocks(path)}
    assert languages <= {"sh", "powershell", "python", "text", "toml", "ini"}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("path", tables.DOCUMENTS, ids=by_name)
def test_real_and_invented_responses_are_in_different_tables(path):
    for table in re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
        samples = re.search(r"wool-ice|pond-web|percent-back", table)
        assert not (samples and re.search("ASAP-SAS|Beetle|SciEntsBank", table)), table
        assert not (samples and "second rater" in table), table


def test_where_a_teacher_does_not_help_is_said():
    """As the results have it: 'four of eight rows' with --together, and no item by itself."""
    worse = rows = 0
    for name in semeval.NAMES:
        for way in semeval.WAYS:
            parts = record.read(f"semeval-{name}")["figures"][way]["parts"]
            for part in (parts[semeval.SEEN], parts[semeval.UNSEEN]):
                rows += 1
                worse += part[STUDENT]["accuracy"] < part[BASELINE]["accuracy"]
    assert (worse, rows) == (4, 8)
    for item in map(figures, REAL):
        assert agreement(item, STUDENT)["accuracy"] >= agreement(item, BASELINE)["accuracy"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "[4 of 8 rows]" in readme


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
