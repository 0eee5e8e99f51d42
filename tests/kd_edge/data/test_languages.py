"""The likely languages and scripts of responses."""

from __future__ import annotations

import pytest

from kd_edge.data.languages import likely_languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ice melts because it is warm and the heat is going to it.", "English"),
        ("Das Eis schmilzt, weil es warm ist und die Luft nicht kalt ist.", "German"),
        ("La glace fond parce que les mains sont chaudes et elle est dans une tasse.", "French"),
        ("El hielo se derrite porque la mano es caliente y no es como el agua.", "Spanish"),
        ("Buz erir çünkü el daha sıcak ve bu ısı buza geçer, çok soğuk değil.", "Turkish"),
        ("xylem phloem osmosis turgor", "Latin script"),
        ("Лёд тает, потому что рука тёплая.", "Cyrillic script"),
        ("冰融化是因为手很温暖", "Chinese characters"),
    ],
)
def test_one_language(text, language):
    assert likely_languages([text] * 5) == (language,)


def test_two_scripts_the_commonest_first():
    assert likely_languages(["Лёд тает"] * 3 + ["xylem"]) == ("Cyrillic script", "Latin script")


def test_no_letters():
    assert likely_languages(["12", ""]) == ()


def test_a_stray_letter_of_another_script_is_not_named():
    assert likely_languages(["xylem phloem " * 5 + "π"]) == ("Latin script",)
