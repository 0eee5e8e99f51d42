"""What a fuzzer starts with is read by its readers, and what is damaged ends in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import fuzz


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_seeds_are_read(name):
    found = fuzz.seeds(name)
    assert found
    assert sum(map(len, found)) < 200_000
    if name not in ("onnx", "tflite", "golden"):  # which are of several sizes
        for data in found:
            fuzz.TARGETS[name][0](data)


@pytest.mark.parametrize("name", fuzz.TARGETS)
@given(st.data())
@settings(max_examples=40)
def test_damaged_members_end_in_words(name, drawn):
    data = bytearray(drawn.draw(st.sampled_from(fuzz.seeds(name))))
    for _ in range(drawn.draw(st.integers(1, 4))):
        at = drawn.draw(st.integers(0, len(data) - 1))
        data[at : at + drawn.draw(st.integers(0, 3))] = drawn.draw(st.binary(max_size=4))
        if not data:
            break
    fuzz.once(name, bytes(data))
