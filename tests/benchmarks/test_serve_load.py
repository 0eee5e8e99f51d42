"""The benchmark of `serve` under load: a small run of it, and the figures that were measured."""

from __future__ import annotations

import sys

import pytest

from benchmarks import record, serve_load


def check(found, clients):
    assert sum(found["clients"].values()) >= clients
    assert all(found["clients"].values())
    assert found["asked"] == found["right"] > 0
    assert (found["wrong"], found["missing"]) == (0, 0)
    assert set(found["refused"]) <= {"busy", "protocol", "too-large"}
    assert found["refused"]["protocol"] > 0
    assert found["descriptors"]["end"] <= found["descriptors"]["start"]
    assert found["memory_mib"]["greatest"] < found["memory_mib"]["start"] + 100
    assert found["at_stop"]["right"] == found["at_stop"]["asked"] > 0
    assert found["exit_code"] == 0
    assert found["said"] == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_small_run(tmp_path):
    check(serve_load.measure(tmp_path, 40, 2), 40)


def test_what_was_measured_has_no_wrong_or_missing_answer():
    found = record.read("serve_load")["figures"]
    assert found["seconds"] >= 60
    check(found, 200)
