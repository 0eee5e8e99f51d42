"""`kd-edge score`: every column kept, the machine's added, mistakes told, nothing half done."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

import bundles_made
import seconds_made
from kd_edge_runtime import backends
from kd_edge_runtime.cli.group import cli
from kd_edge_runtime.errors import BackendError, InputError, TableError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.tables import score
from kd_edge_runtime.tables.reading import rows
from kd_edge_runtime.tables.score_rows import TableScorer
from usual import HERE, USUAL

CANARY = "canarybird"
ADDED = ["predicted", "expected", "confidence", "flag"]
SCORES = [f"p_{name}" for name in bundles_made.SCORES]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("score")
    bundles_made.write(folder / "one.kdz")
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    return folder


@pytest.fixture
def one(made):
    return made / "one.kdz"


@pytest.fixture
def two(made):
    return made / "two.kdz"


def invoke(*arguments, stdin=None):
    # Through the group, as users do: click keeps what a command first saw of its parent.
    return CliRunner().invoke(cli, ["score", *map(str, arguments)], input=stdin)


def run(*arguments, stdin=None):
    """What it wrote to standard output, and its last words."""
    out, err = run_bytes(*arguments, stdin=stdin)
    return out.decode("utf-8"), err


def run_bytes(*arguments, stdin=None):
    done = invoke(*arguments, stdin=stdin)
    if done.exception:
        raise done.exception
    return done.stdout_bytes, done.stderr


def told(kind, *arguments, stdin=None):
    """Why it refused; never with a response in it."""
    done = invoke(*arguments, stdin=stdin)
    assert isinstance(done.exception, kind), done.exception
    assert CANARY not in str(done.exception) + done.stderr
    assert "canary" not in str(done.exception)
    return str(done.exception)


def rows_of(text, delimiter=","):
    return [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]


@pytest.fixture
def table_of(tmp_path):
    """Writes a table as it stands."""

    def table_of(content, name="in.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return table_of


def scored(bundle, text, item="stove"):
    with Scorer.open(bundle) as scorer:
        return scorer.score(text, item)


def machine(one):
    return [
        one.predicted,
        f"{one.expected:.4f}",
        f"{one.confidence:.4f}",
        one.flag,
        *(f"{share:.6f}" for share in one.probabilities),
    ]


def test_a_table_in_and_the_same_with_more_columns_out(one, table_of, tmp_path):
    source = table_of("id,Response,note\n1,the ice melts,a\n2,the warm water,b\n")
    out, err = run(one, source, "-o", tmp_path / "out.csv")
    assert out == ""
    assert err.startswith(
        "The small model scored 2 responses "
        f"(0 flagged; backend {USUAL}, text from 'Response').\nWritten to "
    )
    rows = rows_of((tmp_path / "out.csv").read_bytes().decode())
    assert rows[0] == ["id", "Response", "note", *ADDED, *SCORES]
    for row, text in zip(rows[1:], ("the ice melts", "the warm water"), strict=True):
        assert row[1] == text
        assert row[3:] == machine(scored(one, text))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_bad_rows_are_skipped_and_listed(two, table_of, tmp_path):
    source = table_of(
        "id,item,text\n1,stove,the ice\n2,lid,canary\n3,stove,can,ary\n,,\n4,spoon,warm\n"
    )
    assert "--on-bad-row skip" in told(TableError, two, source)
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "scores.csv"
    out, err = run(two, source, "-o", target, "--on-bad-row", "skip")
    assert [row[0] for row in rows_of(target.read_text())] == ["id", "1", "4"]
    assert out == ""
    listed = tmp_path / "out" / "in.skipped.csv"
    assert f"Warning: 2 rows were skipped: see {listed}" in err
    skipped = rows_of(listed.read_text())
    assert skipped[0] == ["row", "response_id", "reason"]
    assert sorted(row[:2] for row in skipped[1:]) == [["3", "2"], ["4", ""]]
    assert "canary" not in listed.read_text() + err
    run(two, source, "-o", target, "--on-bad-row", "skip", "--item", "stove")  # item is of no use
    assert [row[0] for row in rows_of(listed.read_text())] == ["row", "4"]


@pytest.mark.parametrize("rest", ['"4,stove,warm\n5,stove,ice\n', '4,stove,"warm\n5,stove,ice\n'])
def test_rows_that_take_others_with_them_are_not_skipped(two, table_of, tmp_path, rest):
    source = table_of(f"id,item,text\n1,stove,the ice\n{rest}")
    wanted = ("-o", tmp_path / "out.csv", "--on-bad-row", "skip")
    assert "never closed" in told(TableError, two, source, *wanted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_a_table_without_a_header(one, table_of):
    out, _ = run(one, table_of("1,the ice\n2,warm\n"), "--no-header", "--text-column", "2")
    rows = rows_of(out)
    assert rows[0][:3] == ["column 1", "column 2", "predicted"]
    assert [row[:2] for row in rows[1:]] == [["1", "the ice"], ["2", "warm"]]


def test_the_question_as_a_header(one, table_of):
    out, err = run(one, table_of("Timestamp,Score,Why does the ice melt so soon?\nx,1,the ice\n"))
    assert rows_of(out)[1][2:4] == ["the ice", scored(one, "the ice").predicted]
    assert "text from 'Why does the ice melt so soon?'" in err


def test_the_items_of_the_bundle_are_named(two, table_of):
    text = told(TableError, two, table_of("id,text\n1,canary\n"))
    assert "items are 'stove', 'spoon': if all rows answer one of them, --item NAME" in text


HARD = [
    'a "quoted" word',
    "a, comma",
    "two\nlines",
    "two\r\nlines",
    "two\rlines",
    " spaces ",
    "\ttab; semi|colon",
    "",
    "größe 水 🙂 \u2028 \x85",
    "'=1+1",
    '"',
    "\\",
]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_every_cell_is_kept(one, table_of, tmp_path, suffix):
    fields = [[str(at), cell, cell] for at, cell in enumerate(HARD)]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(
        [["id", "text", 'odd "name", this'], *fields]
    )
    source = table_of(buffer.getvalue())
    run(one, source, "-o", tmp_path / f"out.{suffix}")
    text = (tmp_path / f"out.{suffix}").read_bytes().decode()
    rows = rows_of(text, "\t" if suffix == "tsv" else ",")
    assert rows[0][:3] == ["id", "text", 'odd "name", this']
    assert [row[:3] for row in rows[1:]] == fields
    assert {len(row) for row in rows} == {3 + 4 + 4}
    assert text.split("\n")[0].endswith("\r"), "as the table's"
    # To standard output as well, and through it once more.
    out, _ = run(one, source)
    assert [row[:3] for row in rows_of(out)[1:]] == fields
    again, _ = run(one, table_of(out, "again.csv"), "--prefix", "m_")
    assert [row[:3] for row in rows_of(again)[1:]] == fields


def test_windows_1252(one, table_of):
    out, _ = run_bytes(one, table_of("id,text\n1,größe “ice” – 5 €\n".encode("cp1252")))
    assert rows_of(out.decode("cp1252"))[1][:2] == ["1", "größe “ice” – 5 €"]


def test_a_byte_order_mark_is_written_where_one_was_read(one, table_of):
    content = "\ufefftext,id\nthe ice,1\n"
    for out, _ in (run(one, table_of(content)), run(one, "-", stdin=content.encode())):
        assert out.startswith("\ufefftext,id,predicted,")
        assert out.count("\ufeff") == 1
    assert run(one, "-", stdin=content[1:].encode())[0].startswith("text,id,predicted,")


@pytest.mark.parametrize(
    ("delimiter", "name"), [("\t", "in.tsv"), (";", "in.csv"), (",", "in.txt")]
)
def test_delimiters(one, table_of, delimiter, name):
    content = f'id{delimiter}text\n1{delimiter}"the{delimiter}ice"\n'
    out, _ = run(one, table_of(content, name))
    assert rows_of(out, delimiter)[1][:2] == ["1", f"the{delimiter}ice"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(one, table_of, end):
    out, _ = run(one, table_of(f"id,text{end}1,the ice{end}2,the pot"))
    assert [row[:2] for row in rows_of(out)] == [["id", "text"], ["1", "the ice"], ["2", "the pot"]]
    assert out.count(end) == 3
    assert not set(out.replace(end, "")) & {*"\r\n"}


@pytest.mark.parametrize(
    "header", ["Id\tEssaySet\tScore1\tScore2\tEssayText", "Id\tEssaySet\tEssayText"]
)
def test_files_of_asap_sas_quote_nothing(one, two, table_of, header):
    between = header.count("\t") - 1
    cells = ['"the ice', 'melts" he said', 'a "pot"', "the ice"]
    lines = [f"{at}\tstove" + "\t1" * (between - 1) + f"\t{cell}" for at, cell in enumerate(cells)]
    source = table_of("\n".join([header, *lines]) + "\n", "in.tsv")
    for bundle in (one, two):
        out, err = run(bundle, source)
        assert "scored 4 responses" in err
        rows = [line.split("\t") for line in out.splitlines()]
        assert [row[between + 1] for row in rows[1:]] == cells
        assert rows[0][: between + 2] == header.split("\t")


def test_standard_input_and_output(one):
    out, err = run(one, "-", stdin="id,text\n1,größe the ice\n".encode())
    assert rows_of(out)[1] == ["1", "größe the ice", *machine(scored(one, "größe the ice"))]
    assert err.startswith("The small model scored 1 response (")
    out, err = run(one, "-", "-q", stdin=b"text\nthe ice\n")
    assert err == ""


def test_standard_input_that_is_not_utf8(one, tmp_path):
    out = tmp_path / "out.csv"
    for content in (
        b"id,text\n1,canary\xff\n",
        b"id,\xff,text\n1,canary\n",
        b'id,text,"x\n\xff"\n1,canary,2\n',
        "id,text\n1,canary\n".encode("utf-16"),
    ):
        assert "not UTF-8" in told(InputError, one, "-", "-o", out, stdin=content)
    assert not out.exists()


def test_the_terminals_encoding_has_no_say(one, table_of):
    source = table_of("id,text\r\n1,größe 水 🙂\r\n")
    done = subprocess.run(
        [sys.executable, "-m", "kd_edge_runtime", "score", str(one), str(source), "-q"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    )
    assert done.stdout.decode("utf-8").splitlines()[1].startswith("1,größe 水 🙂,")


def test_json(one, two, table_of):
    out, _ = run(one, table_of("id,text\n1,größe the ice\n2,\n"), "--json")
    first, second = map(json.loads, out.splitlines())
    wanted = scored(one, "größe the ice")
    assert first == {
        "id": "1",
        "text": "größe the ice",
        "predicted": wanted.predicted,
        "expected": round(wanted.expected, 4),
        "confidence": round(wanted.confidence, 4),
        "flag": "",
        **{f"p_{at}": round(share, 6) for at, share in enumerate(wanted.probabilities)},
    }
    assert second["flag"] == "empty"
    assert "größe" in out
    # Each row has the probabilities of its own item, and no others.
    source = table_of("item,text,flag\nspoon,the ice,x\n")
    out, _ = run(two, source, "--json", "--prefix", "m_")
    (row,) = map(json.loads, out.splitlines())
    assert [*row] == ["item", "text", "flag", *(f"m_{name}" for name in ADDED)] + [
        f"m_p_{name}" for name in bundles_made.WORDS
    ]
    assert row["flag"] == "x"


def test_several_items_by_column(two, table_of):
    source = table_of("item,text\nspoon,the ice\nstove,the ice\n spoon ,the pot\n")
    rows = rows_of(run(two, source)[0])
    words = [f"p_{name}" for name in bundles_made.WORDS]
    assert rows[0] == ["item", "text", *ADDED, *SCORES, *words]
    spoon, stove = scored(two, "the ice", "spoon"), scored(two, "the ice", "stove")
    assert rows[1][2:] == machine(spoon)[:4] + [""] * 4 + machine(spoon)[4:]
    assert rows[2][2:] == machine(stove) + [""] * 3
    assert rows[3][0] == " spoon "
    assert rows[3][2:] == machine(scored(two, "the pot", "spoon"))[:4] + [""] * 4 + [
        f"{share:.6f}" for share in scored(two, "the pot", "spoon").probabilities
    ]


def test_one_item_for_all(two, table_of):
    source = table_of("item,text\nlid,the ice\n")
    rows = rows_of(run(two, source, "--item", "spoon")[0])
    assert rows[0] == ["item", "text", *ADDED, *(f"p_{name}" for name in bundles_made.WORDS)]
    assert rows[1][2:] == machine(scored(two, "the ice", "spoon"))
    assert "no item 'lid'" in told(InputError, two, source, "--item", "lid")


def test_named_columns(one, two, table_of):
    source = table_of("a,b,text\nthe ice,spoon,x\n")
    out, err = run(one, source, "--text-column", "a")
    assert rows_of(out)[1][3:] == machine(scored(one, "the ice"))
    assert "text from" not in err
    rows = rows_of(run(two, source, "--text-column", "a", "--item-column", "b")[0])
    assert rows[1][3] == scored(two, "the ice", "spoon").predicted
    assert "did you mean 'text'" in told(TableError, one, source, "--text-column", "txet")
    assert "--item-column" in told(TableError, two, source)


def test_columns_that_are_there_already(one, table_of, tmp_path):
    source = table_of(f"flag,text,p_3\nx,{CANARY},y\n")
    text = told(TableError, one, source, "-o", tmp_path / "out.csv")
    assert "column 'flag'" in text
    assert "column 'p_3'" in text
    assert "--prefix" in text
    assert not (tmp_path / "out.csv").exists()
    rows = rows_of(run(one, source, "--prefix", "m_")[0])
    assert rows[0] == ["flag", "text", "p_3", *(f"m_{name}" for name in [*ADDED, *SCORES])]
    assert rows[1][:3] == ["x", CANARY, "y"]


def test_blank_responses_are_flagged(one, table_of):
    out, err = run(one, table_of('id,text\n1,\n2,"  "\n3,?!\n4,the ice\n'))
    assert [row[5] for row in rows_of(out)[1:]] == ["empty", "empty", "empty", ""]
    assert "scored 4 responses (3 flagged;" in err


BAD = f"""item,text,id
stove,{CANARY} one,1
lid,{CANARY} two,2
stove,{CANARY},three,3
stove,"{CANARY}
four",4
stove
spoon,{CANARY} six,6
,{CANARY} seven,7
"""


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_all_bad_rows_at_once_and_no_output(two, table_of, tmp_path, options):
    source = table_of(BAD)
    out = tmp_path / "out.csv"
    for old in (None, "old"):
        if old:
            out.write_text(old)
        text = told(TableError, two, source, "-o", out, *options)
        assert text.startswith(f"{source}: 4 problems\n")
        for part in (
            "row 3, column 'item': the bundle has no such item",
            "row 4: 4 fields, but the header has 3",
            "row 6: 1 field, but the header has 3",
            "row 8, column 'item': the bundle has no such item",
        ):
            assert part in text
        assert (out.read_text() if out.exists() else None) == old
        assert len([*tmp_path.iterdir()]) == 1 + bool(old)


def test_the_output_may_not_be_an_input(one, table_of, tmp_path):
    source = table_of("text\nthe ice\n")
    assert "would overwrite the responses" in told(InputError, one, source, "-o", source)
    link = tmp_path / "link.csv"
    link.symlink_to(source)
    assert "would overwrite the responses" in told(InputError, one, source, "-o", link)
    bundle = tmp_path / "own.kdz"
    bundle.write_bytes(one.read_bytes())
    assert "would overwrite the bundle" in told(InputError, bundle, source, "-o", bundle)
    assert source.read_text() == "text\nthe ice\n"
    assert bundle.read_bytes() == one.read_bytes()


def test_places_where_no_output_can_be(one, table_of, tmp_path, monkeypatch):
    source = table_of("text\nthe ice\n")
    monkeypatch.chdir(tmp_path)
    for output in (tmp_path, "."):
        assert "a folder of that name" in told(InputError, one, source, "-o", output)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "not a regular file" in told(InputError, one, source, "-o", tmp_path / "pipe")


@pytest.mark.parametrize("content", ["", "\n", "\r\n", "\ufeff"])
def test_an_empty_table(one, table_of, content):
    assert "the table is empty" in told(InputError, one, table_of(content))
    assert "the table is empty" in told(InputError, one, "-", stdin=content.encode())


def test_a_header_only(one, table_of):
    out, err = run(one, table_of("id,text\n"))
    assert rows_of(out) == [["id", "text", *ADDED, *SCORES]]
    assert "scored 0 responses" in err
    assert run(one, table_of("id,text\n"), "--json")[0] == ""


def test_tables_that_are_none(one, table_of, tmp_path):
    assert "no such file" in told(InputError, one, tmp_path / "none.csv")
    assert "folder" in told(InputError, one, tmp_path)
    assert "as a CSV or TSV table" in told(InputError, one, table_of(CANARY, "in.xml"))
    assert "save it as .xlsx" in told(InputError, one, table_of(CANARY, "in.xls"))
    assert "not a whole .xlsx file" in told(InputError, one, table_of(CANARY, "in.xlsx"))
    assert "not valid JSON" in told(InputError, one, table_of(CANARY, "in.JSON"))
    assert "NUL" in told(InputError, one, table_of(f"text\n{CANARY}\0"))
    assert "no column holds the responses" in told(TableError, one, table_of("id,b\n1,canary\n"))
    assert "no such file" in told(InputError, tmp_path / "none.kdz", table_of("text\na\n"))


def test_a_field_that_is_no_response(one, table_of, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST_FIELD", 100)
    long = "canary" * 20
    wrong = "a field of more than 100 characters: is a closing quotation mark missing?"
    assert f"row 1: {wrong}" in told(InputError, one, table_of(f"text,{long}\nx,y\n"))
    text = told(TableError, one, table_of(f"id,text\n1,x\n2,{long}\n3,y\n"))
    assert f"row 3: {wrong}" in text


def test_quotation_marks_that_would_swallow_responses(one, table_of):
    open_end = table_of('id,text\n1,a\n2,"canary\n3,canary\n4,canary')
    assert "row 3: a quotation mark in this row is never closed" in told(TableError, one, open_end)
    inside = table_of('id,text\n1,"canary" bird\n')
    assert "row 2: a quotation mark inside a quoted field must be doubled" in told(
        TableError, one, inside
    )
    header = table_of('id,"text\n1,canary')
    assert "never closed" in told(InputError, one, header)
    # Within an unquoted field they are as good as any other mark.
    rows = rows_of(run(one, table_of('id,text\n1,a 5" pot\n'))[0])
    assert rows[1][1] == 'a 5" pot'


@pytest.mark.parametrize("backend", HERE)
def test_backends(one, table_of, backend):
    source = table_of("text\nthe ice melts\n")
    out, err = run(one, source, "--backend", backend)
    assert f"flagged; backend {backend}," in err
    wanted = machine(scored(one, "the ice melts"))
    assert rows_of(out)[1][1] == wanted[0]
    assert float(rows_of(out)[1][2]) == pytest.approx(float(wanted[1]), abs=1.1e-4)
    done = invoke(one, source, "--backend", "jax")
    assert done.exit_code == 2


def test_a_backend_that_is_missing(one, table_of, monkeypatch):
    monkeypatch.setattr(backends, "is_installed", lambda _: False)
    source = table_of(f"text\n{CANARY}\n")
    assert "pip install numpy" in told(BackendError, one, source, "--backend", "numpy")


def test_it_streams(one, table_of, tmp_path, monkeypatch):
    lines = [f'{at},"{bundles_made.SENTENCES[at % 8]}"\n' for at in range(5000)]
    source = table_of("id,text\n" + "".join(lines))
    most = []
    batch = TableScorer.batch

    def noted(self, good, *rest):
        most.append(len(good))
        return batch(self, good, *rest)

    monkeypatch.setattr(TableScorer, "batch", noted)
    monkeypatch.setattr(score, "_SHOW_EVERY", 2000)
    _, err = run(one, source, "-o", tmp_path / "out.csv")
    assert most == [1000] * 5
    assert err.splitlines()[:2] == ["2000 responses scored", "4000 responses scored"]
    assert "scored 5000 responses" in err
    rows = rows_of((tmp_path / "out.csv").read_text())
    assert [row[0] for row in rows[1:]] == [str(at) for at in range(5000)]
    wanted = [machine(scored(one, text)) for text in bundles_made.SENTENCES]
    assert all(row[2:] == wanted[at % 8] for at, row in enumerate(rows[1:]))
    _, err = run(one, source, "-o", tmp_path / "out.csv", "-q")
    assert err == ""


def test_the_summary_never_quotes(one, table_of):
    out, err = run(one, table_of(f"text\n{CANARY}\n"))
    assert CANARY in out
    assert CANARY not in err


def test_in_a_table_of_one_column_an_empty_line_is_a_blank_response(one, table_of):
    rows = rows_of(run(one, table_of("text\nthe ice\n\nthe lid\n"))[0])
    assert [row[0] for row in rows] == ["text", "the ice", "", "the lid"]
    assert [row[4] for row in rows] == ["flag", "", "empty", ""]


def test_scores_are_no_old_spreadsheet(one, table_of, tmp_path):
    out = tmp_path / "scores.xls"
    assert "choose a name that ends in .csv, .tsv, .xlsx or .parquet" in told(
        InputError, one, table_of("text\nx\n"), "-o", out
    )
    assert not out.exists()


def test_a_name_for_json_asks_for_json(one, table_of, tmp_path):
    out = tmp_path / "scores.json"
    assert "add --json" in told(InputError, one, table_of("text\nx\n"), "-o", out)
    assert not out.exists()
    run(one, table_of("text\nx\n"), "-o", out, "--json")
    assert json.loads(out.read_text(encoding="utf-8"))["text"] == "x"


def test_another_threshold_of_review(one, table_of):
    table = table_of("text\nthe ice\n?!\nthe lid\n")
    flags = {
        below: [row[4] for row in rows_of(run(one, table, *given)[0])[1:]]
        for below, given in {
            None: (),
            0: ("--review-below", 0),
            1: ("--review-below", "1.0"),
        }.items()
    }
    assert flags[None] == flags[0] == ["", "empty", ""]
    assert flags[1] == ["review", "empty", "review"]
    assert "(3 flagged" in run(one, table, "--review-below", 1)[1]


@pytest.mark.parametrize(
    ("below", "said"),
    [
        (80, "80 is not between 0 and 1: did you mean 0.8?"),
        (100, "did you mean 1?"),
        (1.5, "1.5 is not between 0 and 1: did you mean 0.015?"),
        (800, "800 is not between 0 and 1\n"),
        (-0.1, "-0.1 is not between 0 and 1\n"),
        ("nan", "nan is not between 0 and 1\n"),
    ],
)
def test_no_threshold_of_review(one, table_of, below, said):
    found = invoke(one, table_of("text\nthe ice\n"), f"--review-below={below}")
    assert found.exit_code == 2
    assert said in found.output


def test_bundle_and_table_swapped(command, one, table_of):
    table = table_of("text\nthe ice\n")
    said = command.fails("score", table, one)
    assert f"'{one}' is a bundle: are BUNDLE and RESPONSES swapped?" in said
    assert "swapped" in command.fails("score", one, one)


def test_a_table_of_another_item_is_told(command, tmp_path):
    bundles_made.write(tmp_path / "item.kdz")
    (tmp_path / "other.csv").write_text("item_id,text\nspoon,the water\n")
    (tmp_path / "same.csv").write_text("item_id,text\nstove \u00a0,the water\n", encoding="utf-8")
    said = command("score", tmp_path / "item.kdz", tmp_path / "other.csv")
    assert said.code == 0
    assert "column 'item_id' names another item than the bundle's 'stove'" in said.err
    named = command("score", tmp_path / "item.kdz", tmp_path / "other.csv", "--item", "stove")
    same = command("score", tmp_path / "item.kdz", tmp_path / "same.csv")
    assert "Warning" not in named.err + same.err


ICE = "The ice melts because the room is warmer than the ice."


def facts(out):
    """What is shown of a sentence's score, by name; longer facts go on in further lines."""
    found, name = {}, ""
    for line in out.splitlines():
        name = line[:15].strip() or name
        found[name] = f"{found.get(name, '')} {line[15:].strip()}".strip()
    return found


