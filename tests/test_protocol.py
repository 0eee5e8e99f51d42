"""Bundles that were ever written still open, verify and score as they did.

A sample is committed for each protocol (`bundles/make.py`) and never changed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

from kd_edge_runtime import backends
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.bundle.held_out import held_out_of
from kd_edge_runtime.bundle.manifest import OLDEST_PROTOCOL, PROTOCOL
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.students.item import LoadedItem

FOLDER = Path(__file__).parent / "bundles"
SAMPLES = sorted(FOLDER.glob("*.kdz"))

# What was committed; a sample that is made again is no longer what devices hold.
HASHES = {
    # With a second student, which protocol 1 got later (FORMAT.md, section 15).
    "cascade-1.kdz": "9f37f1c75b302d5efb0a961285e1d333bd1d7d551e1a6f08688fba7834e60b95",
    # With students that read reference answers, which items share (FORMAT.md, sections 12 and 19).
    "cross-1.kdz": "4161e3462efd8c93ac13a3e2509400f78023dfaa98fee7a3e6eaf866d1ea2548",
    # With a record of held-out responses (FORMAT.md, section 18).
    "held-out-1.kdz": "5dbfc73a62978e4331a964f461235dfb56a8f5046cbacad40dbf2919359734c9",
    "protocol-1.kdz": "f6a1b60eafb451e4070a5a530bee44640f6d2125cb1f32fe4357b10b974741ee",
}
LARGEST = 40_000


def test_every_protocol_has_its_sample():
    wanted = {f"protocol-{number}.kdz" for number in range(OLDEST_PROTOCOL, PROTOCOL + 1)}
    assert wanted <= {path.name for path in SAMPLES}, "see 'Raising the protocol' in FORMAT.md"
    assert OLDEST_PROTOCOL == 1, "old bundles stay readable for ever"
    assert {path.name for path in SAMPLES} == set(HASHES)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_never_changes(path):
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == HASHES[path.name]
    assert len(data) < LARGEST
    with Bundle(path) as bundle:
        assert path.stem.rpartition("-")[2] == str(bundle.manifest.protocol)


def pairs():
    """Each sample with each backend that is installed and reads a form of it."""
    for path in SAMPLES:
        with Bundle(path) as bundle:
            for name in backends.NAMES:
                read = {backends.forms(entry, name) for entry in bundle.manifest.items}
                if read != {()} and not backends.missing(name):
                    yield pytest.param(path, name, id=f"{path.name}-{name}")


def test_plain_python_reads_every_sample():
    assert {one.values[0] for one in pairs() if one.values[1] == "plain"} == set(SAMPLES)


@pytest.mark.parametrize(("path", "backend"), list(pairs()))
def test_a_sample_reproduces_its_golden_rows(path, backend):
    with Bundle(path) as bundle:
        for name in bundle.manifest.members:
            bundle.read(name)
        assert len(bundle.manifest.items) == 2
        for entry in bundle.manifest.items:
            golden = json.loads(bundle.read(entry.golden))
            assert set(golden["outputs"]) == set(entry.forms)
            assert len(golden["inputs"]) >= 20
            model = backends.load(LoadedItem(bundle, entry), backend)
            wanted = golden["outputs"][backends.forms(entry, backend)[0]]
            found = model.probabilities(golden["inputs"])
            assert len(found) == len(wanted)
            off = [
                abs(one - other)
                for row, rows in zip(found, wanted, strict=True)
                for one, other in zip(row, rows, strict=True)
            ]
            assert max(off) <= golden["tolerance"]
            assert max(map(max, wanted)) - min(map(min, wanted)) > 0.5  # rows that can tell


def test_a_bundle_without_flags_flags_what_it_did():
    texts = ["The ice melts.", "", "xyzzy", "ice " * 500]
    with Scorer.open(FOLDER / "protocol-1.kdz") as scorer:
        for entry in scorer.bundle.manifest.items:
            scores = scorer.score_many(texts, entry.item_id)
            assert [one.flag for one in scores] == ["", "empty", "", ""]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_reproduces_its_golden_rows_in_its_onnx_forms(path):
    onnx = pytest.importorskip("kd_edge_runtime.backends.with_onnx")
    with Bundle(path) as bundle:
        for entry in bundle.manifest.items:
            golden = json.loads(bundle.read(entry.golden))
            forms = {form for form in golden["outputs"] if form.startswith("onnx")}
            bag = entry.student == "bag"
            assert forms == ({"onnx-int8", "onnx-fp32"} if bag else {"onnx-int8"})
            for form in forms:
                found = onnx.load(LoadedItem(bundle, entry), form).probabilities(golden["inputs"])
                for row, wanted in zip(found, golden["outputs"][form], strict=True):
                    assert row == pytest.approx(wanted, abs=golden["tolerance"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_bundle_of_a_newer_protocol_is_refused(path, tmp_path):
    newer = tmp_path / "newer.kdz"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(newer, "w") as archive:
        for name in old.namelist():
            data = old.read(name)
            if name == MANIFEST:
                raw = json.loads(data)
                raw["protocol"] = PROTOCOL + 1
                data = json.dumps(raw).encode()
            archive.writestr(name, data)
    told = re.escape(
        f"the bundle has protocol {PROTOCOL + 1}, and this kd-edge-runtime reads up to "
        f"{PROTOCOL}: update kd-edge-runtime on this device"
    )
    with pytest.raises(BundleError, match=told):
        Bundle(newer)


SECONDS = {"cascade-1.kdz": {"onnx-int8", "onnx-fp32"}, "cross-1.kdz": {"onnx-int8"}}


@pytest.mark.parametrize("wheel", [True, False], ids=["tokenizers", "plain-python"])
@pytest.mark.parametrize("name", SECONDS)
def test_a_second_student_reproduces_its_golden_rows(name, wheel, monkeypatch):
    onnx = pytest.importorskip("kd_edge_runtime.backends.with_onnx")
    if not wheel:
        monkeypatch.setitem(sys.modules, "tokenizers", None)
    with Bundle(FOLDER / name) as bundle:
        for alone in students(bundle.manifest.items)[2:]:
            golden = json.loads(bundle.read(alone.golden))
            assert {*golden["outputs"]} == SECONDS[name]
            for form, rows in golden["outputs"].items():
                found = onnx.load(LoadedItem(bundle, alone), form).probabilities(golden["inputs"])
                for row, wanted in zip(found, rows, strict=True):
                    assert row == pytest.approx(wanted, abs=golden["tolerance"])


def test_two_students_score_as_they_did():
    """Classes, flags and confidence of both together, and of the first alone."""
    texts = ["The ice melts.", "It would take longer if the pot were larger.", "", "xyzzy"]
    path = FOLDER / "cascade-1.kdz"
    with Scorer.open(path, first_only=True) as first, Scorer.open(path) as both:
        alone, found = first.score_many(texts, "stove"), both.score_many(texts, "stove")
        assert both.second("stove").backend == "onnx"
    assert [one.predicted for one in alone] == [*"1111"]
    assert [one.predicted for one in found] == [*"1203"]
    assert [round(one.confidence, 3) for one in found] == [0.764, 0.863, 0.931, 0.904]
    for scores in (alone, found):
        assert [one.flag for one in scores] == ["", "", "empty", ""]


SHARED = {
    "kettle": ("03003", "03223", [0.886, 0.585, 0.367, 0.421, 0.563], [3]),
    "glass": ("31110", "13110", [0.552, 0.441, 0.746, 0.601, 0.427], [1, 4]),
}


@pytest.mark.parametrize("item", SHARED)
def test_students_that_read_reference_answers_score_as_they_did(item):
    """The same of questions that share both networks; which of them are to be reviewed, too."""
    texts = [
        *("The stove heats the pot.", "It would take longer if the room were warmer."),
        *("", "xyzzy", "Heat goes from the stove into the ice"),
    ]
    path = FOLDER / "cross-1.kdz"
    with Scorer.open(path, first_only=True) as first, Scorer.open(path) as both:
        alone, found = first.score_many(texts, item), both.score_many(texts, item)
        assert both.second(item).backend == "onnx"
    firsts, seconds, confidence, review = SHARED[item]
    assert "".join(one.predicted for one in alone) == firsts
    assert "".join(one.predicted for one in found) == seconds
    assert [round(one.confidence, 3) for one in found] == confidence
    assert [at for at, one in enumerate(found) if one.flag == "review"] == review


def test_a_record_of_held_out_responses_is_read_as_it_was():
    with Bundle(FOLDER / "held-out-1.kdz") as bundle:
        records = [held_out_of(entry) for entry in bundle.manifest.items]
    assert records[1] is None
    assert (records[0].responses, records[0].score) == (40, (12, 15, 9, 4))
    assert records[0].confidence == (0, 0, 0, 3, 8, 10, 9, 6, 4, 0)
    assert records[0].flag == {"": 31, "review": 6}
    assert records[0].unknown == (0, 0, 0, 0, 4, 7, 9, 8, 5, 4, 3, *(0,) * 9)
