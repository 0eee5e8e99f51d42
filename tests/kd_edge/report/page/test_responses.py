"""What is said of a response and its scores."""

from __future__ import annotations

from dataclasses import replace

from kd_edge.report.figures.disagreements import Disagreement
from kd_edge.report.figures.reasons import Reasons
from kd_edge.report.page.responses import response_row

ONE = Disagreement("r7", "less algae", "2", "", "1", "1", 0.69)


def test_scores():
    assert response_row(ONE).scores == (
        "People gave 2, the small model 1 (69% sure), the large model 1."
    )
    assert response_row(replace(ONE, second="0")).scores.startswith(
        "People gave 2, a second rater 0, the small model"
    )
    assert response_row(ONE).notes == ()


def test_the_expected_score_decides():
    (note,) = response_row(replace(ONE, likelier="0", expected=1.04, confidence=0.09)).notes
    assert note == (
        "0 is more probable than 1, but 1 is nearest to the expected score, 1.04, the average of "
        "what is probable."
    )


def test_reasons():
    why = Reasons(("algae", "water fleas"), ("eaten",), ("zooplankton",))
    assert response_row(replace(ONE, flag="review", why=why)).notes == (
        "The device flags it for a person ('review').",
        "Words that spoke for 1: “algae”, “water fleas”; for 2: “eaten”.",
        "Words it does not know: “zooplankton”.",
    )
    right = replace(ONE, human="1", teacher="3", why=Reasons((), ("eaten",)))
    assert response_row(right).notes == ("Words that spoke for 3: “eaten”.",)
