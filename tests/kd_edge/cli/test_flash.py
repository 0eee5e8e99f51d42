from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from flash_cuts import make_bundles, scored_with


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return make_bundles(tmp_path_factory.mktemp("bundles"))


def test_help_names_what_a_technician_needs(command):
    said = command("flash", "--help")
    for word in ("Examples:", "ssh://pi@", "--fleet", "--with-runtime", "pi-64", "install.sh"):
        assert word in said.out


def test_a_table_and_a_summary_are_shown(command, bundles, tmp_path):
    places = [tmp_path / "card [1]", tmp_path / "card2"]
    said = command("flash", bundles["new"], *places)
    assert said.code == 0
    for place in places:
        assert scored_with(place, bundles) == "new"
        assert str(place) in said.out
    assert said.out.endswith("2 installed\n")
    assert "flashing: 2/2" in said.err
    said = command("flash", bundles["new"], *places, tmp_path / "card3")
    assert said.out.endswith("1 installed, 2 already there\n")


def test_a_fleet_with_a_device_that_fails_ends_with_1(command, bundles, tmp_path):
    (tmp_path / "broken").touch()
    fleet = tmp_path / "devices.toml"
    names = {"pi 1": "card", "pi 2": "broken"}
    fleet.write_text(
        "".join(f'[[device]]\nname = "{name}"\ntarget = "{at}"\n' for name, at in names.items())
    )
    other = tmp_path / "other"
    said = command("flash", bundles["old"], other, "--fleet", fleet, "--jobs", "1", "--json")
    assert said.code == 1
    first, good, bad = json.loads(said.out)
    assert [one["name"] for one in (first, good, bad)] == [str(other), "pi 1", "pi 2"]
    assert set(good) == {"name", "target", "outcome", "reason", "bytes", "seconds", "sha256"}
    assert (good["outcome"], good["target"]) == ("installed", str(tmp_path / "card"))
    assert good["bytes"] == bundles["old"].stat().st_size
    assert (bad["outcome"], bad["bytes"], bad["sha256"]) == ("failed", 0, "")
    assert bad["reason"]
    said = command("flash", bundles["old"], "--fleet", fleet)
    assert said.code == 1
    assert said.out.endswith("1 already there, 1 failed\n")
    assert bad["reason"] in said.out


def test_a_kit_without_the_core_says_so(command, bundles, tmp_path, monkeypatch):
    monkeypatch.setattr("kd_edge.flash.kit.core_wheels._DIST", tmp_path / "dist")
    call = ("flash", bundles["new"], tmp_path / "stick", "--with-runtime", "pi-64")
    assert "no wheel of kd-edge-core here: plain Python will score" in command(*call).err
    assert "for pi-64; 'make wheels'" in command.fails(*call, "--core-wheels", tmp_path)
    from kd_edge_runtime._version import __version__

    name = f"kd_edge_core-{__version__}-cp39-abi3-manylinux_2_17_aarch64.whl"
    (tmp_path / name).write_bytes(b"")
    assert "no wheel" not in command(*call, "--core-wheels", tmp_path).err
    assert (tmp_path / "stick" / "kit" / name).is_file()


def test_a_kit_is_announced_and_put_into_a_folder(command, bundles, tmp_path):
    root = tmp_path / "stick"
    said = command("flash", bundles["new"], root, "--with-runtime", "pi-64")
    assert said.code == 0
    assert "The kit for pi-64 is for Python 3." in said.err
    assert (root / "install.sh").is_file()
    assert (root / "kit" / "SHA256SUMS").is_file()
    again = command("flash", bundles["new"], root, "--with-runtime", "pi-64")
    assert again.out.endswith("1 already there\n")


def test_what_is_wrong_is_told_before_anything_is_touched(command, bundles, tmp_path):
    root = tmp_path / "card"
    bundle = bundles["new"]
    assert "no targets" in command.fails("flash", bundle)
    assert "listed twice" in command.fails("flash", bundle, root, root)
    assert "password" in command.fails("flash", bundle, root, "ssh://pi:raspberry@h/d")
    assert "no such file" in command.fails("flash", tmp_path / "no.kdz", root)
    assert "devices.toml" in command.fails("flash", bundle, "--fleet", tmp_path / "devices.toml")
    for option in (("--python", "3.11"), ("--backend", "onnx")):
        assert "--with-runtime" in command.fails("flash", bundle, root, *option)
    kit = ("--with-runtime", "pi-32", "--backend", "numpy")
    assert "python3-numpy" in command.fails("flash", bundle, root, *kit)
    broken = tmp_path / "broken.kdz"
    broken.write_bytes(bundle.read_bytes()[:-30])
    command.fails("flash", broken, root, code=3)
    assert not root.exists()


def test_without_ssh_here_only_that_device_fails(command, bundles, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = command("flash", bundles["new"], tmp_path / "card", "ssh://h/d")
    assert said.code == 1
    assert "ssh is not installed here" in said.out
    assert said.out.endswith("1 installed, 1 failed\n")


def test_ctrl_c_ends_ssh_and_says_so(bundles, tmp_path):
    """Of a device that does not answer."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\nexec sleep 600\n")
    ssh.chmod(0o755)
    command = [sys.executable, "-m", "kd_edge_runtime", "flash", bundles["new"]]
    command += [f"ssh://h/{number}" for number in range(4)] + ["--jobs", "2"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    # A child of a background job would be deaf to Ctrl-C: it inherits who hears it.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, heard)
    pids = tmp_path / "pids"
    with running:
        try:
            for _ in range(2400):
                if pids.exists() and pids.read_text().count("\n") == 2:
                    break
                time.sleep(0.05)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=120)
        finally:
            running.kill()
    assert running.returncode == 130
    assert out == ""
    assert err.endswith("Stopped.\n")
    for pid in pids.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
