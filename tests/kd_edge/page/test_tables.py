"""The page's tables in Node, against Python's: `app/table_reader.mjs`, `app/table_writer.mjs`."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import table_cases
import zig
from kd_edge.page import sources
from kd_edge.page.usual_names import usual_names
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.tables.reading.dialect import dialect_of
from kd_edge_runtime.tables.reading.sources import open_source
from kd_edge_runtime.tables.score import Request, score_responses
from kd_edge_runtime.tables.writing.safe_cells import safe

HERE = Path(__file__).resolve().parent
TABLES, SCORED = 3000, 400


BUNDLE = HERE.parents[1] / "bundles" / "protocol-1.kdz"
# What people say of rows, by number.
PEOPLE = {2: ("2", ""), 3: ("", '=HYPERLINK("x")'), 5: ("right", "two\nlines"), 7: ("1", "é €")}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")

    def write(name, content):
        (folder / name).write_text(json.dumps(content), encoding="ascii")

    write("names.json", usual_names())
    tables = table_cases.write(folder, TABLES, 1)
    write("tables.json", tables)
    shutil.copy(BUNDLE, folder / "bundle.kdz")
    write("people.json", [[at, {"score": a, "note": b}] for at, (a, b) in PEOPLE.items()])
    write("scored.json", [*_to_score(folder, tables)])
    write("cells.json", table_cases.score_cells(5000, 2))
    chance = random.Random(3)
    numbers = [chance.random() * 10 ** chance.randint(-7, 2) for _ in range(5000)]
    numbers += [count / 128 for count in range(-200, 200)] + [0.5, 1.0, 0.0, 2.00005, 1e-7]
    write(
        "numbers.json",
        [[one, digits, f"%.{digits}f" % one] for one in numbers for digits in (4, 6)],
    )
    return folder


def _to_score(folder, tables):
    """Tables with their columns: one item, or both by a column."""
    found = [
        one for one in tables if one["read"].get("guess", [{"text": None}])[0]["text"] is not None
    ]
    for one in found[:SCORED]:
        yield {"name": one["name"], "columns": {**one["read"]["guess"][0], "itemId": "stove"}}
    rows = [
        (item, f"the ice melts {at}")
        for at, item in enumerate(("stove", "spoon", " spoon ", "other") * 500)
    ]
    for name, delimiter in (("both.csv", ","), ("both.tsv", "\t"), ("both.txt", ";")):
        lines = [f"item{delimiter}text", *(delimiter.join(row) for row in rows)]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
        yield {"name": name, "columns": {"id": None, "item": 0, "text": 1, "score": None}}


@pytest.fixture(scope="module")
def node(cases):
    """What Node says, once it has run all tests."""
    node = shutil.which("node")
    zig.need(node, "node (apt-get install nodejs)")
    return subprocess.run(
        [node, "--test", HERE / "tables.test.mjs"],
        env={
            **os.environ,
            "KD_EDGE_CASES": str(cases),
            "KD_EDGE_MODULE": str(sources.CORE / "kd_edge.mjs"),
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_tables_are_read_as_python_reads_them(node):
    assert node.returncode == 0, node.stdout[-6000:] + node.stderr[-2000:]
    assert "fail 0" in node.stdout


def test_scored_tables_are_those_of_kd_edge_score(node, cases, tmp_path):
    assert node.returncode == 0
    compared = 0
    for one in json.loads((cases / "scored.json").read_text(encoding="ascii")):
        name, columns = one["name"], one["columns"]
        output = tmp_path / name
        request = Request(
            cases / name,
            BUNDLE,
            output=output,
            text_column=str(columns["text"] + 1),
            item_id=columns.get("itemId"),
            backend="plain",
            quiet=True,
            skip_bad_rows=True,
            safe_cells=True,
        )
        try:
            score_responses(request)
        except TableError:
            assert not (cases / f"saved-{name}").exists()
            continue
        with open_source(cases / name) as table:
            dialect = dialect_of(table, cases / name, output, None)
        wanted, found = (_fields(path, dialect) for path in (output, cases / f"saved-{name}"))
        assert found[0] == [*wanted[0], "person_score", "person_note"], name
        rows = json.loads((cases / f"rows-{name}.json").read_text(encoding="utf-8"))
        assert len(rows) == len(wanted) - 1
        for (at, *_), row, own in zip(rows, wanted[1:], found[1:], strict=True):
            person = [safe(cell) for cell in PEOPLE.get(at, ("", ""))]
            if not dialect.quoted:
                person = [" ".join(cell.split()) for cell in person]
            assert own == [*row, *person], name
        compared += 1
    assert compared > SCORED / 2


def _fields(path, dialect):
    """The fields of all rows; the file is in the dialect, and ends each row as it says."""
    data = path.read_bytes()
    if dialect.encoding == "cp1252" and data.startswith(codecs.BOM_UTF8):
        dialect = replace(dialect, encoding="utf-8-sig")
    text = data.decode(dialect.encoding)
    assert data == text.encode(dialect.encoding)
    if dialect.names_delimiter:
        assert text.startswith(f"sep={dialect.delimiter}{dialect.line_end}")
        text = text.partition(dialect.line_end)[2]
    assert text.endswith(dialect.line_end)
    quoting = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="")
    return list(csv.reader(lines, delimiter=dialect.delimiter, quoting=quoting, strict=True))
