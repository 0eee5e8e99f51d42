"""What devices trust: their list of signers holds for kits and bundles, on sticks and over ssh."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import pytest

import bundles_made
from flash_cuts import make_bundles
from kd_edge.bundling.signing import sign, sign_bundle
from kd_edge.flash.device.disk import SIGNATURE, SUMS
from kd_edge.flash.fleet import Device
from kd_edge.flash.kit.build import make_kit
from kd_edge.flash.kit.payload import Kits, read_payload
from kd_edge.flash.kit.platforms import PLATFORMS
from kd_edge.flash.parallel import FAILED, INSTALLED, flash
from kd_edge.flash.targets import FolderTarget, SshTarget
from kd_edge.flash.to_folder import flash_folder
from kd_edge.flash.trust import Trust, read_signers
from kd_edge_runtime.errors import InputError, KdEdgeError
from power_cuts import fast_folder
from ssh_devices import Sshd, require_sshd
from ssh_keys import allow, make_key, public, require_keygen

HERE = ".".join(map(str, sys.version_info[:2]))
X86 = PLATFORMS["x86-64"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    require_keygen()
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("ana", "eve")}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, keys):
    paths = make_bundles(tmp_path_factory.mktemp("bundles"))
    sign_bundle(paths["new"], keys["ana"])
    return paths


@pytest.fixture(scope="module")
def kits(keys):
    return {
        "ana": make_kit(X86, HERE, sign=partial(sign, key=keys["ana"])),
        "eve": make_kit(X86, HERE, sign=partial(sign, key=keys["eve"])),
        "nobody": make_kit(X86, HERE),
    }


@pytest.fixture
def tmp_path():
    with fast_folder() as folder:
        yield folder


@pytest.fixture
def install(tmp_path, python):
    """Runs a stick's install.sh on a device that has no package; what it says, if it fails."""

    def install(stick, *words, path=f"{python}:/usr/bin:/bin", **environment):
        done = subprocess.run(
            ["/bin/sh", str(stick / "install.sh"), *map(str, words)],
            cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return done.stderr if done.returncode else ""

    return install


def test_a_stick_that_an_allowed_signer_signed_is_installed(tmp_path, bundles, kits, keys, install):
    root, stick = tmp_path / "kd edge", tmp_path / "stick"
    allow(root, keys["eve"], keys["ana"])
    flash_folder("stick", stick, read_payload(bundles["new"]), kits["ana"])
    assert install(stick, root) == ""
    assert install(stick, root.name) == "", "a relative folder"
    assert install(stick, KD_EDGE_ROOT=str(root)) == ""
    status = subprocess.run(["sh", root / "kd-edge", "verify", bundles["new"]], capture_output=True)
    assert b"signed by ana@school" in status.stdout


def test_the_kit_is_held_to_the_list_before_any_of_it_runs(tmp_path, bundles, kits, keys, install):
    root, stick = tmp_path / "kd-edge", tmp_path / "stick"
    allow(root, keys["ana"])
    payload = read_payload(bundles["new"])
    for name, words in (("nobody", "the kit is not signed, but"), ("eve", "not signed by anybody")):
        flash_folder("stick", stick, payload, kits[name])
        assert words in install(stick, root)
    flash_folder("stick", stick, payload, kits["ana"])
    ran = tmp_path / "ran"
    program = stick / "kit" / "install.pyz"
    good = program.read_bytes()
    program.write_text(f"open({str(ran)!r}, 'w')")
    assert "the kit's install.pyz is missing or damaged" in install(stick, root)
    program.write_bytes(good)
    (root / "revoked_keys").write_text(public(keys["ana"]) + "\n")
    assert "not signed by anybody" in install(stick, root)
    assert [path.name for path in sorted(root.iterdir())] == ["allowed_signers", "revoked_keys"]
    assert not ran.exists()


def test_a_device_without_ssh_keygen_installs_nothing(tmp_path, bundles, kits, keys, install):
    root, stick, tools = tmp_path / "kd-edge", tmp_path / "stick", tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "id", "python3"):
        (tools / name).symlink_to(f"/usr/bin/{name}" if name != "python3" else sys.executable)
    flash_folder("stick", stick, read_payload(bundles["new"]), kits["ana"])
    allow(root, keys["ana"])
    assert "no ssh-keygen to check the kit" in install(stick, root, path=str(tools))


