"""Many benches in one table and in plots; files that are none."""

from __future__ import annotations

import copy
import io
import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench_results import DEAD, DOC, LATENCY, PLAIN, TEACHER
from kd_edge.report.benches import join
from kd_edge.report.benches.join import join_benches
from kd_edge.report.benches.plots import front
from kd_edge.report.benches.rows import read_benches
from kd_edge_runtime.errors import InputError

QUANTILES = [[0.1, 1e-5], [0.5, 2e-5], [0.99, 4e-4]]
ROWS = [{**PLAIN, "latency": {**LATENCY, "quantiles": QUANTILES}}, TEACHER, DEAD]
BENCH = {**DOC, "format": "kd-edge-bench", "version": 1, "rows": ROWS}


@pytest.fixture
def write(tmp_path):
    def write(name, **changed):
        path = tmp_path / name
        path.write_text(json.dumps({**copy.deepcopy(BENCH), **changed}))
        return path

    return write


def test_devices_and_runs(write):
    other = {**DOC["machine"], "device": None, "cpu": "Laptop"}
    files = [write("a.json"), write("b.json", machine=other), write("c.json")]
    found = read_benches(files)
    assert [rows[0].device for rows in found] == [
        *("Raspberry Pi 4, BCM2711 (a)", "Laptop", "Raspberry Pi 4, BCM2711 (c)")
    ]
    plain, teacher, dead = found[1]
    assert (plain.name, plain.fastest, plain.good, plain.faster) == ("plain", True, True, None)
    assert (plain.p50, plain.per_s, plain.qwk) == (21.4e-6, 60_000, 0.8123)
    assert plain.quantiles == tuple((share, took) for share, took in QUANTILES)
    assert (teacher.own, teacher.fastest, teacher.rss_kib, teacher.faster) == (
        *(False, False, None, 1004.67),
    )
    assert (dead.state, dead.good, dead.p50, dead.quantiles) == ("dies", False, None, ())


