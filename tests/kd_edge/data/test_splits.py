"""Which rows are learnt from, chosen by, and measured on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kd_edge.data.responses import Item, Responses, Row, Scale
from kd_edge.data.splits import TEST_SHARE, split_item, test_items, validation_rows
from kd_edge.teacher.card import TeacherCard
from kd_edge.teacher.held_out import learning_rows
from kd_edge.teacher.options import TeacherOptions
from kd_edge.training.epoch import EpochFigures
from kd_edge_runtime.errors import InputError, TableError
from workshop import item_of

test_items.__test__ = False  # a function of that name, not a test

ITEM = item_of(60)


def _ids(rows):
    return {row.response_id for row in rows}


def _test_file(scores, scale, name="tiny", prefix="t"):
    """An item of test responses with these scores, None for a row without."""
    rows = [
        Row(f"{prefix}{place}", name, "the ice", score=score) for place, score in enumerate(scores)
    ]
    return Item(name, scale, tuple(rows))


def _is_partition(split, item):
    parts = [split.train, split.validation, split.test]
    ids = [row.response_id for part in parts for row in part]
    return sorted(ids) == sorted(
        row.response_id for row in item.rows if row.score is not None
    ) and all(parts)


# A split column


def test_a_split_column_is_taken_as_it_is():
    rows = [replace(row, split="test" if place < 15 else "train") for place, row in
            enumerate(ITEM.rows)]  # fmt: skip
    rows[59] = replace(rows[59], split=None)  # said nothing of: to learn from
    item = replace(ITEM, rows=tuple(rows))
    split = split_item(item, None, 0.2, seed=0)
    assert _ids(split.test) == {f"r{place:03d}" for place in range(15)}
    assert _is_partition(split, item)
    assert split.item == item
    assert split.how == "the rows marked 'test'"


def test_rows_without_a_score_are_in_no_part():
    rows = [replace(row, split="test" if place < 15 else "train", score=None if place % 7 == 0
            else row.score) for place, row in enumerate(ITEM.rows)]  # fmt: skip
    split = split_item(replace(ITEM, rows=tuple(rows)), None, 0.2, seed=0)
    parts = [*split.train, *split.validation, *split.test]
    assert len(parts) == sum(row.score is not None for row in rows)
    assert all(row.score is not None for row in parts)


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2, None]), st.sampled_from(["train", "test", None])),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([0.1, 0.15, 0.5]),
    st.integers(0, 5),
)
def test_test_rows_are_never_learnt_from(rows, validation, seed):
    made = [Row(f"r{n}", "a", "ice", score=s, split=split) for n, (s, split) in enumerate(rows)]
    item = Item("a", Scale.from_range(0, 2), tuple(made))
    marked = {row.response_id for row in made if row.split == "test"}
    try:
        split = split_item(item, None, validation, seed)
    except InputError:
        return
    assert _is_partition(split, item)
    assert not marked & _ids([*split.train, *split.validation])
    assert all(row.split == "test" for row in split.test)
    assert _ids(split.test) == _ids(row for row in split.item.rows
                                    if row.split == "test" and row.score is not None)  # fmt: skip
    learnt, held = learning_rows(split.item, None, seed)
    assert not _ids(split.test) & _ids([*learnt, *held])


# A random fifth


def test_a_random_fifth_of_each_class():
    split = split_item(ITEM, None, 0.15, seed=3)
    assert TEST_SHARE == 0.2
    # Another draw than that of the validation rows.
    assert _ids(split.test) == set(validation_rows(ITEM.rows, TEST_SHARE, 4))
    assert Counter(row.score for row in split.test) == {0: 4, 1: 4, 2: 4}
    assert Counter(row.score for row in split.validation) == dict.fromkeys(range(3), 2)
    assert _is_partition(split, ITEM)
    assert split.how == "20% of the rows, chosen at random"
    assert {row.response_id: row.split for row in split.item.rows} == {
        row.response_id: "test" if row in split.test else "train" for row in split.item.rows
    }


def test_the_choice_is_that_of_the_seed():
    first, again, other = (split_item(ITEM, None, 0.15, seed) for seed in (3, 3, 4))
    assert first == again
    assert _ids(first.test) != _ids(other.test)
    assert _ids(first.validation) != _ids(other.validation)


# A file of test responses


def test_a_file_of_test_responses():
    split = split_item(ITEM, _test_file([0, 1, 2, 2], ITEM.scale), 0.15, 0, "/some/where/test.csv")
    assert [row.score for row in split.test] == [0, 1, 2, 2]
    assert {row.split for row in split.test} == {"test"}
    assert len(split.train) + len(split.validation) == 60
    assert {row.split for row in [*split.train, *split.validation]} == {"train"}
    assert split.how == "test.csv", "what stands on a card names no folder"


def test_scores_of_a_narrower_sample_keep_their_meaning():
    # A sample in which nobody has a 0: its class 0 is the score 1.
    rows = _test_file([0, 1, 1], Scale.from_range(1, 2))
    rows = replace(rows, rows=(replace(rows.rows[0], score2=1), *rows.rows[1:]))
    split = split_item(ITEM, rows, 0.15, 0, "test.csv")
    assert [row.score for row in split.test] == [1, 2, 2]
    assert [row.score2 for row in split.test] == [2, None, None]


def test_words_are_aligned_by_name():
    item = replace(ITEM, scale=Scale(("bad", "fair", "good"), numeric=False))
    other = _test_file([0, 1], Scale(("good", "bad"), numeric=False))
    assert [row.score for row in split_item(item, other, 0.15, 0).test] == [2, 0]


def test_a_second_score_off_the_scale_is_passed_over():
    rows = _test_file([0, 1], Scale.from_range(2, 3))
    rows = replace(rows, rows=(replace(rows.rows[0], score2=1), rows.rows[0]))
    with pytest.raises(TableError):
        split_item(ITEM, _test_file([1], Scale.from_range(2, 3)), 0.15, 0)
    assert split_item(ITEM, rows, 0.15, 0).test[0].score2 is None


def test_test_rows_that_cannot_be_measured_on_are_refused_all_at_once():
    for scores, messages in (
        (
            [0, None, 3, 3],
            [f"item 'tiny', '{name}': the score 3 is not on its scale" for name in ("t2", "t3")],
        ),
        ([None, None], ["item 'tiny', 't0': no score", "item 'tiny', 't1': no score"]),
    ):
        with pytest.raises(TableError) as caught:
            split_item(ITEM, _test_file(scores, Scale.from_range(0, 3)), 0.15, 0, "test.csv")
        assert [problem.message for problem in caught.value.problems] == messages
        assert str(caught.value).startswith("test.csv: 2 problems")
    assert "0-2" in str(caught.value)


def test_test_rows_without_a_score_are_not_measured_on():
    split = split_item(ITEM, _test_file([0, None, 2, None], ITEM.scale), 0.15, 0, "test.csv")
    assert _ids(split.test) == {"t0", "t2"}


def test_shared_ids_are_refused():
    other = _test_file([0, 1, 2], ITEM.scale)
    shared = replace(other, rows=(*other.rows, replace(ITEM.rows[5], text="else")))
    with pytest.raises(InputError, match=r"test\.csv: 1 test responses .*'r005'"):
        split_item(ITEM, shared, 0.15, 0, "test.csv")


def test_rows_marked_test_are_left_out_where_a_file_of_test_responses_is_given():
    rows = tuple(replace(row, split="test" if place < 15 else None) for place, row in
                 enumerate(ITEM.rows))  # fmt: skip
    split = split_item(replace(ITEM, rows=rows), _test_file([0, 1], ITEM.scale), 0.15, 0)
    assert _ids(split.test) == {"t0", "t1"}
    assert _ids([*split.train, *split.validation]) == {f"r{place:03d}" for place in range(15, 60)}
    assert len(split.item.rows) == 47


def _responses(*items, columns=("response_id",)):
    return Responses(items, "some.csv", {name: name for name in columns}, "utf-8")


def test_each_item_finds_its_test_rows():
    one, two = item_of(20, "one"), item_of(20, "two")
    assert test_items(_responses(one, two), None) == [(one, None), (two, None)]
    other = [_test_file([0], one.scale, name) for name in ("two", "one", "three")]
    pairs = test_items(_responses(one, two), _responses(*other))
    assert pairs == [(one, other[1]), (two, other[0])]
    assert test_items(_responses(one, two), _responses(other[0])) == [(two, other[0])]
    with pytest.raises(InputError, match="no item 'one'"):
        test_items(_responses(one), _responses(other[0]))


def test_ids_made_of_the_row_are_no_ids_to_share():
    item = _test_file([0, 1, 2] * 8, ITEM.scale, prefix="row-")
    other = _test_file([0, 1, 2], ITEM.scale, prefix="row-")
    (pair,) = test_items(_responses(item, columns=()), _responses(other, columns=()))
    assert _ids(split_item(*pair, 0.2, 0).test) == {"test-row-0", "test-row-1", "test-row-2"}


# Too little


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows(rows):
    item = replace(ITEM, rows=tuple(replace(row, split="train") for row in ITEM.rows[:rows]))
    with pytest.raises(InputError, match="too few to learn from"):
        split_item(item, _test_file([0], ITEM.scale), 0.2, 0)


def test_no_test_rows():
    item = replace(ITEM, rows=(*ITEM.rows, Row("x", "tiny", "ice", split="test")))
    with pytest.raises(InputError, match="no test responses"):
        split_item(item, None, 0.2, 0)


# What a student learns from


def test_learning_rows_are_those_the_teacher_learnt_from(tmp_path):
    figures = EpochFigures(epoch=1, train_loss=1.0, loss=1.0, accuracy=0.5, qwk=0.5)
    TeacherCard(
        classes=("0", "1", "2"),
        numeric=True,
        max_length=32,
        base="tiny",
        base_revision=None,
        base_sha256="0" * 64,
        options={},
        validation_ids=("r001", "r002", "r050"),
        best_epoch=1,
        history=(figures,),
    ).write(tmp_path)
    rows = [replace(row, split="test" if place > 40 else None) for place, row in
            enumerate(ITEM.rows)]  # fmt: skip
    rows[3] = replace(rows[3], score=None)
    learnt, held = learning_rows(replace(ITEM, rows=tuple(rows)), tmp_path, 0)
    assert _ids(held) == {"r001", "r002"}, "r050 is for testing"
    assert _ids(learnt) == {f"r{place:03d}" for place in range(41)} - {"r001", "r002", "r003"}
    assert json.loads((tmp_path / "teacher.json").read_text())["classes"] == ["0", "1", "2"]


def test_without_a_teacher_the_same_share_is_drawn():
    learnt, held = learning_rows(ITEM, None, 5)
    assert len(held) == round(TeacherOptions().validation * 20) * 3
    assert Counter(row.score for row in held) == dict.fromkeys(range(3), 3)
    assert not _ids(held) & _ids(learnt)
    assert learning_rows(ITEM, None, 5) == (learnt, held)
    assert learning_rows(ITEM, None, 6) != (learnt, held)
    assert learning_rows(replace(ITEM, rows=()), None, 5) == ((), ())


def test_criteria_of_the_same_responses_are_tested_on_the_same():
    items = [replace(item_of(40, name, seed), part_of="e") for name, seed in (("a", 0), ("b", 7))]
    ids = [[row.response_id for row in split_item(one, None, 0.15, 3).test] for one in items]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 8
    again = [row.response_id for row in split_item(items[0], None, 0.15, 4).test]
    assert again != ids[0]