def test_a_bundle_that_nobody_signed_is_not_installed_from_a_stick(
    tmp_path, bundles, kits, keys, install
):
    root, stick = tmp_path / "kd-edge", tmp_path / "stick"
    flash_folder("stick", stick, read_payload(bundles["old"]), kits["ana"])
    allow(root, keys["ana"])
    assert "not signed, but" in install(stick, root)
    assert not [*root.glob("slot*")]


def test_a_list_on_the_stick_is_given_to_a_device_that_has_none(
    tmp_path, bundles, kits, keys, install
):
    root, stick = tmp_path / "kd-edge", tmp_path / "stick"
    signers = allow(tmp_path / "lists", keys["ana"]).read_bytes()
    flash_folder("stick", stick, read_payload(bundles["new"]), kits["ana"], Trust(signers))
    assert install(stick, root) == ""
    assert (root / "allowed_signers").read_bytes() == signers
    allow(root, keys["ana"], keys["eve"])
    assert "has another allowed_signers: change" in install(stick, root)


def test_a_card_is_held_to_its_list(tmp_path, bundles, keys):
    card = tmp_path / "card"
    signers = allow(tmp_path / "lists", keys["ana"]).read_bytes()
    flash_folder("card", card, read_payload(bundles["new"]), None, Trust(signers))
    with pytest.raises(KdEdgeError, match="not signed"):
        flash_folder("card", card, read_payload(bundles["old"]), None)
    with pytest.raises(KdEdgeError, match="has another allowed_signers"):
        flash_folder("card", card, read_payload(bundles["new"]), None, Trust(signers + b"#\n"))


def test_an_older_bundle_needs_a_word(tmp_path, monkeypatch):
    paths = []
    for created in ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"):
        monkeypatch.setattr(bundles_made, "CREATED", created)
        paths.append(tmp_path / f"{len(paths)}.kdz")
        bundles_made.write(paths[-1])
    device = [Device("card", FolderTarget(tmp_path / "card"))]
    newer, older = map(read_payload, paths)
    assert flash(newer, device, None, 1)[0].outcome == INSTALLED
    [one] = flash(older, device, None, 1)
    assert one.outcome == FAILED
    assert "--allow-older" in one.reason
    assert flash(older, device, None, 1, Trust(allow_older=True))[0].outcome == INSTALLED


def test_over_ssh(tmp_path, bundles, keys, monkeypatch):
    require_sshd()
    signers = allow(tmp_path / "lists", keys["ana"]).read_bytes()
    sshd = Sshd(tmp_path)
    sshd.start()
    try:
        monkeypatch.setenv("PATH", f"{sshd.path}:{os.environ['PATH']}")
        device = [Device("pi", SshTarget("bare", None, None, str(tmp_path / "kd-edge")))]

        trust = Trust(signers)

        def put(name, signer=None, trust=trust):
            signed = partial(sign, key=keys[signer]) if signer else None
            [one] = flash(read_payload(bundles[name]), device, Kits(X86, sign=signed), 1, trust)
            return one.reason or one.outcome

        assert "the kit is not signed, but" in put("new")
        assert "not signed by anybody" in put("new", "eve")
        assert "not signed, but" in put("old", "ana")
        assert put("new", "ana") == INSTALLED
        assert "another allowed_signers" in put("new", "ana", Trust(signers + b"#\n"))
    finally:
        sshd.stop()


def test_a_signature_is_no_part_of_the_kit_s_name(kits):
    assert kits["ana"].id == kits["nobody"].id
    assert kits["ana"].files[SUMS] == kits["nobody"].files[SUMS]
    assert SIGNATURE in kits["ana"].files
    assert SIGNATURE not in kits["nobody"].files


def test_a_list_of_signers_is_checked(keys, tmp_path):
    path = allow(tmp_path, keys["ana"])
    assert read_signers(path) == path.read_bytes()
    for text, words in (
        ("", "no signer"),
        ("# only words\n\n", "no signer"),
        (f"\n{public(keys['ana'])}\n", "line 2: expected a name"),
        ("ana@school ssh-ed25519\n", "line 1: expected a name"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=words):
            read_signers(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not text"):
        read_signers(path)
