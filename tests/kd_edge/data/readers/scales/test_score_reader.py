from __future__ import annotations

import pytest

from kd_edge.data.readers.scales.score_reader import ScoreReader
from kd_edge.data.scale import Scale

HALVES = Scale.from_values((0, 0.5, 1))


@pytest.mark.parametrize("cell", ["0.5", "0,50", ".5", "½", "\uff10.5"])
def test_a_class_is_known_by_its_value(cell):
    reader = ScoreReader(HALVES, guessed=True)
    assert [reader.read(cell), reader.read(cell)] == [1, 1]


@pytest.mark.parametrize(
    ("scale", "cell", "why"),
    [
        (HALVES, "0.25", "'0.25' is not one of the scores 0, 0.5, 1"),
        (HALVES, "2", "'2' is outside the score range 0, 0.5, 1"),
        (HALVES, "1/2", "'1/2' is out of 2, and the scale ends at 1"),
        (HALVES, "1-Jan", "'1-Jan' is a date"),
        (HALVES, "a response that a student wrote", "a value of 31 characters is not a number"),
        (Scale(("bad", "good"), False), "fine", "'fine' is not one of the classes: bad, good"),
    ],
)
def test_what_is_wrong_with_a_cell(scale, cell, why):
    with pytest.raises(ValueError, match=f"^{why}"):
        ScoreReader(scale, guessed=False).read(cell)


def test_a_maximum_is_that_of_the_scale():
    given = ScoreReader(Scale.from_range(0, 4), guessed=False)
    assert [given.read("2/4"), given.read("2")] == [2, 2]
    guessed = ScoreReader(Scale.from_range(0, 4), guessed=True, out_of=4)
    assert guessed.read("2 / 4") == 2
    with pytest.raises(ValueError, match=r"'2' is not written as the other scores, .* out of 4"):
        guessed.read("2")
