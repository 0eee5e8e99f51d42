"""Tests of the core are skipped where it is not installed, but fail in CI."""

from __future__ import annotations

import os

from kd_edge_runtime import backends

if backends.missing("core"):
    if os.environ.get("KD_EDGE_DEVICES") == "required":
        raise RuntimeError("kd-edge-core is not installed: pip install -e runtime/core")
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header() -> str | None:
    """Says that they are skipped."""
    return "kd-edge-core is not installed: its tests are skipped" if collect_ignored() else None


def collect_ignored() -> bool:
    """Whether the core is missing."""
    return bool(backends.missing("core"))
