"""ONNX graphs whose operators pass each by itself, and which would end a process or fill it."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper

import seconds_made
from kd_edge_runtime.graphs.limits import Described, GraphError
from kd_edge_runtime.graphs.onnx_check import check_onnx
from onnx_changes import Change, changed, node, number

TOKENS = Described("transformer", 4)
SECOND = seconds_made.graph(4, 5, "ab" * 32)


def refused(data: bytes, why: str) -> None:
    with pytest.raises(GraphError, match=why):
        check_onnx(data, TOKENS)


STOPS: dict[str, tuple[list[Change], str]] = {
    "the lowest number by -1": ([number("a", -1), node("Div", "ids", "a", "z")], "Div that cannot"),
    "by nothing": ([number("a", 0), node("Mod", "ids", "a", "z")], "Mod that cannot run"),
    "by what a response says": ([node("Div", "ids", "mask", "z")], "Div that cannot run"),
    "by one of a list": ([number("a", [2, -1]), node("Div", "ids", "a", "z")], "Div that cannot"),
    "nothing of a sequence": (
        [
            number("x", np.zeros((0, 2, 2)), np.float32),
            number("w", np.ones((1, 6, 2)), np.float32),
            node("GRU", "x", "w", "w", "z", hidden_size=2),
        ],
        "GRU that cannot run",
    ),
    "nothing of a response": (
        [
            number("a", [1]), number("b", [1000]),
            node("Slice", "ids", "b", "b", "a", "y"), node("Neg", "y", "z", at=1),
        ],
        "Neg that cannot run",
    ),
    "numbers that grow": (
        [
            number("n0", 3),
            *(node("Mul", f"n{at}", f"n{at}", f"n{at + 1}", at=at) for at in range(16)),
            number("front", [0]), node("Unsqueeze", "n16", "front", "qs", at=16),
            node("ConstantOfShape", "qs", "z", at=17),
        ],
        "sizes depend on more than lengths",
    ),
    "lists that grow": (
        [
            number("a", [1] * 64), node("Concat", *"a" * 64, "b", axis=0),
            node("Concat", *"b" * 64, "c", axis=0, at=1),
            node("Concat", *"c" * 64, "z", axis=0, at=2),
            node("ConstantOfShape", "z", "y", at=3),
        ],
        "sizes depend on more than lengths|too much memory",
    ),
}  # fmt: skip
"""What ends a process, or a check: a division that a processor cannot do, a network of nothing."""


@pytest.mark.parametrize("name", STOPS)
def test_what_interpreters_stop_at(name):
    changes, why = STOPS[name]
    data = SECOND
    for change in changes:
        data = changed(change, data)
    refused(data, why)


def test_divisions_that_can_be_pass():
    check_onnx(changed(node("Div", "ids", "a", "z"), changed(number("a", 2), SECOND)), TOKENS)


def test_a_mask_without_its_first_token_passes():
    """As students have it: of a response without a word, nothing is left of the mask."""
    data = SECOND
    for change in (
        number("a", [1]), number("b", [1 << 62]),
        node("Slice", "mask", "a", "b", "a", "y"),
        node("Concat", "mask", "y", "z", axis=1, at=1),
    ):  # fmt: skip
        data = changed(change, data)
    assert check_onnx(data, TOKENS).numbers(1, 1) > check_onnx(SECOND, TOKENS).numbers(1, 1)


def test_what_takes_much_for_one_length_alone():
    """Sizes that follow from the number of tokens may be usual for all but one of them."""

    def only_at_40(model):
        made = (
            helper.make_node("Shape", ["ids"], ["sizes"]),
            helper.make_node("Gather", ["sizes", "first"], ["tokens_there"]),
            helper.make_node("Equal", ["tokens_there", "forty"], ["now"]),
            helper.make_node("Where", ["now", "many", "few"], ["size"]),
            helper.make_node("ConstantOfShape", ["size"], ["z"]),
        )
        for at, one in enumerate(made):
            model.graph.node.insert(at, one)
        for name, value in (("first", [1]), ("forty", [40]), ("many", [1 << 30]), ("few", [1])):
            tensor = numpy_helper.from_array(np.array(value, dtype=np.int64), name)
            model.graph.initializer.append(tensor)

    graph = check_onnx(changed(only_at_40, SECOND), TOKENS)
    assert graph.numbers(16, 39) > graph.numbers(1, 39)
    with pytest.raises(GraphError, match="too much memory"):
        graph.numbers(1, 40)
