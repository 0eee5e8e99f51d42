"""What can be set about distillation."""

from __future__ import annotations

import math

import pytest

from kd_edge.distillation.options import DistilOptions
from kd_edge.students import bag, rnn
from kd_edge_runtime.errors import InputError


def test_the_defaults_are_the_papers():
    options = DistilOptions()
    assert (options.student, options.weight, options.temperature) == ("bag", 1.0, 1.0)
    assert options.recipe is bag.KIND.recipe
    assert DistilOptions(student="rnn").recipe is rnn.KIND.recipe


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"student": "oracle"}, "no student 'oracle': choose from bag, rnn, transformer, both"),
        ({"weight": -0.1}, "lambda is -0.1"),
        ({"weight": math.nan}, "lambda is nan"),
        ({"temperature": 0.99}, "temperature is 0.99"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"temperature": math.inf}, "temperature is inf"),
        ({"teacher_share": 1.1}, "share of the soft labels is 1.1"),
        ({"teacher_share": math.nan}, "share of the soft labels is nan"),
        ({"epochs": 0}, "0 epochs"),
    ],
)
def test_out_of_range(wrong, said):
    with pytest.raises(InputError, match=said):
        DistilOptions(**wrong)


def test_the_options_of_both():
    options = DistilOptions(
        student="both", student_options={"ngrams": 9}, second_options={"layers": (0,)}, epochs=3
    )
    assert options.recipe is bag.KIND.recipe
    assert options.first == DistilOptions(student_options={"ngrams": 9}, epochs=3)
    second = DistilOptions(student="transformer", student_options={"layers": (0,)})
    assert options.second == second
    assert (second.first, second.second) == (second, None)


def test_the_edges_are_in_range():
    DistilOptions(weight=0.0, temperature=1.0, epochs=1)
    for share in (None, 0.0, 1.0):
        assert DistilOptions(teacher_share=share).teacher_share == share
