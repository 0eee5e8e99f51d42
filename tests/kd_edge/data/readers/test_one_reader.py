"""A device and the workshop agree on what the rows of a table are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import bundles_made
from kd_edge.data.readers import read_responses
from kd_edge.data.readers.delimited import read_table
from kd_edge_runtime.errors import TableError
from kd_edge_runtime.tables.score import Request, score_responses

SAMPLES = sorted((Path(__file__).parents[4] / "kd_edge" / "sample").glob("*/responses.csv"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one-reader")
    bundles_made.write(folder / "item.kdz")
    return folder


def by_device(folder, path, text_column):
    """The cells of each row that a device scores, or the places of what is wrong."""
    out = folder / "scores.jsonl"
    try:
        score_responses(
            Request(
                path,
                folder / "item.kdz",
                output=out,
                text_column=text_column,
                item_id="stove",
                prefix="machine ",
                as_json=True,
                quiet=True,
            )
        )
    except TableError as error:
        return [(problem.row, problem.message) for problem in error.problems], error.unlisted
    lines = out.read_text(encoding="utf-8").split("\n")[:-1]
    objects = map(json.loads, lines)
    return [
        [value for name, value in one.items() if not name.startswith("machine ")] for one in objects
    ]


def by_workshop(path):
    try:
        read = read_table(path)
    except TableError as error:
        return [(problem.row, problem.message) for problem in error.problems], error.unlisted
    if read.problems:
        ordered = sorted(read.problems, key=lambda problem: problem.row or 0)
        return [(problem.row, problem.message) for problem in ordered], read.unlisted
    return [[*record.cells] for record in read.records]


@pytest.mark.parametrize("path", SAMPLES, ids=[path.parent.name for path in SAMPLES])
def test_on_the_samples(folder, path):
    assert SAMPLES
    rows = by_device(folder, path, None)
    assert rows == by_workshop(path)
    texts = [row.text for item in read_responses(path).items for row in item.rows]
    assert sorted(texts) == sorted(row[read_table(path).header.index("text")] for row in rows)


PIECES = st.sampled_from(
    [
        "a",
        "b c",
        "1",
        ",",
        ";",
        "\t",
        "\n",
        "\r\n",
        "\r",
        '"',
        '""',
        " ",
        ",,",
        "é",
        "\n\n",
        "\n,\n",
    ]
)
HEADERS = st.sampled_from(
    [
        *("text", "id,text", "id;text;note", "id\ttext", '"id, x",text', ' text ,"no\nte"'),
        *("Id\tEssaySet\tEssayText", "\n\nid,text", ",,\nid,text,score", "text,,", '"text'),
    ]
)


@settings(deadline=None, max_examples=300)
@given(
    HEADERS,
    st.lists(PIECES, max_size=25).map("".join),
    st.sampled_from(["csv", "tsv", "txt"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@example("text", "a\n\n  \nb\n\n \n", "csv", "utf-8")
@example("text", 'a\n \n""\n\n', "csv", "utf-8")
@example("id,text", "1,a\n,\n  \n2,b\n,,\n", "csv", "utf-8")
@example("id,text", '1,a\n"2" x,b\n3\n"4,c\n', "csv", "utf-8")
def test_on_any_table(folder, header, content, suffix, encoding):
    path = folder / f"t.{suffix}"
    path.write_bytes(f"{header}\n{content}".encode(encoding))
    named = "EssayText" if "EssayText" in header else "text"
    device, workshop = by_device(folder, path, named), by_workshop(path)
    assert device == workshop or _no_column(device)


def _no_column(device):
    """Whether the table was refused for its header alone, which the workshop looks at later."""
    problems = device[0] if isinstance(device, tuple) else []
    return bool(problems) and all(isinstance(one, tuple) and "column" in one[1] for one in problems)
