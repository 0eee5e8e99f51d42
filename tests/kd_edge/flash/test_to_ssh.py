from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flash_cuts import make_bundles, scored_with
from kd_edge.flash.device.runtime import installed
from kd_edge.flash.fleet import Device
from kd_edge.flash.kit.payload import Kits, read_payload
from kd_edge.flash.kit.platforms import PLATFORMS
from kd_edge.flash.kit.program import COMMAND, loader_and_sources
from kd_edge.flash.parallel import ALREADY_THERE, FAILED, INSTALLED, flash
from kd_edge.flash.ssh import DeviceError
from kd_edge.flash.targets import SshTarget
from kd_edge.flash.to_ssh import flash_over_ssh
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots
from power_cuts import fast_folder
from ssh_devices import Sshd, old_python, require_sshd

HELLO = 4000
"""About what ssh sends before the first byte of ours."""


@pytest.fixture(scope="module")
def sshd():
    require_sshd()
    with fast_folder() as folder:
        made = Sshd(folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def tmp_path():
    with fast_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return make_bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture(scope="module")
def payloads(bundles):
    return {name: read_payload(path) for name, path in bundles.items()}


@pytest.fixture
def put(sshd, payloads, monkeypatch):
    """Flashes a bundle onto folders of hosts, and gives what came of each."""
    monkeypatch.setenv("PATH", f"{sshd.path}:{os.environ['PATH']}")

    def put(name, *places, kits=None, jobs=4):
        devices = [
            Device(f"{host} {root.name}", SshTarget(host, None, None, str(root)))
            for host, root in places
        ]
        return flash(payloads[name], devices, kits, jobs)

    return put


def kits():
    return Kits(PLATFORMS["x86-64"])


def test_a_bundle_goes_to_a_device_and_only_once(put, bundles, payloads, tmp_path, capsys):
    root = tmp_path / "kd edge's $(card)"
    [one] = put("old", ("ready", root))
    assert (one.outcome, one.reason) == (INSTALLED, "")
    assert (one.bytes, one.sha256) == (len(payloads["old"].data), payloads["old"].sha256)
    assert scored_with(root, bundles) == "old"
    assert "checking golden rows" in capsys.readouterr().err
    [one] = put("old", ("ready", root))
    assert (one.outcome, one.bytes, one.sha256) == (ALREADY_THERE, 0, payloads["old"].sha256)
    [file] = root.glob("slot*.kdz")
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    [one] = put("old", ("ready", root))
    assert one.outcome == INSTALLED, "what is there is read and not believed"
    [one] = put("new", ("ready", root))
    assert one.outcome == INSTALLED
    assert scored_with(root, bundles) == "new"
    switch.rollback(Slots(root))
    assert scored_with(root, bundles) == "old"
    assert not list(root.glob(".*")), "no temporary file stays"


def test_a_device_without_a_runtime_gets_one_if_asked(put, bundles, tmp_path):
    root = tmp_path / "kd-edge"
    [one] = put("new", ("bare", root))
    assert one.outcome == FAILED
    assert "--with-runtime" in one.reason
    assert not root.exists()
    made = kits()
    [one] = put("new", ("bare", root), kits=made)
    assert (one.outcome, one.reason) == (INSTALLED, "")
    assert scored_with(root, bundles) == "new"
    done = subprocess.run(["sh", root / "kd-edge", "status"], capture_output=True, text=True)
    assert "current" in done.stdout
    assert put("new", ("bare", root), kits=made)[0].outcome == ALREADY_THERE
    assert put("new", ("bare", root))[0].outcome == ALREADY_THERE
    [lib] = root.glob("runtime/0*")
    module = lib / "kd_edge_runtime" / "slots" / "slots.py"
    module.write_bytes(module.read_bytes() + b"\n")
    [one] = put("new", ("bare", root), kits=made)
    assert (one.outcome, one.bytes) == (INSTALLED, made.kit("3.11").size), "only the runtime"
    assert installed(root)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("empty", "no python3"),
        ("stranger", "ssh-copy-id stranger"),
        ("unknown", "run 'ssh unknown' once"),
        ("changed", "ssh-keygen -R changed"),
        ("away", "Connection refused"),
        ("cut-0", "onnection closed"),
    ],
)
def test_why_a_device_cannot_be_reached_is_told(put, tmp_path, host, words):
    [one] = put("new", (host, tmp_path / "kd-edge"))
    assert one.outcome == FAILED
    assert words in one.reason
    assert "\n" not in one.reason
    assert not (tmp_path / "kd-edge").exists()


