"""Tables in memory are scored as files are, and come back as what they were."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bundles_made
from kd_edge_runtime import BatchScorer, score_batch
from kd_edge_runtime.errors import InputError, TableError
from kd_edge_runtime.tables import frames
from kd_edge_runtime.tables.score import Request, score_responses
from kd_edge_runtime.tables.score_rows import scoring_columns

ROWS = {
    "id": [7, 8, 9, 10],
    "item": ["stove", "spoon ", "stove", "spoon"],
    "text": ["the ice melts", "a cold spoon", None, "42"],
}
TEXTS = ("predicted", "flag")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "two.kdz"
    bundles_made.write(path, bundles_made.two_items())
    return path


@pytest.fixture(scope="module")
def by_file(bundle):
    """What `kd-edge score` writes, as columns of texts and numbers."""
    source, output = bundle.with_name("in.csv"), bundle.with_name("out.csv")
    with source.open("w", newline="") as file:
        csv.writer(file).writerows([ROWS, *zip(*ROWS.values(), strict=True)])
    score_responses(Request(str(source), bundle, output=output, quiet=True))
    with output.open(newline="") as file:
        rows = [*csv.DictReader(file)]
    return {
        name: [
            row[name] if name in TEXTS else float(row[name]) if row[name] else None for row in rows
        ]
        for name in rows[0]
        if name not in ROWS
    }


def test_arrow_comes_back_as_arrow(bundle, by_file):
    table = pa.table(ROWS).replace_schema_metadata({"made": "by hand"})
    found = score_batch(table, bundle)
    assert type(found) is pa.Table
    assert found.select([*ROWS]).equals(table) and found.schema.metadata == table.schema.metadata
    assert found.drop_columns([*ROWS]).to_pydict() == by_file
    (batch,) = table.to_batches()
    found = BatchScorer.of(bundle)(batch)
    assert type(found) is pa.RecordBatch
    assert pa.table(found).drop_columns([*ROWS]).to_pydict() == by_file
    assert found.schema.field("predicted").type == pa.string()
    assert found.schema.field("p_0").type == pa.float64()
    # An engine asks for the columns with a batch of no rows.
    empty = score_batch(table.slice(0, 0), bundle)
    assert empty.schema == score_batch(table, bundle).schema and empty.num_rows == 0


def test_pandas_comes_back_as_pandas(bundle, by_file):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(ROWS, index=[5, 5, 3, 1])
    found = score_batch(table, str(bundle))
    assert type(found) is pd.DataFrame
    assert [*table.columns] == [*ROWS] and [*found.index] == [5, 5, 3, 1]
    assert found[[*ROWS]].equals(table)
    for name, values in by_file.items():
        cells = [None if pd.isna(cell) else cell for cell in found[name].tolist()]
        assert cells == values, name
    arrow = table.convert_dtypes(dtype_backend="pyarrow")
    assert [*score_batch(arrow, bundle)["predicted"]] == by_file["predicted"]
    empty = score_batch(table.iloc[:0], bundle)
    assert [*empty.dtypes] == [*found.dtypes]


def test_one_item_by_name_and_other_columns(bundle):
    table = pa.table({"what": ["the ice melts"], "predicted": ["mine"]})
    options = {"text_column": "what", "item_id": "stove", "prefix": "m_"}
    found = score_batch(table, bundle, **options)
    assert found.column("m_predicted").to_pylist() == [
        score_batch(pa.table({"text": ["the ice melts"]}), bundle, item_id="stove")
        .column("predicted")[0]
        .as_py()
    ]
    with pytest.raises(TableError, match="already has a column"):
        score_batch(table, bundle, **{**options, "prefix": ""})


def test_it_is_pickled_by_path_and_hash_and_opened_once(bundle, tmp_path, monkeypatch):
    copy = tmp_path / "b.kdz"
    copy.write_bytes(bundle.read_bytes())
    opened = []
    open_allowed = frames.open_allowed
    monkeypatch.setattr(
        frames, "open_allowed", lambda path: opened.append(path) or open_allowed(path)
    )
    scorer = BatchScorer.of(copy)
    data = pickle.dumps(scorer)
    assert len(data) < 500
    table = pa.table(ROWS)
    first = scorer(table)
    assert pickle.loads(data)(table).equals(first)
    assert score_batch(table, copy).equals(first)
    assert [*scorer.frames([table, table])] == [first, first]
    assert opened == [copy]
    # Another bundle at the same place is scored by its own path, and not by the one that was meant.
    bundles_made.write(copy)
    frames._open.clear()
    with pytest.raises(InputError, match="another file than the bundle that was to score"):
        pickle.loads(data)(table)
    assert score_batch(table, copy, item_id=None).num_rows == 4
    copy.unlink()
    with pytest.raises(InputError, match="no such file"):
        BatchScorer.of(copy)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"item": ["stove", "lid", "x", "spoon"]}, "row 2, column 'item': the bundle has no such"),
        ({"text": [["a"], ["b"], [], None]}, "row 1, column 'text': holds a list"),
        ({"text": [b"a", b"canary\xff", b"", None]}, "row 2, column 'text': holds a list"),
    ],
)
def test_rows_that_cannot_be_scored_are_named(bundle, changed, told):
    with pytest.raises(TableError) as caught:
        score_batch(pa.table({**ROWS, **changed}), bundle)
    assert told in str(caught.value)
    with pytest.raises(TableError, match="the responses"):
        score_batch(pa.table({"a": [1], "b": [2]}), bundle)


@pytest.mark.parametrize(
    ("columns", "options", "told"),
    [
        (("a1", "b1"), {}, "text_column='NAME'"),
        (
            ("text", "b1"),
            {},
            "item_column='NAME'",
        ),
        (("text", "b1"), {}, "one of them, item_id='NAME'."),
        (("text", "answer"), {"item_id": "stove"}, "say which with text_column='NAME'"),
        (("text", "text"), {"item_id": "stove"}, "e.g. text_column='1'"),
        (("text", "b1"), {"text_column": "tex"}, "'tex' (text_column)"),
        (("text", "b1"), {"text_column": "b1", "item_column": "b1"}, "item_column needs another"),
        (("text", "flag"), {"item_id": "stove"}, "for example prefix='m_'"),
        (("canary sings", "x"), {}, "their numbers, like text_column='2'."),
        (("canary, it sings!", "x"), {}, "their numbers, like text_column='2'."),
    ],
)
def test_messages_name_arguments_and_not_options(bundle, columns, options, told):
    table = pa.table([["a"], ["b"]], names=columns)
    with pytest.raises(TableError) as caught:
        score_batch(table, bundle, **options)
    message = str(caught.value)
    assert told in message and "--" not in message and "row 1" not in message.lower()
    assert "canary" not in message
    with pytest.raises(TableError, match="--text-column NAME"):  # as before
        scoring_columns(["a1"], "t.csv", ["stove"])


def test_what_is_no_table_is_refused(bundle):
    pandas = pytest.importorskip("pandas")
    reader = pa.RecordBatchReader.from_batches(pa.schema([]), [])
    series = pandas.Series(["a"])
    for wrong in ([ROWS], ROWS, "text", pa.array(["a"]), Path("in.csv"), reader, series):
        with pytest.raises(TypeError, match="takes a pandas DataFrame, or a pyarrow Table"):
            score_batch(wrong, bundle)
    polars = type("DataFrame", (), {"__module__": "polars.dataframe.frame", "columns": ["text"]})
    with pytest.raises(TypeError, match=r"not polars.*: give it what to_arrow\(\) makes of that"):
        score_batch(polars(), bundle)
    with pytest.raises(TypeError, match="a BatchScorer has its own"):
        score_batch(pa.table(ROWS), BatchScorer.of(bundle), prefix="m_")


def test_columns_that_are_numbered(bundle):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["the ice melts", 1]])
    assert len(score_batch(frame, bundle, text_column=0, item_id="stove").columns) > 6


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"\xff\xfe"]),
        pa.array([2**61], pa.timestamp("us")),
        pa.array([2**30], pa.int32()).view(pa.date32()),
        pa.array([1], pa.timestamp("us", tz="Nowhere/City")),
    ],
    ids=["bytes", "instant", "day", "zone"],
)
def test_a_column_of_what_python_does_not_have_stops_no_file(bundle, tmp_path, column):
    table = pa.table({"text": ["the ice melts"], "other": column})
    pq.write_table(table, tmp_path / "in.parquet")
    for output in (tmp_path / "out.parquet", tmp_path / "out.csv"):
        request = Request(
            str(tmp_path / "in.parquet"), bundle, output=output, item_id="stove", quiet=True
        )
        score_responses(request)
    assert pq.read_table(tmp_path / "out.parquet").column("other").combine_chunks() == column
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 2
