"""Bytes as the text of a page."""

from __future__ import annotations

import random

import pytest

from kd_edge.page.seven_bits import as_text
from page_texts import bytes_of

EVERY = bytes(range(256))


@pytest.mark.parametrize(
    "data",
    [b"", b"a", b"<script>", bytes(7), b"\xff" * 9, EVERY, *(EVERY[:at] for at in range(8, 16))],
)
def test_bytes_come_back(data):
    text = as_text(data)
    assert bytes_of(text) == data
    assert not set(text) & set("\0\r<")


def test_it_is_an_eighth_more():
    data = random.Random(1).randbytes(70_000)
    assert len(as_text(data).encode("utf-8")) / len(data) < 1.17
