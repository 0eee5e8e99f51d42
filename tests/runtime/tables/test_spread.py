"""`kd-edge score --jobs`: several processes write what one writes, and none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bundles_made
import seconds_made
from kd_edge_runtime.errors import KdEdgeError, guarded
from kd_edge_runtime.tables import score_batches
from kd_edge_runtime.tables.reading import rows as table_rows
from kd_edge_runtime.tables.score import Request, score_responses
from kd_edge_runtime.tables.spread import spread, workers

ROWS = 90


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spread")
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    lines = ["id,item,text,score"]
    for at in range(ROWS):
        words = bundles_made.SENTENCES[at % 8].split()[at % 3 :]
        lines.append(f'{at},{("stove", "spoon")[at % 2]},"{" ".join(words)}, ""{at}""",{at % 3}')
    (folder / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def short_batches(monkeypatch):
    batches = table_rows.Table.batches
    monkeypatch.setattr(
        table_rows.Table, "batches", lambda self, size=7: batches(self, min(size, 7))
    )


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    found = []
    start = workers._started

    def starts():
        found.append(start())
        return found[-1]

    monkeypatch.setattr(workers, "_started", starts)
    return found


def scored(made, out, jobs, source="in.csv", bundle="two.kdz", **more):
    request = Request(str(made / source), made / bundle, output=out, jobs=jobs, **more)
    score_responses(request)
    return out.read_bytes()


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("out.csv", {}),
        ("out.tsv", {"decimal": ","}),
        ("out.xlsx", {}),
        ("out.jsonl", {"as_json": True, "explain": True}),
        ("out.txt", {"explain": True}),
    ],
)
def test_several_processes_write_what_one_writes(made, tmp_path, started, capfd, name, more):
    alone = scored(made, tmp_path / name, 1, **more)
    told = capfd.readouterr().err
    assert started == []
    assert scored(made, tmp_path / name, 2, **more) == alone
    assert capfd.readouterr().err == told
    assert "90 responses" in told and "Agreement" in told
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_a_decimal_comma_is_that_of_the_first_rows(made, tmp_path):
    rows = [f"{at};stove;ice melts;{'1,5' if at < 3 else ''}" for at in range(30)]
    (made / "comma.csv").write_text("\n".join(["id;item;text;size", *rows]), encoding="utf-8")
    alone = scored(made, tmp_path / "a.csv", 1, "comma.csv")
    assert alone.count(b";0,") > 60
    assert scored(made, tmp_path / "b.csv", 3, "comma.csv") == alone


def test_wide_tables_too(made, tmp_path, started):
    rows = [f"{at},the ice melts {at},a cold spoon {at % 5}" for at in range(30)]
    (made / "wide.csv").write_text("\n".join(["id,stove,spoon", *rows]), encoding="utf-8")
    for name in ("w.csv", "w.xlsx"):
        alone = scored(made, tmp_path / name, 1, "wide.csv", wide=True)
        assert scored(made, tmp_path / name, 2, "wide.csv", wide=True) == alone
    assert len(started) == 4


def test_two_students_of_an_item(made, tmp_path):
    pytest.importorskip("onnxruntime")
    items = [seconds_made.item(0.9, 0.5, 1.0, 0.8), bundles_made.two_items()[1]]
    bundles_made.write(made / "second.kdz", items)
    alone = scored(made, tmp_path / "a.csv", 1, bundle="second.kdz")
    assert alone != scored(made, tmp_path / "a.csv", 1, bundle="second.kdz", first_only=True)
    assert scored(made, tmp_path / "a.csv", 2, bundle="second.kdz") == alone


