"""A report is of one finished run, not of parts of two."""

from __future__ import annotations

import shutil

import pytest

from kd_edge.report.make import make_report
from kd_edge.runs.finished import RECORD, refuse_unfinished
from kd_edge_runtime.errors import InputError


@pytest.fixture
def out(whole_way, tmp_path):
    return shutil.copytree(whole_way.folder, tmp_path / "out")


@pytest.mark.parametrize("name", ["report.json", "item-tiny/test_scores.csv"])
def test_a_file_of_another_run_is_seen(out, name):
    refuse_unfinished(out, out / "item-tiny")
    path = out / name
    path.write_bytes(path.read_bytes().replace(b"0.1", b"0.2", 1))
    with pytest.raises(InputError, match=rf"not hold one finished run \(.*{path.name} was changed"):
        make_report(out, out)


def test_another_bundle_is_seen_and_a_signature_is_none(out):
    bundle = out / "bundle.kdz"
    data = bundle.read_bytes()
    bundle.write_bytes(data[:-2] + b"\x01\x00!")  # a comment, where signatures are
    refuse_unfinished(out, out / "item-tiny")
    record = out / "item-tiny" / RECORD
    record.write_text(record.read_text().replace('"bundle.kdz": "', '"bundle.kdz": "00'))
    with pytest.raises(InputError, match=r"has changed \(bundle\.kdz\)\): start the same"):
        refuse_unfinished(out, out / "item-tiny")
    record.write_text("{")
    with pytest.raises(InputError, match="its record is damaged"):
        refuse_unfinished(out, out / "item-tiny")
    record.unlink()
    refuse_unfinished(out, out / "item-tiny")  # an older version's
