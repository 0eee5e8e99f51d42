"""Records of stages, their hashes, and files that are whole or not there."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kd_edge import files
from kd_edge.data.responses import Row
from kd_edge.files import atomic_folder, check_replaceable
from kd_edge.stages import record as stage
from kd_edge.stages.record import (
    hash_file,
    hash_files,
    hash_folder,
    hash_json,
    hash_rows,
    is_current,
    read_record,
    write_record,
)
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.files import atomic_write

ROW = Row("r1", "i", "A cup of ice", score=1)


@dataclass(frozen=True)
class Options:
    rate: float = 0.1
    sizes: tuple[int, ...] = (1, 2)
    model: str = "packaged"


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def done(tmp_path):
    """A finished stage: its record, options and inputs."""
    output = tmp_path / "out" / "labels.csv"
    output.parent.mkdir()
    output.write_text("a,b\n")
    record = tmp_path / "out" / "labels.stage.json"
    inputs = {"rows": "ab" * 32}
    write_record(record, "label", Options(), inputs, [output], 12.34)
    return record, inputs, output


def test_a_stage_is_current_until_something_changes(done):
    record, inputs, output = done
    assert is_current(record, "label", Options(), inputs)
    assert not is_current(record, "teacher", Options(), inputs)
    assert not is_current(record, "label", Options(rate=0.2), inputs)
    assert not is_current(record, "label", Options(), {"rows": "cd" * 32})
    assert not is_current(record, "label", Options(), {})
    output.write_text("a,c\n")
    assert not is_current(record, "label", Options(), inputs)
    output.unlink()
    assert not is_current(record, "label", Options(), inputs)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"stage": "label"}', "[" * 100_000])
def test_a_damaged_record_is_no_record(done, damage):
    record, inputs, _ = done
    record.write_text(damage)
    assert read_record(record) is None
    assert not is_current(record, "label", Options(), inputs)


@pytest.mark.parametrize("name", ["options", "inputs", "outputs", "versions", "sizes"])
def test_a_record_with_another_type_is_no_record(done, name):
    record, inputs, _ = done
    record.write_text(json.dumps({**json.loads(record.read_text()), name: None}))
    assert read_record(record) is None
    assert not is_current(record, "label", Options(), inputs)


def test_a_record_names_no_place_on_this_machine(done, tmp_path):
    record, inputs, output = done
    options = Options(model=str(tmp_path / "models" / "mini"))
    write_record(record, "label", options, inputs, [output], 1.0)
    text = record.read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["options"]["model"] == "mini"
    elsewhere = Options(model="C:\\models\\mini")
    assert is_current(record, "label", elsewhere, inputs)
    assert json.loads(text)["outputs"].keys() == {"labels.csv"}
    assert set(json.loads(text)["versions"]) == {"python", "kd-edge", "torch", "transformers"}


def test_an_output_can_be_a_folder(tmp_path):
    folder = tmp_path / "teacher"
    folder.mkdir()
    (folder / "a").write_text("1")
    record = tmp_path / "teacher.stage.json"
    write_record(record, "teacher", {}, {}, [folder], 1.0)
    assert is_current(record, "teacher", {}, {})
    (folder / "b").write_text("2")
    assert not is_current(record, "teacher", {}, {})


def test_hash_folder_depends_on_names_and_contents_alone(tmp_path):
    def folder(name, entries):
        for path, text in entries:
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return hash_folder(tmp_path / name)

    first = folder("one", [("a", "1"), ("b/c", "2")])
    assert folder("two", [("b/c", "2"), ("a", "1")]) == first
    assert folder("three", [("a", "2"), ("b/c", "1")]) != first
    assert folder("four", [("a", "1"), ("c", "2")]) != first
    assert hash_files({"a": tmp_path / "one/a", "b/c": tmp_path / "one/b/c"}) == first


def test_hash_file_is_sha256(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_file(tmp_path / "abc") == expected


@settings(deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec=None)), min_size=1, max_size=5),
    at=st.integers(0, 4),
    extra=st.text(min_size=1),
)
def test_hash_rows_sees_every_change(texts, at, extra):
    rows = [replace(ROW, response_id=f"r{n}", text=text) for n, text in enumerate(texts)]
    before = hash_rows(rows)
    assert hash_rows(tuple(rows)) == before
    at %= len(rows)
    changed = list(rows)
    changed[at] = replace(rows[at], text=rows[at].text + extra)
    assert hash_rows(changed) != before
    changed[at] = replace(rows[at], score=None)
    assert hash_rows(changed) != before
    assert hash_rows([*rows, ROW]) != before
    if len(rows) > 1:
        assert hash_rows(rows[::-1]) != before


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_hash_json_does_not_depend_on_the_order_of_keys(value):
    backwards = dict(reversed(value.items()))
    assert hash_json(backwards) == hash_json(value)
    assert hash_json({**value, "more": None}) != hash_json(value)


def test_atomic_write_keeps_the_old_file_when_the_new_one_fails(tmp_path):
    path = tmp_path / "file.txt"
    with atomic_write(path) as file:
        file.write("old\n")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as file:
        file.write("new")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old\n"
    assert _names(path.parent) == ["file.txt"]
    with atomic_write(path, binary=True) as file:
        file.write(b"\x00")
    assert path.read_bytes() == b"\x00"


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "not allowed")]
)
def test_write_errors_are_plain(tmp_path, monkeypatch, number, words):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(InputError, match=words) as caught, atomic_write(tmp_path / "x") as file:
        file.write("x")
    assert isinstance(caught.value, KdEdgeError)
    assert "Errno" not in str(caught.value)
    assert _names(tmp_path) == []
    with pytest.raises(InputError, match=words), atomic_folder(tmp_path / "f", ["m"]) as new:
        (new / "m").write_text("x")
    assert _names(tmp_path) == []


def test_a_file_in_the_way_of_a_folder_is_told_plainly(tmp_path):
    (tmp_path / "a").write_text("")
    words = r"in the way|not a folder"
    with pytest.raises(InputError, match=words), atomic_write(tmp_path / "a" / "b") as file:
        file.write("x")


def test_other_errors_pass(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "x"):
        Path(tmp_path / "not there").read_text()


def _fill(path, text):
    with atomic_folder(path, ["marker"]) as new:
        (new / "marker").write_text(text)


@pytest.mark.skipif(os.name != "posix", reason="no modes")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_who_may_read_the_folder_may_read_its_files(tmp_path, mode):
    with atomic_folder(tmp_path / "a", ["marker"]) as new:
        new.chmod(mode)
        (new / "marker").write_text("")
        (new / "marker").chmod(0o600)
    assert (tmp_path / "a" / "marker").stat().st_mode & 0o777 == 0o600 | (mode & 0o444)


def test_atomic_folder_replaces_a_whole_folder(tmp_path):
    path = tmp_path / "teacher"
    _fill(path, "1")
    (path / "checkpoint").mkdir()
    _fill(path, "2")
    assert (path / "marker").read_text() == "2"
    with pytest.raises(KeyboardInterrupt), atomic_folder(path, ["marker"]) as new:
        (new / "marker").write_text("3")
        raise KeyboardInterrupt
    assert (path / "marker").read_text() == "2"
    assert _names(path) == ["marker"]
    assert _names(tmp_path) == ["teacher"]


def test_atomic_folder_mends_a_swap_that_was_killed(tmp_path):
    path = tmp_path / "teacher"
    _fill(path, "1")
    path.rename(tmp_path / ".teacher.old")
    (tmp_path / ".teacher.new").mkdir()
    (tmp_path / ".teacher.new" / "torn").write_text("")
    with pytest.raises(ValueError, match="later"), atomic_folder(path, ["marker"]) as new:
        assert _names(new) == []
        raise ValueError("later")
    assert (path / "marker").read_text() == "1"
    assert _names(tmp_path) == ["teacher"]


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_was_whole_when_its_process_was_killed_is_kept(tmp_path, there):
    path = tmp_path / "teacher"
    _fill(tmp_path / ".teacher.whole", "2")
    _fill(path if there else tmp_path / ".teacher.old", "1")
    (tmp_path / ".labels.csv.0123456789ab.tmp").write_text("a student's words")
    files.sweep(tmp_path)
    # Where the one before is still in its place, it has a checkpoint that leads to the same.
    assert (path / "marker").read_text() == ("1" if there else "2")
    assert _names(tmp_path) == ["teacher"]
    files.sweep(tmp_path / "not there")


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path):
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(InputError, match="did not make"):
        _fill(tmp_path, "1")
    with pytest.raises(InputError, match="is a file"):
        check_replaceable(tmp_path / "thesis.odt", ["marker"])
    assert _names(tmp_path) == ["thesis.odt"]


def test_versions_survive_a_source_tree_that_is_not_installed(monkeypatch):
    def missing(name):
        raise stage.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(stage.importlib.metadata, "version", missing)
    assert stage.versions()["torch"] == "unknown"
