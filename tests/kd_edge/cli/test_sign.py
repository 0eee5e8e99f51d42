from __future__ import annotations

import json

import pytest

import bundles_made
from ssh_keys import make_key, public, require_keygen


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    require_keygen()
    return make_key(tmp_path_factory.mktemp("keys"), "ana")


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "item.kdz"
    bundles_made.write(path)
    return path


def test_the_key_and_the_line_for_devices_are_shown(command, bundle, key):
    said = command("sign", bundle, "--key", key)
    assert said.code == 0
    assert f"{bundle}: signed with ED25519 key SHA256:" in said.out
    assert f'  NAME namespaces="kd-edge" {public(key)}\n' in said.out


def test_json(command, bundle, key, tmp_path):
    said = command("sign", bundle, "--key", key, "-o", tmp_path / "signed.kdz", "--json")
    report = json.loads(said.out)
    assert report["bundle"] == str(tmp_path / "signed.kdz")
    assert report["signatures"] == 1


def test_what_is_wrong_is_told(command, bundle, key, tmp_path):
    assert "no such" in command.fails("sign", tmp_path / "gone.kdz", "--key", key)
    assert "no such" in command.fails("sign", bundle, "--key", tmp_path / "gone")
    assert "no folder" in command.fails(
        "sign", bundle, "--key", key, "-o", tmp_path / "no" / "a.kdz"
    )
    assert "--key" in command.fails("sign", bundle)
    assert "With --with-runtime" not in command.fails("flash", bundle, tmp_path / "c", "--key", key)


@pytest.mark.parametrize("named", ["", ".pub"])
@pytest.mark.parametrize("over", ["", ".pub"])
def test_neither_half_of_the_key_is_overwritten(command, bundle, tmp_path, named, over):
    require_keygen()
    key = make_key(tmp_path, "ana")
    halves = {end: key.with_name(key.name + end) for end in ("", ".pub")}
    before = {end: half.read_bytes() for end, half in halves.items()}
    said = command.fails("sign", bundle, "--key", halves[named], "-o", halves[over])
    assert "would overwrite this input" in said
    assert {end: half.read_bytes() for end, half in halves.items()} == before


def test_a_name_steers_no_terminal(command, tmp_path, key):
    path = tmp_path / "a\x1b[31m.kdz"
    bundles_made.write(path)
    said = command("sign", path, "--key", key)
    assert said.code == 0
    assert "a\\x1b[31m.kdz: signed with" in said.out