def test_what_a_device_refuses_is_told(put, bundles, tmp_path):
    [one] = put("new", ("ready", tmp_path / "no" / "kd-edge"))
    assert "no folder" in one.reason
    file = tmp_path / "file"
    file.touch()
    [one] = put("new", ("ready", file))
    assert one.outcome == FAILED
    root = tmp_path / "kd-edge"
    put("old", ("ready", root))
    with (root / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        [one] = put("new", ("ready", root))
    assert one.outcome == FAILED
    assert scored_with(root, bundles) == "old"
    assert not list(root.glob(".*"))


def test_a_disk_pulled_out_of_the_device_is_told(put, bundles, tmp_path):
    root = tmp_path / "kd-edge"
    put("old", ("ready", root))
    [one] = put("new", ("pulled", root))
    assert "disk removed" in one.reason
    assert scored_with(tmp_path / "kd-edge.pulled", bundles) == "old"


@pytest.mark.skipif(old_python() is None, reason="no Python 3.8 here")
def test_a_python_that_is_too_old_is_told(put, tmp_path):
    [one] = put("new", ("old", tmp_path / "kd-edge"), kits=kits())
    assert "needs Python 3.9 or newer" in one.reason


def test_a_disk_that_is_full_or_read_only_keeps_the_old_bundle(put, bundles, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        root = disk / "kd-edge"
        put("old", ("ready", root))
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        [one] = put("new", ("ready", root))
        assert "No space left" in one.reason
        (disk / "filler").write_bytes(bytes((disk / "filler").stat().st_size - (8 << 10)))
        [one] = put("new", ("ready", root), kits=kits())
        assert one.outcome == FAILED, "room for neither the runtime nor the slot"
        assert scored_with(root, bundles) == "old"
        assert sorted(path.name for path in root.glob("*/0*")) == []
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        [one] = put("new", ("ready", root))
        assert "ead-only" in one.reason
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert scored_with(root, bundles) == "old"
        (disk / "filler").unlink()
        assert put("new", ("ready", root))[0].outcome == INSTALLED
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_the_leftovers_of_a_dropped_upload_are_removed_and_those_of_a_running_one_not(
    put, tmp_path
):
    root = tmp_path / "kd-edge"
    root.mkdir()
    (root / ".upload-1").write_bytes(b"half")
    with (root / ".upload-2").open("wb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        put("old", ("ready", root))
        assert [path.name for path in root.glob(".*")] == [".upload-2"]
    assert put("old", ("ready", root))[0].outcome == ALREADY_THERE
    assert not list(root.glob(".*"))


def test_a_connection_that_drops_leaves_the_old_or_the_new_bundle(
    put, sshd, bundles, payloads, tmp_path
):
    """After any number of bytes, also while the device switches."""
    start = HELLO + len(loader_and_sources())
    points = [HELLO // 2, start // 2]
    points += [start + step * len(payloads["new"].data) // 3 for step in range(-1, 4)]
    roots = {f"cut-{point}": tmp_path / str(point) for point in points}
    roots["dying"] = tmp_path / "dying"
    for root in roots.values():
        switch.install(Slots(root), bundles["old"])
    dropped = put("new", *roots.items())
    sshd.settle()
    found = [scored_with(root, bundles) for root in roots.values()]
    outcomes = [one.outcome for one in dropped]
    assert {*found} == {"old", "new"}
    assert outcomes.count(FAILED) >= len(points) // 2, "most are cut"
    for one, has in zip(dropped, found, strict=True):
        assert has == "new" or one.outcome == FAILED
    for root in roots.values():
        assert len(list(root.glob(".*"))) <= 1
    again = put("new", *(("ready", root) for root in roots.values()))
    assert [one.reason for one in again if one.outcome == FAILED] == []
    for root in roots.values():
        assert scored_with(root, bundles) == "new"
        assert not list(root.glob(".*"))


def test_a_connection_that_drops_while_the_runtime_is_sent_keeps_the_device(
    put, sshd, bundles, tmp_path
):
    made = kits()
    size = made.kit("3.11").size
    points = [HELLO + len(loader_and_sources()) + size * step // 3 for step in (1, 2, 4)]
    roots = {f"cutbare-{point}": tmp_path / str(point) for point in points}
    for root in roots.values():
        switch.install(Slots(root), bundles["old"])
    dropped = put("new", *roots.items(), kits=made)
    sshd.settle()
    assert FAILED in [one.outcome for one in dropped]
    for one, root in zip(dropped, roots.values(), strict=True):
        assert scored_with(root, bundles) == ("old" if one.outcome == FAILED else "new")
    again = put("new", *(("bare", root) for root in roots.values()), kits=made)
    assert FAILED not in [one.outcome for one in again]
    for root in roots.values():
        assert scored_with(root, bundles) == "new"
        assert installed(root)
        assert not list(root.glob(".*"))


def test_a_device_that_has_something_else_afterwards_is_told(payloads):
    class Forgetful:
        def ask(self, *_, **__):
            return {
                "command": ["kd-edge"],
                "bundle": "0" * 64,
                "python": "3.11",
                "machine": "aarch64",
                "bits": 64,
                "tag": "",
                "kit": "",
            }

    with pytest.raises(DeviceError, match="returns other data than was written"):
        flash_over_ssh("pi", Forgetful(), payloads["new"], None)


def test_ssh_is_asked_to_ask_nobody_and_given_words_not_a_line(payloads, tmp_path, monkeypatch):
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    target = SshTarget("class-7", "pi", 2222, "/a b'; touch /tmp/c")
    [one] = flash(payloads["new"], [Device("pi", target)], None, jobs=1)
    assert one.reason == "the connection was lost"
    words = (tmp_path / "words").read_text().splitlines()
    assert words[-3:] == ["--", "class-7", COMMAND]
    assert words[words.index("-l") + 1] == "pi"
    assert words[words.index("-p") + 1] == "2222"
    assert "BatchMode=yes" in words
    assert any(word.startswith("ConnectTimeout=") for word in words)
    assert not any("touch" in word or "StrictHostKeyChecking" in word for word in words)


def test_sshd_may_go_and_come_back(put, sshd, bundles, tmp_path):
    root = tmp_path / "kd-edge"
    put("old", ("ready", root))
    sshd.stop()
    try:
        [one] = put("new", ("ready", root))
        assert "Connection refused" in one.reason
    finally:
        sshd.start()
    assert scored_with(root, bundles) == "old"
    assert put("new", ("ready", root))[0].outcome == INSTALLED


def test_what_a_login_script_prints_is_passed_over(put, sshd, tmp_path):
    home = Path(sshd.folder / "ready-bin")
    (home / ".bashrc").write_text("echo welcome\necho '{}'\n")
    (home / ".ssh").mkdir(exist_ok=True)
    try:
        assert put("old", ("ready", tmp_path / "kd-edge"))[0].outcome == INSTALLED
    finally:
        (home / ".bashrc").unlink()
