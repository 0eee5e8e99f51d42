"""Sizes as people write them."""

from __future__ import annotations

import click
import pytest

from kd_edge.cli.sizes import parse_bytes


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("16KB", 16_000),
        ("16 kb", 16_000),
        ("16k", 16_000),
        ("16KiB", 16_384),
        ("1.5MB", 1_500_000),
        ("2MiB", 2_097_152),
        ("12000", 12_000),
        ("900 B", 900),
    ],
)
def test_sizes(written, size):
    assert parse_bytes(written) == size


@pytest.mark.parametrize(
    "written",
    ["", "KB", "-3KB", "16GBs", "0", "0KB", "0.1", "1e3", "16,000", "٣", "9" * 400, "inf", "nan"],
)
def test_what_is_not_a_size(written):
    with pytest.raises(click.BadParameter, match="is not a size: write it like 16KB"):
        parse_bytes(written)