def test_a_sentence(one):
    out, err = run(one, ICE)
    wanted = scored(one, ICE)
    assert err == ""
    assert facts(out) == {
        "item": "stove",
        "score": f"{wanted.predicted}  (by the small model)",
        "expected": f"{wanted.expected:.2f}  (the mean under the probabilities)",
        "confidence": f"{wanted.confidence:.2f}  (the probability of the score)",
        "flag": "-",
        "probabilities": "   ".join(
            f"{at}: {share:.2f}" for at, share in enumerate(wanted.probabilities)
        ),
    }
    assert max(map(len, out.splitlines())) <= 80


def test_a_sentence_that_is_flagged(one):
    out, err = run(one, "?!", "--review-below", 1)
    assert facts(out)["flag"] == "empty: no words; a person should look"
    assert err == "There is no file of that name, so the word itself was scored.\n"
    out, err = run(one, ICE, "--review-below", 1, "-q")
    assert facts(out)["flag"] == "review: the small model is unsure; a person should look"
    assert err == ""


def test_a_sentence_of_many_classes(tmp_path):
    classes = tuple(map(str, range(60)))
    bundles_made.write(tmp_path / "item.kdz", [bundles_made.item("long", classes)])
    out, _ = run(tmp_path / "item.kdz", ICE)
    assert max(map(len, out.splitlines())) <= 80
    assert facts(out)["probabilities"].count(": 0.") == 60


