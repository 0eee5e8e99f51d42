"""The catalogue of a folder of bundles."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import pytest

import bundles_made
from kd_edge.report.catalogue import _qwk, index, write_catalogue
from kd_edge_runtime.errors import InputError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "bundles"
    (folder / "b").mkdir(parents=True)
    bundles_made.write(folder / "two.kdz", bundles_made.two_items())
    shutil.copy(folder / "two.kdz", folder / "b" / "<script>.kdz")
    return folder


def test_intact_bundles(folder, tmp_path):
    first, second = index(folder)
    assert (first.file, second.file) == ("b/<script>.kdz", "two.kdz")
    data = (folder / "two.kdz").read_bytes()
    assert second.sha256 == first.sha256 == hashlib.sha256(data).hexdigest()
    assert second.bytes == len(data) and second.protocol == 1 and not second.problem
    assert second.created == bundles_made.CREATED and second.signer == ""
    assert [one.item_id for one in second.items] == [
        one.item_id for one in bundles_made.two_items()
    ]
    as_json, page = write_catalogue([first, second], tmp_path)
    assert json.loads(as_json.read_text())["bundles"][1]["items"][0]["classes"]
    text = page.read_text(encoding="utf-8")
    assert (
        "&lt;script&gt;.kdz" in text
        and "<script" not in text
        and "http:" not in text
        and "report.html" not in text
    )
    assert "default-src 'none'" in text


def test_damaged_ones_are_listed_with_the_reason(folder, tmp_path):
    data = bytearray((folder / "two.kdz").read_bytes())
    (folder / "a.kdz").write_bytes(data[:300])
    (folder / "empty.kdz").write_bytes(b"")
    (folder / "gone.kdz").symlink_to(folder / "nothing")
    at = data.index(b"vocabulary.bin") + 30
    data[at] ^= 1
    (folder / "changed.KDZ").write_bytes(data)
    found = {one.file: one for one in index(folder)}
    assert "not a bundle" in found["a.kdz"].problem and found["a.kdz"].sha256
    assert "not a bundle" in found["empty.kdz"].problem
    assert "leads nowhere" in found["gone.kdz"].problem
    assert "is damaged" in found["changed.KDZ"].problem
    assert not found["two.kdz"].problem and not found["a.kdz"].items
    _, page = write_catalogue([*found.values()], tmp_path)
    assert "a.kdz: not a bundle" in page.read_text(encoding="utf-8")


def test_what_may_not_be_read_is_listed_in_plain_words(folder, monkeypatch):
    (folder / "closed").mkdir()

    def refuses(path):
        raise PermissionError(13, "Permission denied", str(path))

    listed = os.scandir

    def scandir(path):
        return refuses(path) if str(path).endswith("closed") else listed(path)

    monkeypatch.setattr(os, "scandir", scandir)  # root may read everything
    monkeypatch.setattr("kd_edge.report.catalogue.hash_file", refuses)
    found = {one.file: one.problem for one in index(folder)}
    assert found == {
        "b/<script>.kdz": "no permission to read this file",
        "closed": "no permission to read this folder",
        "two.kdz": "no permission to read this file",
    }


def test_nothing_to_list(tmp_path):
    with pytest.raises(InputError, match="holds no bundle"):
        index(tmp_path)
    with pytest.raises(InputError, match="no such"):
        index(tmp_path / "gone")


def test_the_agreement_that_a_card_states():
    head = "|  | QWK | exact |\n| --- | ---: | ---: |\n"
    card = (
        f"# x\n\n## Item a\n\n{head}| large model | 0.9 | 1 |\n| small model | -0.031 | 0.2 |\n"
        f"| small model alone | 0.5 | 0.2 |\n\n## Item b | c\n\n{head}| small model | 0.7 | 1 |\n"
        "| two small models | 0.8 | 1 |\n\n## Item d\n\nIt has not been measured.\n"
    )
    assert _qwk(card) == {"a": -0.031, "b | c": 0.8}
