"""Of a signed kit in which one thing is changed, a device with a list of signers takes nothing."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from functools import partial

import pytest

import bundles_made
from flash_cuts import make_bundles
from kd_edge.bundling.signing import sign, sign_bundle
from kd_edge.flash.device.disk import SIGNATURE, SUMS, Refused, sums
from kd_edge.flash.device.kit import open_kit, refuse_older
from kd_edge.flash.device.signers import require_signed
from kd_edge.flash.kit.build import make_kit
from kd_edge.flash.kit.payload import read_payload
from kd_edge.flash.kit.platforms import PLATFORMS
from kd_edge.flash.to_folder import flash_folder
from kd_edge_runtime.bundle.archive import Bundle
from power_cuts import fast_folder
from ssh_keys import allow, make_key, require_keygen

X86 = PLATFORMS["x86-64"]
FILES = ("click", "kd_edge_runtime", "kit.json", "install.pyz", "sbom.cdx.json", SUMS, SIGNATURE)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    require_keygen()
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("ana", "eve")}


@pytest.fixture(scope="module")
def template(tmp_path_factory, keys):
    """A stick that ana signed."""
    folder = tmp_path_factory.mktemp("template")
    paths = make_bundles(folder)
    sign_bundle(paths["new"], keys["ana"])
    here = ".".join(map(str, sys.version_info[:2]))
    kit = make_kit(X86, here, sign=partial(sign, key=keys["ana"]))
    flash_folder("stick", folder / "stick", read_payload(paths["new"]), kit)
    return folder / "stick"


@pytest.fixture
def stick(template, tmp_path):
    shutil.copytree(template, tmp_path / "stick")
    return tmp_path / "stick"


@pytest.fixture
def tmp_path():
    with fast_folder() as folder:
        yield folder


@pytest.fixture
def device(tmp_path, keys):
    """The folder of a device that allows ana."""
    allow(tmp_path / "kd-edge", keys["ana"])
    return tmp_path / "kd-edge"


@pytest.fixture
def install(tmp_path, python, stick, device):
    """Runs install.sh; what it said."""

    def install(code, *words):
        (tmp_path / "tmp").mkdir(exist_ok=True)
        done = subprocess.run(
            ["/bin/sh", stick / "install.sh", *words, device],
            cwd=tmp_path,
            env={
                "PATH": f"{python}:/usr/bin:/bin",
                "HOME": str(tmp_path),
                "TMPDIR": str(tmp_path / "tmp"),
            },
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == code, done.stderr
        assert not [*(tmp_path / "tmp").iterdir()], "nothing is left"
        return done.stderr

    def refused():
        before = {path.name for path in device.iterdir()}
        said = install(1)
        assert said.startswith("Error: ")
        assert said.count("\n") == 1
        assert {path.name for path in device.iterdir()} == before
        return said

    install.refused = refused
    return install


def _file(stick, name):
    if name in (SUMS, SIGNATURE):
        return stick / "kit" / name
    [path] = (stick / "kit").glob(f"{name}*")
    return path


def test_every_file_of_a_kit_is_tried(template):
    assert {_file(template, name) for name in FILES} == {*(template / "kit").iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_changed_or_missing_file(name, stick, install):
    path = _file(stick, name)
    data = path.read_bytes()
    at = len(data) // 2
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert re.search("damaged|not signed by anybody", install.refused())
    path.unlink()
    assert re.search("missing|not signed", install.refused())


@pytest.mark.parametrize("name", ["", "allowed_signers", "revoked_keys"])
def test_a_list_that_anybody_may_change_allows_nobody(name, stick, device, install):
    (device / "revoked_keys").touch()
    path = device / name
    path.chmod(path.stat().st_mode | 0o002)
    assert "anybody may write into" in install.refused()
    with pytest.raises(Refused, match="anybody may write into"):
        require_signed(open_kit(stick / "kit"), device)


@pytest.mark.slow
def test_what_is_not_listed_is_neither_run_nor_installed(stick, device, install, tmp_path):
    ran = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    for name in ("json.py", "hashlib.py", "sitecustomize.py", "evil.pth", "__main__.py"):
        (stick / "kit" / name).write_text(ran if name != "evil.pth" else f"import os; {ran}")
        (stick / name).write_text(ran)
    (stick / "kit" / "kd_edge").mkdir()
    (stick / "kit" / "kd_edge" / "__init__.py").write_text(ran)
    (stick / "kit" / "evil-1-py3-none-any.whl").write_bytes(b"PK")
    (stick / "kit" / "endless").symlink_to("/dev/zero")
    install(0)
    assert not (tmp_path / "ran").exists()
    [lib] = device.glob("runtime/0*")
    assert not [*lib.rglob("*evil*")]


def _relist(stick, key, hashes, namespace="kd-edge"):
    """Writes another list of hashes, and signs it."""
    listed = stick / "kit" / SUMS
    listed.write_bytes(hashes)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key)]
    signed = subprocess.run(words, input=hashes, capture_output=True, check=True).stdout
    (stick / "kit" / SIGNATURE).write_bytes(signed)


@pytest.mark.slow
def test_a_list_that_another_key_signed_or_for_another_purpose(stick, keys, install):
    hashes = (stick / "kit" / SUMS).read_bytes()
    for key, namespace in (("eve", "kd-edge"), ("ana", "file"), ("ana", "git")):
        _relist(stick, keys[key], hashes, namespace)
        assert "not signed by anybody" in install.refused()
    _relist(stick, keys["ana"], hashes)
    install(0)


@pytest.mark.slow
def test_a_signed_list_of_something_else(stick, keys, install, tmp_path):
    """What else ana has signed must not pass for a list that has the program in it."""
    (stick / "kit" / "install.pyz").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (stick / "kit" / "text").write_bytes(b"words")
    bundles_made.write(tmp_path / "item.kdz")
    with Bundle(tmp_path / "item.kdz") as bundle:
        manifest = bundle.manifest_bytes
    others = sums({"text": hashlib.sha256(b"words").hexdigest()})
    for text in (manifest, others, b"", b"# install.pyz\n", others.replace(b"  ", b" *")):
        _relist(stick, keys["ana"], text)
        assert "install.pyz is missing or damaged" in install.refused()
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_key_that_is_over_or_revoked(keys, device, install):
    for options in ('namespaces="kd-edge",valid-before="20200101"', 'namespaces="git"'):
        allow(device, keys["ana"], options=options)
        assert "not signed by anybody" in install.refused()
    allow(device, keys["ana"])
    (device / "revoked_keys").write_text(keys["ana"].with_name("ana.pub").read_text())
    assert "not signed by anybody" in install.refused()
    (device / "revoked_keys").write_bytes(bytes(81))
    assert "revoked_keys' is damaged" in install.refused()
    (device / "revoked_keys").write_bytes(b"no list")
    assert "not signed by anybody" in install.refused()
    (device / "revoked_keys").unlink()
    (device / "allowed_signers").unlink()
    (device / "allowed_signers").symlink_to("nowhere")
    assert "not signed by anybody" in install.refused()


@pytest.mark.parametrize("name", FILES)
def test_python_checks_by_itself(name, stick, device):
    """Over ssh, and where a stick gives other bytes to Python than it gave to the shell."""
    path = _file(stick, name)
    path.write_bytes(path.read_bytes()[:-30] + b"x" * 30)
    with pytest.raises(Refused, match=r"damaged|not signed"):
        require_signed(open_kit(stick / "kit"), device)


@pytest.mark.parametrize("name", ["../slot1.kdz", "/etc/hostname", "kit.json/..", ".hidden"])
def test_a_list_names_no_file_elsewhere(name, stick):
    """Nobody signed it: a device without a list of signers takes it as far as this."""
    listed = (stick / "kit" / SUMS).read_bytes()
    (stick / "kit" / ".hidden").write_bytes(b"")
    digest = hashlib.sha256(b"").hexdigest()
    (stick / "kit" / SUMS).write_bytes(listed + f"{digest}  {name}\n".encode())
    with pytest.raises(Refused, match="missing or damaged"):
        open_kit(stick / "kit")


def _installed(device, version):
    """A runtime of a version, as far as is looked at."""
    lib = device / "runtime" / "000001-kit-python-machine"
    (lib / f"kd_edge_runtime-{version}.dist-info").mkdir(parents=True)
    (lib / "whole").touch()
    return lib


def test_a_signed_kit_that_is_older_than_what_is_installed(stick, device, install):
    lib = _installed(device, "0.10.0")
    _file(stick, "click").write_bytes(b"damaged")
    assert "and 0.10.0 is installed: add --allow-older to take it" in install.refused()
    assert "click" in install(1, "--allow-older"), "it went on, to what is damaged"
    [wheel] = (stick / "kit").glob("kd_edge_runtime-*")
    for now in ("0.1.9", wheel.name.split("-")[1]):
        shutil.rmtree(device / "runtime")
        lib = _installed(device, now)
        assert "click" in install(1)
        refuse_older({wheel.name: b""}, lib)
    with pytest.raises(Refused, match=r"0\.10\.0 is installed"):
        refuse_older({wheel.name: b""}, _installed(device / "other", "0.10.0"))
    refuse_older({wheel.name: b""}, None)