def test_a_sentence_as_json(one):
    out, _ = run(one, ICE, "--json", "--prefix", "m_")
    (row,) = map(json.loads, out.splitlines())
    wanted = scored(one, ICE)
    assert row["item_id"] == "stove"
    assert (row["text"], row["m_predicted"], row["m_flag"]) == (ICE, wanted.predicted, "")
    assert row["m_p_3"] == round(wanted.probabilities[3], 6)
    assert "m_why" in json.loads(run(one, ICE, "--json", "--explain", "--prefix", "m_")[0])


def test_a_sentence_explained(one):
    out, _ = run(one, ICE, "--explain")
    shown, _, words = out.partition("\n\n")
    assert shown + "\n" == run(one, ICE)[0]
    assert words.splitlines()[0].split() == ["pushes", "towards", *bundles_made.SCORES]
    assert "before any word" in words


def test_a_sentence_into_a_file(one, tmp_path):
    out, err = run(one, ICE, "-o", tmp_path / "out.csv")
    assert (out, err) == (
        "",
        f"The small model scored the sentence. Written to {tmp_path / 'out.csv'}.\n",
    )
    assert run(one, ICE, "-o", tmp_path / "out.csv", "-q") == ("", "")
    rows = rows_of((tmp_path / "out.csv").read_text())
    assert rows == [
        ["item_id", "text", *ADDED, *SCORES],
        ["stove", ICE, *machine(scored(one, ICE))],
    ]
    bundle = tmp_path / "own.kdz"
    bundle.write_bytes(one.read_bytes())
    assert "would overwrite the bundle" in told(InputError, bundle, CANARY, "-o", bundle)


