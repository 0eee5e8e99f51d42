"""`kd-edge index`."""

from __future__ import annotations

import json

import bundles_made


def test_it_lists_a_folder_and_says_what_is_damaged(command, tmp_path):
    bundles_made.write(tmp_path / "one.kdz")
    done = command("index", tmp_path)
    assert done.code == 0 and "1 bundle, 1 item, 0 damaged" in done.out
    assert (tmp_path / "catalogue.html").exists()
    (tmp_path / "cut.kdz").write_bytes(b"PK")
    done = command("index", tmp_path, "-o", tmp_path / "site", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert [bool(one["problem"]) for one in found["bundles"]] == [True, False]
    assert (
        json.loads((tmp_path / "site" / "catalogue.json").read_text())["bundles"]
        == found["bundles"]
    )
    assert "no such" in command.fails("index", tmp_path / "gone")
    (tmp_path / "cut.kdz").unlink()
    message = command.fails("index", tmp_path, "-o", "/proc/no-such")
    assert "cannot write '/proc/no-such'" in message


def test_what_cannot_be_written_is_refused_before_the_bundles_are_read(
    command, tmp_path, monkeypatch
):
    bundles_made.write(tmp_path / "one.kdz")
    (tmp_path / "catalogue.html").mkdir()
    monkeypatch.setattr("kd_edge.report.catalogue.index", None)
    assert "catalogue.html" in command.fails("index", tmp_path)
    assert not (tmp_path / "catalogue.json").exists()
