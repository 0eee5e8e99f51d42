"""Names of columns."""

from __future__ import annotations

import pytest

from kd_edge_runtime.tables.columns import candidates
from kd_edge_runtime.tables.roles import ITEM, ROLES, TEXT, plain


@pytest.mark.parametrize(
    "name", ["Response Text", "response_text", "RESPONSE-TEXT", "response.text", "Response\r\nText"]
)
def test_case_and_what_stands_between(name):
    assert plain(name) == "responsetext"


def test_candidates_are_those_of_the_best_tier():
    assert candidates(["id", "Response"], TEXT.tiers) == [1]
    assert candidates(["Response", "content"], TEXT.tiers) == [0]
    assert candidates(["x", "content", "body"], TEXT.tiers) == [1, 2]
    assert candidates(["text", "answer"], TEXT.tiers) == [0, 1]
    assert candidates(["x", ""], TEXT.tiers) == []
    assert candidates(["Id", "EssaySet", "EssayText"], ITEM.tiers) == [1]
    assert candidates(["Id", "EssaySet", "EssayText"], TEXT.tiers) == [2]
    assert candidates(["item", "item_id"], ITEM.tiers) == [1]


def test_no_usual_name_is_in_two_places():
    every = [name for role in ROLES for tier in role.tiers for name in tier.split()]
    assert len(set(every)) == len(every)
    assert all(plain(name) == name for name in every)
