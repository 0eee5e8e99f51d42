"""Bundles are checked by the ssh-keygen that is installed, with real keys."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

import bundles_made
from kd_edge.bundling.signing import sign, sign_bundle
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.signatures.check import SignatureError, check_signature, fingerprint, signer_of
from ssh_keys import allow, make_key, public, require_keygen


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    require_keygen()
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("ana", "ben", "eve")}


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "item.kdz"
    bundles_made.write(path)
    return path


def checked(path, root):
    with Bundle(path) as opened:
        return check_signature(opened, root)


def test_without_a_list_anything_is_taken(bundle, root, keys):
    assert checked(bundle, root) == ""
    sign_bundle(bundle, keys["eve"])
    assert checked(bundle, root) == ""


def test_a_signer_on_the_list(bundle, root, keys):
    allow(root, keys["ben"], keys["ana"])
    sign_bundle(bundle, keys["ana"])
    assert checked(bundle, root) == "ana@school"


def test_one_of_several_signatures_is_enough(bundle, root, keys):
    allow(root, keys["ben"])
    for name in ("eve", "ana", "ben"):
        sign_bundle(bundle, keys[name])
    assert checked(bundle, root) == "ben@school"


def test_a_bundle_without_a_signature(bundle, root, keys):
    allow(root, keys["ana"])
    with pytest.raises(SignatureError, match=r"item\.kdz: not signed, but .*kd-edge sign"):
        checked(bundle, root)


def test_a_signer_who_is_not_on_the_list(bundle, root, keys):
    allow(root, keys["ana"], keys["ben"])
    sign_bundle(bundle, keys["eve"])
    with pytest.raises(SignatureError, match="not signed by anybody whom"):
        checked(bundle, root)


@pytest.mark.parametrize("as_krl", [False, True])
def test_a_key_that_is_revoked(bundle, root, keys, as_krl):
    allow(root, keys["ana"], keys["ben"])
    sign_bundle(bundle, keys["ana"])
    revoked = root / "revoked_keys"
    if as_krl:
        words = ["ssh-keygen", "-q", "-k", "-f", str(revoked), f"{keys['ana']}.pub"]
        subprocess.run(words, check=True)
    else:
        revoked.write_text(public(keys["ana"]) + "\n")
    with pytest.raises(SignatureError, match=r"revoked_keys' revokes the key of 'ana@school'"):
        checked(bundle, root)
    sign_bundle(bundle, keys["ben"])
    assert checked(bundle, root) == "ben@school"


@pytest.mark.parametrize("left", [bytes(81), b"\0", b"# keys\n\0\0"])
def test_a_list_of_revoked_keys_that_a_power_cut_left(bundle, root, keys, left):
    """OpenSSH takes zeros for empty lines."""
    allow(root, keys["ana"])
    sign_bundle(bundle, keys["ana"])
    (root / "revoked_keys").write_bytes(left)
    with pytest.raises(InputError, match="revoked_keys' is damaged"):
        checked(bundle, root)


def test_a_list_of_revoked_keys_that_cannot_be_read_revokes_all(bundle, root, keys):
    allow(root, keys["ana"])
    sign_bundle(bundle, keys["ana"])
    (root / "revoked_keys").write_bytes(b"SSHKRL\n\0\xff\xff")
    with pytest.raises(SignatureError):
        checked(bundle, root)


@pytest.mark.parametrize(
    "options",
    ['namespaces="kd-edge",valid-before="20200101"', 'namespaces="git"', "cert-authority"],
)
def test_a_key_that_does_not_count_now_or_for_this(bundle, root, keys, options):
    allow(root, keys["ana"], options=options)
    sign_bundle(bundle, keys["ana"])
    with pytest.raises(SignatureError, match="not signed by anybody whom"):
        checked(bundle, root)


def test_why_an_expired_key_does_not_count(bundle, root, keys):
    allow(root, keys["ana"], options='valid-before="20200101"')
    sign_bundle(bundle, keys["ana"])
    with pytest.raises(SignatureError, match="key has expired"):
        checked(bundle, root)


def test_a_signature_for_something_else(bundle, root, keys):
    allow(root, keys["ana"], options="")
    with Bundle(bundle) as opened:
        message = opened.manifest_bytes
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", str(keys["ana"])]
    other = subprocess.run(words, input=message, capture_output=True, check=True).stdout
    for signature in (other, sign(message + b" ", keys["ana"])):
        with pytest.raises(SignatureError):
            signer_of(message, [signature], root, "item.kdz")


def test_another_bundle_under_a_signature(bundle, root, keys, tmp_path):
    """A signature that is moved onto another bundle is of another manifest."""
    allow(root, keys["ana"])
    sign_bundle(bundle, keys["ana"])
    other = tmp_path / "other.kdz"
    bundles_made.write(other, [bundles_made.item(seed=5)])
    with Bundle(bundle) as signed, Bundle(other) as opened:
        opened._zip.comment = b"".join(signed.signatures)
        with pytest.raises(SignatureError):
            check_signature(opened, root)


def test_a_list_that_is_empty_or_a_broken_link_allows_nobody(bundle, root, keys):
    sign_bundle(bundle, keys["ana"])
    (root / "allowed_signers").write_text("")
    with pytest.raises(SignatureError):
        checked(bundle, root)
    (root / "allowed_signers").unlink()
    (root / "allowed_signers").symlink_to(root / "gone")
    with pytest.raises(InputError, match="allowed_signers: no such file"):
        checked(bundle, root)


def test_a_list_that_is_a_pipe_or_a_folder_is_refused_at_once(bundle, root, keys):
    sign_bundle(bundle, keys["ana"])
    for make in (os.mkfifo, os.mkdir):
        make(root / "allowed_signers")
        with pytest.raises(InputError, match="is not a file"):
            checked(bundle, root)
        (root / "allowed_signers").rename(root / f"was {make.__name__}")


def test_a_device_without_ssh_keygen_refuses(bundle, root, keys, monkeypatch):
    allow(root, keys["ana"])
    sign_bundle(bundle, keys["ana"])
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(SignatureError, match="no ssh-keygen: install OpenSSH"):
        checked(bundle, root)


def test_the_key_of_a_signature(keys):
    signature = sign(b"text", keys["ana"])
    assert fingerprint(b"text", signature).startswith("ED25519 key SHA256:")
    assert fingerprint(b"other", signature) == ""