def test_bad_rows_are_told_with_their_numbers(made, tmp_path, capfd):
    lines = (made / "in.csv").read_text(encoding="utf-8").splitlines()
    lines[40] = "39,lid,no such item,1"
    lines[70] = "69,stove,a,field,too,many"
    (made / "bad.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = []
    for jobs in (1, 2):
        out = tmp_path / f"bad{jobs}.csv"
        with pytest.raises(KdEdgeError) as caught:
            scored(made, out, jobs, "bad.csv")
        assert not out.exists()
        found.append(str(caught.value))
        # On standard output the rows before are written, as one process does.
        request = Request(str(made / "bad.csv"), made / "two.kdz", jobs=jobs, quiet=True)
        assert guarded(lambda request=request: score_responses(request)) == 2
        found.append(capfd.readouterr().out)
        out = tmp_path / str(jobs) / "skips.csv"
        out.parent.mkdir()
        found.append(scored(made, out, jobs, "bad.csv", skip_bad_rows=True))
        found.append((out.parent / "bad.skipped.csv").read_bytes())
    assert found[:4] == found[4:]
    assert "row 41, column 'item'" in found[0] and "row 71" in found[0]
    assert found[1].count("\n") > 28


def test_a_process_that_is_killed_is_told_and_nothing_is_left(made, tmp_path, started, monkeypatch):
    give = workers._give

    def kills(process, message):
        if isinstance(message, tuple) and message[2] > 40 and process is started[0]:
            process.kill()
            process.wait()
        give(process, message)

    monkeypatch.setattr(workers, "_give", kills)
    (tmp_path / "k.csv").write_text("as it was")
    with pytest.raises(KdEdgeError, match=r"was ended \(SIGKILL\).*--jobs 1") as caught:
        scored(made, tmp_path / "k.csv", 2)
    assert caught.value.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["k.csv"]
    assert (tmp_path / "k.csv").read_text() == "as it was"
    assert all(process.returncode is not None for process in started)


def test_what_a_process_meets_is_told_as_its_own(made, tmp_path, monkeypatch):
    work_for = workers.work_for
    monkeypatch.setattr(
        spread, "work_for", lambda *given: work_for(*given)._replace(manifest="0" * 64)
    )
    with pytest.raises(KdEdgeError, match="was replaced while it scored") as caught:
        scored(made, tmp_path / "r.csv", 2)
    assert caught.value.exit_code == 3


def test_where_no_process_can_be_started_one_scores_all(made, tmp_path, monkeypatch, capfd):
    alone = scored(made, tmp_path / "a.csv", 1)
    monkeypatch.setattr(sys, "executable", "")
    assert scored(made, tmp_path / "a.csv", 2) == alone
    assert "One process scores all" in capfd.readouterr().err


def test_no_more_are_started_than_there_are_batches_for(made, tmp_path, started, monkeypatch):
    alone = scored(made, tmp_path / "a.csv", 1)
    few = (made / "in.csv").read_text(encoding="utf-8").splitlines(keepends=True)[:25]
    (made / "few.csv").write_text("".join(few), encoding="utf-8")
    assert scored(made, tmp_path / "f.csv", 50, "few.csv").count(b"\n") == 25
    assert len(started) == 3, "of 24 rows in batches of 7, after the first batch"
    start = workers._started

    def only_one():
        if len(started) > 3:
            raise OSError("no more")
        return start()

    monkeypatch.setattr(workers, "_started", only_one)
    assert scored(made, tmp_path / "a.csv", 50) == alone
    assert len(started) == 4
    assert all(process.returncode is not None for process in started)


def test_long_tables_are_spread_without_being_asked(made, tmp_path, started, monkeypatch):
    monkeypatch.setattr(spread, "cores", lambda: 2)
    alone = scored(made, tmp_path / "a.csv", None)
    assert started == []
    monkeypatch.setattr(score_batches, "ALONE", 0.0)
    assert scored(made, tmp_path / "a.csv", None, threads=2) == alone
    assert started == []
    assert scored(made, tmp_path / "a.csv", None) == alone
    assert len(started) == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_stopping_leaves_no_process(made, tmp_path, sent):
    """Ctrl-C, and the end of the process that reads the table, however it ends."""
    command = [sys.executable, "-m", "kd_edge_runtime", "score", str(made / "two.kdz"), "-"]
    out = tmp_path / "out.csv"
    with subprocess.Popen(
        [*command, "--jobs", "2", "-o", str(out)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that run in the background of a shell have Ctrl-C ignored, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as parent:
        try:
            row = "1,stove,the ice melts\n"
            parent.stdin.write(b"id,item,text\n" + row.encode() * 12_000)
            parent.stdin.flush()
            children = []
            for _ in range(2400):
                found = subprocess.run(
                    ["ps", "-o", "pid=", "--ppid", str(parent.pid)], capture_output=True, text=True
                )
                children = found.stdout.split()
                if len(children) == 2:
                    break
                time.sleep(0.05)
            assert len(children) == 2
            parent.send_signal(sent)
            code = parent.wait(120)
            assert code == (130 if sent == signal.SIGINT else -sent)
            if sent == signal.SIGINT:
                assert parent.stderr.read().decode().endswith("Stopped.\n")
                assert list(tmp_path.iterdir()) == []
            for _ in range(2400):
                if not any(Path(f"/proc/{child}/stat").exists() for child in children):
                    break
                time.sleep(0.05)
            assert not any(Path(f"/proc/{child}/stat").exists() for child in children)
        finally:
            parent.kill()


def test_cells_of_json_that_hold_lists(made, tmp_path):
    rows = [f'{{"text": "the ice {at}", "item": "stove", "tags": [{at}]}}' for at in range(30)]
    (made / "n.jsonl").write_text("\n".join(rows), encoding="utf-8")
    alone = scored(made, tmp_path / "n.csv", 1, "n.jsonl")
    assert scored(made, tmp_path / "n.csv", 2, "n.jsonl") == alone
