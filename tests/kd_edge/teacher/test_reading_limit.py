"""How much of its responses a teacher reads."""

from __future__ import annotations

from dataclasses import replace

from kd_edge.teacher.reading_limit import training_doubts
from kd_edge.training.doubts import CUT, FEW
from tiny import tiny_item, tiny_options


def test_the_tokens_of_a_response_are_counted_by_its_own_model(tiny_model):
    item = tiny_item(60)
    rows = [*item.rows[:39], replace(item.rows[39], text="ice " * 80)]
    options = tiny_options(tiny_model)  # which reads 64 tokens at most
    found = training_doubts(item, "tiny", rows, item.rows[40:], options)
    assert [one.kind for one in found] == [CUT]
    assert "of 1 of 60 responses: it reads 64 tokens" in found[0].message
    assert "up to 82" in found[0].message  # with the tokens at both ends
    short = replace(options, max_length=16)
    found = training_doubts(item, "", item.rows[:45], item.rows[45:], short)
    assert [one.kind for one in found] == [FEW]
