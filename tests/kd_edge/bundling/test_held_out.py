"""The record of held-out responses in a bundle: what a device writes, and nothing of few."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from dataclasses import replace

import pytest

import bundles_made
import seconds_made
from bundles_made import SENTENCES
from kd_edge.bundling.bundle import ExportItem, export
from kd_edge.bundling.held_out import ToCount, told, with_held_out
from kd_edge.data.responses import Row
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.held_out import LEAST_RESPONSES, confidence_bin, held_out_of
from kd_edge_runtime.scorer import Scorer
from workshop import item_of

TEXTS = [*SENTENCES * 8, *["warm ice"] * 9, *["melts"] * 7, *[""] * 4, "nobodyknowsthisword"]
ROWS = tuple(Row(f"r{at}", "stove", text) for at, text in enumerate(TEXTS))


def recorded(parts, path, rows=ROWS, shared_by=3):
    """The entry of an item in a bundle with its record."""
    return bundles_made.write(path, with_held_out([ToCount(parts, rows, shared_by)])).items[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    for name in ("one.kdz", "again.kdz"):
        recorded(bundles_made.item(), folder / name)
    return folder


def test_it_counts_what_a_device_writes(made, command):
    table = made / "responses.csv"
    table.write_text("\n".join(["text,n", *(f'"{text}",1' for text in TEXTS)]) + "\n")
    assert command("score", made / "one.kdz", table, "-o", made / "scores.csv").code == 0
    with (made / "scores.csv").open() as file:
        written = [*csv.DictReader(file)]
    with Bundle(made / "one.kdz") as bundle:
        entry = bundle.manifest.item()
    record = held_out_of(entry)
    assert record.responses == len(TEXTS) == len(written)
    scores = dict(zip(entry.classes, record.score, strict=True))
    for found, wanted in (
        (scores, [row["predicted"] for row in written]),
        (record.flag, [row["flag"] for row in written]),
        (
            dict(enumerate(record.confidence)),
            [confidence_bin(float(row["confidence"])) for row in written],
        ),
    ):
        counts = Counter(wanted)
        assert max(found.values()) > 2
        assert all(count in (0, counts[name]) and count not in (1, 2)
                   for name, count in found.items())  # fmt: skip
    assert record.flag["empty"] == 4
    assert len(TEXTS) - 8 <= sum(record.unknown) <= len(TEXTS)


def test_it_is_small_reproducible_and_no_text(made):
    assert (made / "one.kdz").read_bytes() == (made / "again.kdz").read_bytes()
    entry = json.loads(zipfile.ZipFile(made / "one.kdz").read("manifest.json"))["items"][0]
    record = json.dumps(entry["held_out"])
    assert len(record) < 400
    assert not {word for text in TEXTS for word in text.split()} & set(record.split('"'))
    bundles_made.write(made / "without.kdz")
    more = (made / "one.kdz").stat().st_size - (made / "without.kdz").stat().st_size
    assert 0 < more < 300


def test_it_never_tells_of_fewer_than_a_vocabulary_may(tmp_path):
    for shared_by, least in ((0, 3), (5, 5)):
        record = held_out_of(recorded(bundles_made.item(), tmp_path / "x.kdz", ROWS, shared_by))
        counts = [*record.score, *record.confidence, *record.flag.values(), *record.unknown]
        assert min(filter(None, counts)) >= least
        assert len(ROWS) - sum(record.flag.values()) not in range(1, least)


def test_of_few_there_is_none(tmp_path):
    for number in (LEAST_RESPONSES - 1, LEAST_RESPONSES):
        entry = recorded(bundles_made.item(), tmp_path / "x.kdz", ROWS[:number])
        assert bool(held_out_of(entry)) == (number == LEAST_RESPONSES)
        raw = json.loads(zipfile.ZipFile(tmp_path / "x.kdz").read("manifest.json"))
        assert ("held_out" in raw["items"][0]) == (number == LEAST_RESPONSES)


def test_two_students_have_a_record_each(tmp_path):
    entry = recorded(seconds_made.item(below=1.0), tmp_path / "x.kdz")
    records = [held_out_of(entry, both=True), held_out_of(entry, both=False)]
    for record, first_only in zip(records, (False, True), strict=True):
        with Scorer.open(tmp_path / "x.kdz", first_only=first_only) as scorer:
            scores = scorer.score_many(TEXTS)
        counts = Counter(confidence_bin(round(score.confidence, 4)) for score in scores)
        assert all(count in (0, counts[at]) for at, count in enumerate(record.confidence))
    assert records[0].confidence != records[1].confidence
    assert records[0].unknown == records[1].unknown != ()


@pytest.mark.slow
def test_an_export_has_it(small_students, tmp_path):
    both = ExportItem(small_students["bag"], held_out=item_of(40).rows)
    for student, rows in ((both, 40), (replace(both, held_out=()), 0)):
        entry = export([student], tmp_path / "x.kdz", {}).manifest.items[0]
        record = held_out_of(entry)
        assert (record.responses if record else 0) == rows


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ("aaaabbb", {"a": 4, "b": 3}),
        ("aaaabbbbbc", {"b": 5}),  # of what is left, one had c: a goes with it
        ("aaaabbbbbccddd", {"a": 4, "b": 5}),
        ("aaaabbbbbccdd", {"a": 4, "b": 5}),  # four had c or d
        ("ab", {}),
    ],
)
def test_what_tells_of_too_few_is_left_out(cells, wanted):
    assert told(cells, [str(at) for at in range(len(cells))]) == wanted


def test_students_count_and_not_responses():
    assert told("aaaabbb", ["x", "x", "x", "y", "x", "y", "z"]) == {}
    assert told("aaaabbb", ["u", "v", "x", "y", "x", "y", "z"], 3) == {"a": 4, "b": 3}
    assert told("aaaabbb", ["u", "v", "x", "y", "x", "y", "z"], 4) == {}
