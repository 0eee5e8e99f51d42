"""The benchmark of hostile bundles and texts, with few cases of each kind."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks import hostile, hostile_child
from benchmarks.hostile_mutations import MANIFEST, hashed, members_of, rehashed, zipped
from benchmarks.hostile_texts import text
from kd_edge_runtime.bundle.archive import Bundle

SOURCES = sorted((Path(__file__).parents[1] / "bundles").glob("*.kdz"))


@pytest.fixture
def part(monkeypatch):
    monkeypatch.setattr(hostile_child, "NATIVE", ())
    monkeypatch.setattr(hostile_child.os, "write", lambda *_: None)
    return hostile_child.Part()


@pytest.mark.parametrize(("kind", "number"), [("bytes", 200), ("rehashed", 60)])
def test_no_bundle_does_harm(kind, number, part, tmp_path):
    hostile_child.bundles(kind, range(number), SOURCES, tmp_path / "a.kdz", part)
    assert part.odd == []
    assert sum(part.counts.values()) == number
    assert any(how.startswith("refused") for how in part.counts)


def test_no_text_does_harm(part, tmp_path):
    hostile_child.texts(range(1), SOURCES[:1], tmp_path / "none", part)
    assert part.odd == []


def test_what_is_changed_keeps_right_hashes(tmp_path):
    """But for changes of the manifest itself."""
    members = members_of(SOURCES[0].read_bytes())
    seen = 0
    for seed in range(40):
        data, name = rehashed(members, random.Random(seed))
        (tmp_path / "a.kdz").write_bytes(data)
        if name != MANIFEST:
            with Bundle(tmp_path / "a.kdz") as bundle:
                bundle.check()
                seen += bundle.read(name) != members[name]
    assert seen > 10


def test_a_fault_is_counted(part, tmp_path, monkeypatch):
    def broken(*_):
        raise IndexError

    monkeypatch.setattr(hostile_child, "_score", broken)
    hostile_child.bundles("rehashed", range(30), SOURCES, tmp_path / "a.kdz", part)
    assert part.counts["tracebacks"] == len(part.odd) > 0
    assert "IndexError" in part.odd[0]


def test_what_is_written_elsewhere_is_counted(part, tmp_path):
    part.watch("open", (str(tmp_path / "b"), "w", 0))
    part.watch("open", (str(tmp_path / "a"), "r", 0))
    part.watch("socket.connect", ())
    part.written("bytes 1", tmp_path / "a")
    assert part.counts == {"writes outside": 2}


def test_wrong_hashes_are_made_right():
    members = members_of(SOURCES[0].read_bytes())
    again = hashed({**members, "card.md": b"# other\n"})
    assert again[MANIFEST] != members[MANIFEST]
    assert hashed(members)[MANIFEST] == members[MANIFEST]
    assert members_of(zipped(again)) == again


def test_texts_are_those_of_their_seed():
    assert text(random.Random(3)) == text(random.Random(3))
    assert len({text(random.Random(seed)) for seed in range(100)}) > 80


def test_figures_count_every_case_and_what_ended_badly():
    parts = {
        kind: {"counts": {"hangs": 2, "scored": 5}, "odd": [], "MiB": 95} for kind in hostile.CASES
    }
    found = hostile.figures(parts)
    assert [one["cases"] for one in found.values()] == [80_000, 20_000, 100_000]
    assert (found["bytes"]["hangs"], found["bytes"]["ends"]) == (2, {"scored": 5})


def test_the_committed_figures_say_that_nothing_ended_badly():
    rows = hostile.table().splitlines()[2:]
    assert len(rows) == len(hostile.CASES)
    assert all("| 0 | 0 | 0 | 0 | 0 |" in row for row in rows)