def test_a_sentence_of_one_of_several_items(two):
    text = told(InputError, two, CANARY)
    assert "2 items ('stove', 'spoon'): say with --item which one" in text
    out, _ = run(two, ICE, "--item", "spoon")
    assert facts(out)["score"].startswith(scored(two, ICE, "spoon").predicted)
    assert "no item 'spon': did you mean 'spoon'? It has" in told(
        InputError, two, CANARY, "--item", "spon"
    )
    assert "a sentence has no columns" in told(InputError, two, CANARY, "--item-column", "item")


def test_what_looks_like_a_file_is_no_sentence(one, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("none.csv", "my class.CSV", "none.txt", "none.jsonl", "folder/none", "either/or"):
        assert told(InputError, one, name) in (
            f"{name}: no such file (check the name and the folder)",
            f"{name}: give the responses as a CSV or TSV table",
        )
    sentence = "It is 1.5 and/or 2 degrees warmer."
    assert facts(run(one, sentence)[0])["score"].startswith(scored(one, sentence).predicted)
    (tmp_path / "The ice").write_text("text\nthe pot\n")
    assert rows_of(run(one, "The ice")[0])[1][0] == "the pot"
    shutil.copy(tmp_path / "The ice", tmp_path / "table")
    assert rows_of(run(one, "table")[0])[1][0] == "the pot"
    assert invoke(one, "").exit_code == 2
    assert "quotation marks" in invoke(one, "The", "ice").output


def test_equal_names_of_columns_that_are_not_used(one, table_of):
    source = table_of("text,,\nthe ice,a,b\n")
    assert rows_of(run(one, source)[0])[1][:3] == ["the ice", "a", "b"]
    row = json.loads(run(one, source, "--json")[0])
    assert (row["column 2"], row["column 3"]) == ("a", "b")
    out, _ = run(one, table_of("1.0,text,1.0\na,the ice,b\n"), "--json")
    row = json.loads(out)
    assert (row["1.0"], row["1.0 (column 3)"]) == ("a", "b")


def test_blank_rows_get_no_score(one, table_of):
    source = table_of("id,text\n1,the ice\n,\n2,\n\n,,\n   \n")
    assert [row[:2] for row in rows_of(run(one, source)[0])[1:]] == [["1", "the ice"], ["2", ""]]


def test_near_misses(command, one, table_of):
    source = table_of("text\nthe ice\n")
    for given, near in {
        ("--txt-column", "x"): "--text-column",
        ("--tex", "x"): "--text-column",
        ("--backend", "plian"): "plain",
        ("--item", "stov"): "stove",
        ("--text-column", "TXT"): "text",
    }.items():
        assert f"did you mean '{near}'?" in command.fails("score", one, source, *given)


def test_a_gradebook_is_no_workbook(one, table_of, tmp_path):
    out = tmp_path / "grades.xlsx"
    table = table_of("response_id,text\n1,x\n")
    said = told(InputError, one, table, "--format", "moodle", "-o", out)
    assert "choose a name that ends in .csv" in said
    assert not out.exists()


# A table of the sentences alone.
COLUMN = "text\n" + "\n".join(f'"{sentence}"' for sentence in bundles_made.SENTENCES)


@pytest.fixture
def second(tmp_path):
    """A bundle of an item with two students, the second for nearly all responses."""
    bundles_made.write(tmp_path / "second.kdz", [seconds_made.item(below=0.95)])
    return tmp_path / "second.kdz"


def test_two_students(second, table_of):
    table = table_of(COLUMN)
    both, err = run(second, table)
    assert "not in use" not in err
    first, err = run(second, table, "--first-only")
    assert "not in use" not in err, "whoever leaves it out knows"
    assert both != first
    with Scorer.open(second) as scorer:
        wanted = [machine(one) for one in scorer.score_many(bundles_made.SENTENCES)]
    assert [row[1:] for row in rows_of(both)[1:]] == wanted


def test_a_second_student_that_cannot_run_is_said_once(second, table_of, monkeypatch):
    table = table_of(COLUMN)
    first, _ = run(second, table, "--first-only")
    installed = backends.is_installed
    monkeypatch.setattr(
        backends, "is_installed", lambda name: name != "onnxruntime" and installed(name)
    )
    out, err = run(second, table, "--backend", "plain")
    assert out == first
    said = "The second small model of 'stove' is not in use, so the first scored alone: the backend"
    assert err.count(said) == 1
    assert "pip install onnxruntime" in err
    assert said in run(second, ICE)[1]
    assert run(second, table, "-q", "--backend", "plain")[1] == ""


def test_an_explanation_says_where_the_second_was_asked(second, table_of):
    out, _ = run(second, bundles_made.SENTENCES[1], "--explain")
    assert "the second small model was asked too" in out
    out, _ = run(second, bundles_made.SENTENCES[1], "--explain", "--first-only")
    assert "second" not in out
    table = table_of(COLUMN)
    whys = [
        json.loads(line)["why"]
        for line in run(second, table, "--json", "--explain")[0].split("\n")[:-1]
    ]
    assert {one["second"] for one in whys} == {True, False}
