"""Which responses are suggested."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kd_edge.data.responses import Responses
from kd_edge.suggest.suggest import COVERAGE, UNCERTAINTY, SuggestOptions, same_text, suggest
from kd_edge_runtime.errors import InputError
from tiny import untrained_teacher
from workshop import item_of


def _responses(*items):
    return Responses(items, "answers.csv", {}, "utf-8")


def _scored(item, count):
    rows = [replace(row, score=row.score if at < count else None) for at, row in
            enumerate(item.rows)]  # fmt: skip
    return replace(item, rows=tuple(rows))


def _suggest(tiny_model, *items, **options):
    return suggest(_responses(*items), SuggestOptions(model=str(tiny_model), **options))


def test_unscored_responses_alone_are_suggested(tiny_model):
    item = _scored(item_of(40), 15)
    (found,) = _suggest(tiny_model, item, count=10)
    unscored = {row.response_id for row in item.rows if row.score is None}
    assert len(set(found.response_ids)) == 10
    assert set(found.response_ids) <= unscored
    assert (found.scored, found.unscored, found.repeated, found.by) == (15, 25, 0, COVERAGE)
    assert found == _suggest(tiny_model, item, count=10)[0]


def test_the_same_text_is_asked_for_once(tiny_model):
    item = _scored(item_of(6), 2)
    rows = list(item.rows)
    rows[3] = replace(rows[3], text=f"  {rows[2].text.upper()}!")  # as an unscored one
    rows[4] = replace(rows[4], text=rows[0].text)  # as a scored one
    rows[5] = replace(rows[5], text=" ")
    (found,) = _suggest(tiny_model, replace(item, rows=tuple(rows)))
    assert found.response_ids == (rows[2].response_id,)
    assert (found.unscored, found.repeated) == (3, 2)


def test_test_rows_are_never_suggested_and_cover_nothing(tiny_model):
    item = _scored(item_of(6), 3)
    rows = [replace(row, split="test") if at in (0, 1, 5) else row for at, row in
            enumerate(item.rows)]  # fmt: skip
    (found,) = _suggest(tiny_model, replace(item, rows=tuple(rows)))
    assert set(found.response_ids) == {rows[3].response_id, rows[4].response_id}
    assert found.scored == 1


def test_each_item_has_its_own(tiny_model):
    found = _suggest(tiny_model, _scored(item_of(8, "a"), 0), item_of(8, "b"), count=3)
    assert [(one.item_id, len(one.response_ids)) for one in found] == [("a", 3), ("b", 0)]


def test_a_teacher_that_is_unsure_counts(tiny_model, tmp_path, monkeypatch):
    item = _scored(item_of(40), 10)
    teacher = untrained_teacher(tmp_path / "teacher", tiny_model, item.scale.classes)
    (found,) = _suggest(tiny_model, item, teacher=teacher, count=1)
    assert found.by == UNCERTAINTY
    import numpy as np

    from kd_edge.suggest import suggest as module

    def sure_of_all_but_the_last(_, texts, **__):
        rows = np.tile([1.0, 0, 0], (len(texts), 1))
        rows[-1] = 1 / 3
        return rows

    monkeypatch.setattr(module, "predict", sure_of_all_but_the_last)
    (found,) = _suggest(tiny_model, item, teacher=teacher, count=1)
    assert found.response_ids == (item.rows[-1].response_id,)
    with pytest.raises(InputError, match="a teacher is one item's"):
        _suggest(tiny_model, item, item_of(8, "b"), teacher=teacher)


def test_a_teacher_of_other_scores_is_refused_and_one_of_more_is_not(tiny_model, tmp_path):
    item = _scored(item_of(40), 10)
    few = untrained_teacher(tmp_path / "few", tiny_model, ("0", "1"))
    with pytest.raises(InputError, match="gives the scores 0, 1; item 'tiny' has the scores 0, 1"):
        _suggest(tiny_model, item, teacher=few)
    more = untrained_teacher(tmp_path / "more", tiny_model, ("0", "1", "2", "3"))
    assert _suggest(tiny_model, item, teacher=more, count=2)[0].by == UNCERTAINTY
    unscored = replace(_scored(item, 0), scale=replace(item.scale, classes=()))
    assert _suggest(tiny_model, unscored, teacher=few, count=2)[0].by == UNCERTAINTY


def test_options_in_their_range():
    with pytest.raises(InputError, match="too few"):
        SuggestOptions(count=0)
    with pytest.raises(InputError, match="seed"):
        SuggestOptions(seed=-1)


def test_what_is_the_same_text():
    assert same_text(" The  ICE\nmelts. ") == same_text("the ice melts")
    assert same_text("2.5") != same_text("25")
