"""What is scored while the clock runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bundles_made
from kd_edge_runtime.bench.texts import ColumnNames as Names
from kd_edge_runtime.bench.texts import made_up, mixed, read, spread
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem

TEXTS = st.lists(st.text(max_size=9), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A bundle of one item, 'stove', and one of 'stove' and 'spoon'."""
    folder = tmp_path_factory.mktemp("bundles")
    bundles_made.write(folder / "one.kdz")
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    with Bundle(folder / "one.kdz") as one, Bundle(folder / "two.kdz") as two:
        yield one, two


@pytest.fixture
def table(tmp_path):
    def table(text, name="in.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return table


def test_scores_are_places_among_the_classes(bundles, table):
    path = table('text,score\na,0\nb,3\n"c, d",2.00\ne,\n,1\n\nf, 3 \n')
    found = read(path, bundles[0], None, Names())
    assert found.texts == ("a", "b", "c, d", "e", "", "f")
    assert found.human == (0, 3, 2, None, 1, 3)
    assert (found.labelled, found.generated, found.entry.item_id) == (5, 0, "stove")


def test_class_words_in_any_case(bundles, table):
    path = table("item,text,label\nspoon,a,Right\nspoon,b,wrong\n")
    assert read(path, bundles[1], None, Names()).human == (2, 0)


@pytest.mark.parametrize(
    ("at", "item", "texts"),
    [(0, None, ("a", "c")), (1, None, ("a", "c")), (1, "spoon", ("b",)), (0, "stove", ("a", "c"))],
)
def test_rows_of_other_items_are_passed_over(bundles, table, at, item, texts):
    path = table("item_id,text\nstove,a\nspoon,b\n stove ,c\nother,d\n")
    assert read(path, bundles[at], item, Names()).texts == texts


def test_the_first_item_that_rows_answer(bundles, table):
    path = table("item_id\ttext\nspoon\tb\n", "in.tsv")
    assert read(path, bundles[1], None, Names()).entry.item_id == "spoon"


def test_without_a_column_of_items_all_rows_answer_the_one_named(bundles, table):
    path = table("answer,points\na,right\n")
    found = read(path, bundles[1], "spoon", Names())
    assert (found.entry.item_id, found.human) == ("spoon", (2,))


def test_columns_that_are_named(bundles, table):
    path = table("score,rating,one,two,which\n9,1,a,b,spoon\n8,2,c,d,stove\n")
    found = read(path, bundles[0], None, Names("two", "which", "rating"))
    assert (found.texts, found.human) == (("d",), (2,))


def test_a_table_without_scores(bundles, table):
    found = read(table("text\na\nb\n"), bundles[0], None, Names())
    assert (found.human, found.labelled) == ((None, None), 0)


def test_the_test_rows_alone_where_a_column_marks_some(bundles, table):
    path = table("text,score,split\na,1,train\nb,2,Test\nc,3,\nd,oops,dev\ne,0,test\n")
    found = read(path, bundles[0], None, Names())
    assert (found.texts, found.human, found.split) == (("b", "e"), (2, 0), "split")
    path = table("split,text,score\ntrain,a,1\n,b,2\n")
    found = read(path, bundles[0], None, Names())
    assert (found.texts, found.split) == (("a", "b"), "")


@pytest.mark.parametrize(
    ("text", "at", "item", "named", "told"),
    [
        ("text,score\na,1\n", 0, None, Names(score="scor"), "no column 'scor'.*'score'"),
        ("text,score,grade\na,1,1\n", 0, None, Names(), "could both hold the scores"),
        (
            "text,score\na,1\nzebra,4\nc,yes\n",
            0,
            None,
            Names(),
            r"row 3, column 'score': no sc",
        ),
        ("text,score\na,-1\n", 0, None, Names(), r"no score of item 'stove' \(0, 1, 2, 3\)"),
        ("text,score\na,1.5\n", 0, None, Names(), r"no score of item"),
        ("text,score\na,1.05\n", 0, None, Names(), r"no score of item"),
        (
            "text,item\na,x\n",
            0,
            None,
            Names(),
            r"no row answers item 'stove': the column 'item'",
        ),
        ("text,item\na,x\n", 1, None, Names(), r"answers item 'stove' or 'spoon'"),
        ("text\n", 0, None, Names(), r"no row answers item 'stove'$"),
        ("text\na\n", 1, None, Names(), r"no column holds the item.*--item-column"),
        ("text\na\n", 1, "pot", Names(), r"no item 'pot'"),
        ("text,score\nzebra\n", 0, None, Names(), r"row 2: 1 field, but the header has 2"),
        ('text,score\n"zebra,1\n', 0, None, Names(), r"row 2: a quotation mark in this row"),
        ("words,score\na,1\n", 0, None, Names(), r"no column holds the responses"),
        ("", 0, None, Names(), r"the table is empty"),
    ],
)
def test_what_is_wrong_with_a_table(bundles, table, text, at, item, named, told):
    with pytest.raises(InputError, match=f"(?s){told}") as caught:
        read(table(text), bundles[at], item, named)
    assert "zebra" not in str(caught.value)


def test_no_table(bundles, tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        read(tmp_path / "none.csv", bundles[0], None, Names())


def test_made_up_texts_are_of_the_golden_words(bundles):
    bundle = bundles[0]
    entry = bundle.manifest.items[0]
    inputs = golden.read(LoadedItem(bundle, entry)).inputs
    found = made_up(bundle, entry)
    assert found == made_up(bundle, entry)
    assert found.texts[: len(inputs)] == inputs
    made = found.texts[len(inputs) :]
    assert len(made) == found.generated == 256
    assert {word for text in made for word in text.split()} <= set(" ".join(inputs).split())
    lengths = sorted(len(text.split()) for text in made)
    assert (lengths[0], lengths[-1]) == (4, 150)
    assert 25 < lengths[128] < 50
    assert found.labelled == 0


@given(TEXTS, st.integers(1, 50))
def test_some_of_every_length(texts, number):
    found = spread(texts, number)
    assert len(found) == min(number, len(texts))
    assert not set(found) - set(texts)
    assert [*map(len, found)] == sorted(map(len, found))
    if number >= len(texts):
        assert sorted(found) == sorted(texts)


def test_the_middle_stands_for_all():
    texts = ["a" * at for at in range(99)]
    assert [*map(len, spread(texts, 1))] == [49]
    assert [*map(len, spread(texts, 3))] == [16, 49, 82]


@given(TEXTS, st.integers(1, 99))
def test_a_batch_holds_all_equally_often(texts, number):
    found = mixed(texts, number)
    assert len(found) == number
    assert found == mixed(texts, number)
    counts = [found.count(text) / texts.count(text) for text in {*spread(texts, number)}]
    if number % len(texts) == 0:
        assert {*counts} == {number / len(texts)}
