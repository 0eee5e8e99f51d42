"""Golden rows hold what the item's text rules read otherwise than others."""

from __future__ import annotations

from kd_edge_export.golden import golden_inputs
from kd_edge_runtime.text import words_by


def test_rules_2_have_signs_and_scripts_of_their_own():
    plain, more = golden_inputs(("Why?",)), golden_inputs(("Why?",), rules=2)
    assert more[: len(plain)] == plain
    assert any(words_by(1)(text) != words_by(2)(text) for text in more[len(plain) :])
