"""Types of options' values."""

from __future__ import annotations

import click
import pytest

from kd_edge.cli.value_types import LAYERS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no list of numbers like 1,3,5"),
        ("0,", "'0,' is no list"),
        ("0;1", "'0;1' is no list"),
        ("9" * 5000, "'999"),
        ("1,0", "the layers to keep cannot be 1,0: name them by their numbers from 0"),
        ("1,1", "the layers to keep cannot be 1,1"),
        ("-1", "the layers to keep cannot be -1"),
    ],
)
def test_what_names_no_layers(text, said):
    with pytest.raises(click.BadParameter) as error:
        LAYERS.convert(text, None, None)
    assert said in str(error.value)


def test_layers():
    assert LAYERS.convert(" 0, 3,5", None, None) == (0, 3, 5)
    assert LAYERS.convert((0, 3), None, None) == (0, 3)
