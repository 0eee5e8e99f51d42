"""Words unlike what the text rules can cut are doubted, and ordinary ones are not."""

from __future__ import annotations

import pytest

from kd_edge.data.word_doubts import _UNCUT, word_doubt
from kd_edge_runtime.text import KNOWN_RULES, words_by

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


@pytest.mark.parametrize("rules", KNOWN_RULES)
@pytest.mark.parametrize("script", _UNCUT)
def test_a_script_that_no_rules_cut_is_named(script, rules):
    first, last = _UNCUT[script]
    letters = "".join(filter(str.isalpha, map(chr, range(first, last + 1))))[:12]
    assert len(words_by(rules)(letters)) == 1, "it is indeed not cut"
    assert f"are in {script}, which" in word_doubt([letters, f"{letters[:5]} {letters[7:]}"], rules)


@pytest.mark.parametrize(
    "text",
    [
        THAI,
        "水的温度比冰高所以冰在房间里慢慢地融化了没有羊毛围巾",
        "བོད་སྐད་ནི་བོད་ཀྱི་སྐད་ཡིག་ཡིན་",
        "ທິດສະດີນີ້ບອກວ່ານ້ຳກ້ອນລະລາຍຍ້ອນຄວາມຮ້ອນ",
        "ទឹកកករលាយដោយសារកម្ដៅហូរចូលមកក្នុងវា",
        "ရေခဲသည်အပူကြောင့်အရည်ပျော်သည်",
    ],
)
def test_a_script_that_the_rules_cut_is_not_doubted(text):
    assert max(map(len, words_by(2)(text))) < 9
    assert word_doubt([text], 2) is None


def test_no_response_is_quoted():
    assert THAI not in word_doubt([THAI], 1)
