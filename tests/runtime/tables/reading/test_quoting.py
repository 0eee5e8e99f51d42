from __future__ import annotations

import pytest

from kd_edge_runtime.tables.reading.quoting import quotes_are_text
from kd_edge_runtime.tables.reading.sources import Reading, open_source


def lines(*rows):
    return [row + "\n" for row in ("id\ttext\tscore", *rows)]


@pytest.mark.parametrize(
    "rows",
    [
        ['a\t"heat" goes in\t1'],
        ['a\t"never closed\t1', "b\tx\t2"],
        ['a\t"opened here\t1', "b\tx\t2", 'c\tand closed here"\t1'],
        ['a\t"so" he said "no"\t1', ""],
        ['"\tx\t1'],
    ],
)
def test_quotation_marks_of_a_text(rows):
    assert quotes_are_text(lines(*rows), 3)


@pytest.mark.parametrize(
    "rows",
    [
        ['a\t"heat goes in"\t1'],
        ['a\t"two\nlines"\t1'],
        ['a\t"a tab\tin it"\t1'],
        ['a\t"he said ""no"""\t1'],
        ["a\tnone\t1", "b\ttoo\tmany\t1"],
        ["a\tnone\t1"],
        ['a\t"open\t1', "b\tragged"],
        [*['a\t"all are quoted"\t"1"'] * 9, 'a\t"but "one" is wrong"\t"1"'],
    ],
)
def test_quotation_marks_around_a_field(rows):
    assert not quotes_are_text("".join(lines(*rows)).splitlines(keepends=True), 3)


def test_of_one_column_nothing_can_be_told():
    assert not quotes_are_text(["text\n", '"a" b\n'], 1)


def test_the_user_may_say(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text('id\ttext\na\t"x"\n', encoding="utf-8")
    found = {}
    for quoting in ("auto", "double", "none"):
        with open_source(path, Reading(quoting=quoting)) as table:
            found[quoting] = [row for _, rows in table.batches() for row in rows]
    assert found == {"auto": [["a", "x"]], "double": [["a", "x"]], "none": [["a", '"x"']]}
