"""Words unlike what the text rules can cut are doubted, and ordinary ones are not."""

from __future__ import annotations

import pytest

from kd_edge.data.word_doubts import word_doubt

THAI = "ฉันคิดว่าจากการทดลองที่ทำในห้องเรียนเมื่อวานน้ำแข็งเย็นกว่าน้ำ"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The ice doesn't melt.",
        "1" * 30 + " is not much among many ordinary words here",
        "水の温度",
    ],
)
@pytest.mark.parametrize("rules", [1, 2])
def test_ordinary_words_are_not_doubted(text, rules):
    assert word_doubt([text], rules) is None


def test_a_sentence_without_spaces_is_doubted_by_the_rules_that_do_not_cut_it():
    assert "more than 25 characters" in word_doubt([THAI], 1)
    assert word_doubt([THAI], 2) is None
    assert "more than 25 characters" in word_doubt(["theicedoesnotmeltinthewoollenscarf"], 2)


def test_a_script_that_no_rules_cut_is_named():
    assert "are in Javanese" in word_doubt(["\ua9b2\ua9a4 \ua995\ua9ab\ua98f"], 2)


def test_no_response_is_quoted():
    assert THAI not in word_doubt([THAI], 1)
