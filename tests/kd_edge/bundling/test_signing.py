"""What signing does to a bundle: nothing but the comment of its zip."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

import bundles_made
from kd_edge.bundling.signing import allowed_line, sign_bundle
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError, InputError
from ssh_keys import make_key, public, require_keygen


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    require_keygen()
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("ana", "ben")}


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "item.kdz"
    bundles_made.write(path)
    return path


def test_only_the_comment_changes(bundle, keys):
    before = bundle.read_bytes()
    signed = sign_bundle(bundle, keys["ana"])
    after = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        comment = len(archive.comment)
    # The last two bytes of a zip without a comment are the comment's length.
    assert after[: len(before) - 2] == before[:-2]
    assert len(after) == len(before) + comment
    assert signed.key.startswith("ED25519 key SHA256:")
    assert signed.allowed == f'NAME namespaces="kd-edge" {public(keys["ana"])}'
    with Bundle(bundle) as opened:
        opened.check()


def test_signing_again_changes_nothing_and_another_key_adds_one(bundle, keys):
    sign_bundle(bundle, keys["ana"])
    once = bundle.read_bytes()
    assert sign_bundle(bundle, keys["ana"]).signatures == 1
    assert bundle.read_bytes() == once
    assert sign_bundle(bundle, keys["ben"]).signatures == 2


def test_the_unsigned_bundle_may_stay(bundle, keys, tmp_path):
    before = bundle.read_bytes()
    sign_bundle(bundle, keys["ana"], tmp_path / "signed.kdz")
    assert bundle.read_bytes() == before


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_other_kinds_of_keys(bundle, tmp_path, kind):
    require_keygen()
    key = make_key(tmp_path, kind, kind)
    assert kind.upper() in sign_bundle(bundle, key).key


def test_a_damaged_bundle_is_not_signed(bundle, keys):
    data = bytearray(bundle.read_bytes())
    data[len(data) // 3] ^= 1
    bundle.write_bytes(data)
    with pytest.raises(BundleError):
        sign_bundle(bundle, keys["ana"])
    assert bundle.read_bytes() == data


def test_a_key_that_is_none(bundle, keys, tmp_path):
    before = bundle.read_bytes()
    with pytest.raises(InputError, match="no such key"):
        sign_bundle(bundle, tmp_path / "gone")
    (tmp_path / "junk").write_text("junk")
    with pytest.raises(InputError, match="junk' cannot sign: "):
        sign_bundle(bundle, tmp_path / "junk")
    alone = tmp_path / "alone.pub"
    alone.write_text(public(keys["ana"]))
    with pytest.raises(InputError, match="cannot sign"):
        sign_bundle(bundle, alone)
    assert bundle.read_bytes() == before
    assert allowed_line(tmp_path / "junk") == ""


def test_a_key_with_a_passphrase_and_nobody_to_ask(bundle, tmp_path):
    """A session of its own has no terminal, whatever this one has."""
    key = make_key(tmp_path, "secret", passphrase="open sesame")
    program = (
        "import sys; from pathlib import Path; from kd_edge.bundling.signing import sign_bundle; "
        "from kd_edge_runtime.errors import InputError\n"
        "try: sign_bundle(*map(Path, sys.argv[1:]))\nexcept InputError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, bundle, key],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert f"'{key}' cannot sign: it has a passphrase, and there is no terminal" in done.stdout
    assert f"'ssh-add {key}'" in done.stdout
    assert f"'{key}.pub'" in done.stdout
    assert not done.stderr