def test_what_is_written(write, tmp_path):
    joined = join_benches([write("a.json"), write("b.json")], tmp_path / "out")
    names = {path.name for path in joined.files}
    assert names == {
        *("benches.md", "benches.json", "frontier.svg", "frontier.png"),
        *("latencies.svg", "latencies.png"),
    }
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    table = (tmp_path / "out" / "benches.md").read_text(encoding="utf-8").splitlines()
    assert len(table) == 2 + 6
    assert {line.replace("\\|", "").count("|") for line in table} == {15}
    assert "| plain (fastest) | 34,953 | 40.4 ms | 21.4 us |" in table[2]
    figures = json.loads((tmp_path / "out" / "benches.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in figures["rows"]] == [row.name for row in joined.rows]
    for name in ("frontier.svg", "latencies.svg"):
        ET.parse(tmp_path / "out" / name)
    assert (tmp_path / "out" / "frontier.png").read_bytes().startswith(b"\x89PNG")
    assert len(joined.table().rows) == 6


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_terminal_breaks_a_word(write, tmp_path, width):
    table = join_benches([write("a.json"), write("b.json")], tmp_path / "out").table()
    console = Console(width=width, file=io.StringIO())
    console.print(table)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    shown = set(" ".join(lines).replace(",  ", " ").split())
    shown |= {word.rstrip(",") for word in shown}
    for row in (table.header[1:], *table.rows):
        assert {word for text in row for word in text.split()} <= shown


def test_the_same_files_make_the_same_plots(write, tmp_path):
    made = [join_benches([write("a.json")], tmp_path / name).files for name in ("x", "y")]
    for one, other in zip(*made, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_without_labels_bytes_are_drawn_against_latency(write, tmp_path):
    rows = [{**row, "quality": None} for row in ROWS[:2]]
    join_benches([write("a.json", rows=rows)], tmp_path / "out")
    text = (tmp_path / "out" / "frontier.svg").read_text(encoding="utf-8")
    assert "median latency of one response" in text


def test_nothing_works(write, tmp_path):
    joined = join_benches([write("a.json", rows=[DEAD], fastest=None)], tmp_path / "out")
    assert [path.name for path in joined.files] == ["benches.md", "benches.json"]


def wrong(at, value):
    """The changed top level of a bench with a value at a path."""
    changed = copy.deepcopy(BENCH)
    *way, last = at
    inner = changed
    for step in way:
        inner = inner[step]
    if value is KeyError:
        del inner[last]
    else:
        inner[last] = value
    return changed


@pytest.mark.parametrize(
    ("at", "value", "told"),
    [
        (["version"], 2, "by a newer version"),
        (["version"], "1", "'version' is missing or not of type int"),
        (["machine"], KeyError, "'machine' is missing or not of type dict"),
        (["machine", "cpu"], 3, r"'machine\.cpu'"),
        (["machine", "architecture"], None, r"'machine\.architecture'"),
        (["bundle", "file"], KeyError, r"'bundle\.file'"),
        (["rows"], {}, "'rows'"),
        (["rows", 1], 7, r"'rows\[1\]\.name'"),
        (["rows", 0, "own"], 1, r"'rows\[0\]\.own' is missing or not of type bool"),
        (["rows", 0, "bytes"], True, r"'rows\[0\]\.bytes'"),
        (["rows", 0, "bytes"], -1, r"'rows\[0\]\.bytes' cannot be -1"),
        (["rows", 0, "latency", "p50"], -0.5, r"latency\.p50' cannot be -0\.5"),
        (["rows", 0, "latency", "p99"], KeyError, r"latency\.p99'"),
        (["rows", 0, "latency", "quantiles"], [[0.5]], r"quantiles' are not pairs"),
        (["rows", 0, "latency", "quantiles"], [[0.5, 0]], r"quantiles' are not pairs"),
        (["rows", 0, "quality"], {"qwk": 0.5}, r"quality\.accuracy'"),
        (["rows", 0, "quality", "qwk"], -1.5, r"qwk' cannot be -1\.5"),
        (["rows", 1, "ratios", "faster"], "1", r"ratios\.faster'"),
        (["rows", 0, "throughput"], [{}], r"throughput\[0\]\.per_s'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, at, value, told):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong(at, value)))
    with pytest.raises(InputError, match=rf"wrong\.json: .*{told}"):
        read_benches([path])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "this is not JSON"),
        ('{"format": NaN}', "this is not JSON"),
        ("[]", "did not write this"),
        ('{"format": "kd-edge-bundle"}', "did not write this"),
    ],
)
def test_another_file(write, tmp_path, text, told):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"other\.json: .*{told}"):
        join_benches([write("a.json"), path], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"none\.json: no such file"):
        read_benches([tmp_path / "none.json"])


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_the_front_is_what_none_beats(points):
    found = front(points)
    assert found == sorted(set(found))
    for cost, worth in points:
        beaten = any(
            (one <= cost and other >= worth and (one, other) != (cost, worth))
            for one, other in points
        )
        assert ((cost, worth) in found) == (not beaten)


def test_columns_and_cells_are_as_many(write):
    for row in read_benches([write("a.json")])[0]:
        assert len(join._cells(row)) == len(join._HEADER)


def test_the_verb(write, command, tmp_path):
    files = [write("a.json"), write("b.json")]
    said = command("report", *files)
    assert said.code == 0
    assert str(tmp_path / "benches" / "frontier.svg") in said.out.splitlines()
    said = command("report", *files, "-o", tmp_path / "other", "--json")
    assert len(json.loads(said.out)["rows"]) == 6
    (tmp_path / "c.json").write_text("{}")
    assert "c.json: 'kd-edge bench -o FILE' did not write" in command.fails(
        "report", files[0], tmp_path / "c.json"
    )
