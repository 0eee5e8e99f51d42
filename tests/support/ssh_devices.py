"""Devices that a real sshd on the loopback stands for, each a host of the test's ssh config.

ready      has kd-edge
bare       has a Python without any package
old        has Python 3.8 (only where one is installed here: see `old_python`)
empty      has no Python
stranger   takes none of our keys
unknown    has a host key that nobody has seen
changed    has another host key than before
away       refuses connections
dying      is `ready`, and its sshd dies when the runtime is about to install a bundle
pulled     is `ready`, and its disk is pulled out then: its folder is another, empty one
cut-N      is `ready`, and the connection breaks once N bytes have been sent to it
cutbare-N  is `bare`, and the same
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from free_ports import free_port

_PATIENCE = 120
_SSHD = "/usr/sbin/sshd"

# Stands before the Python of `dying` and `pulled`.
_TROUBLE = """\
import os, shutil, sys
trouble, python, *arguments = sys.argv[1:]
if "install" in arguments and trouble == "dying":
    pid = os.getpid()
    while True:
        with open(f"/proc/{pid}/status") as file:
            about = dict(line.split(":\\t", 1) for line in file)
        if about["Name"].startswith("sshd"):
            os.kill(int(pid), 9)
            break
        pid = about["PPid"].strip()
if "install" in arguments and trouble == "pulled":
    root = arguments[arguments.index("--root") + 1]
    os.rename(root, root + ".pulled")
    os.mkdir(root)
    shutil.copy(arguments[3].replace(root, root + ".pulled"), arguments[3])
os.execv(python, [python, *arguments])
"""

_CUTTER = """\
import os, select, socket, sys
left = int(sys.argv[2].rpartition("-")[2])
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    ready, _, _ = select.select([0, link], [], [])
    if link in ready:
        block = link.recv(65536)
        if not block:
            break
        os.write(1, block)
    if 0 in ready:
        block = os.read(0, 65536)
        link.sendall(block[:left])
        left -= len(block)
        if not block or left < 0:
            break
"""


def require_sshd() -> None:
    """Skips the test where no sshd is installed, or fails it where there has to be one."""
    if Path(_SSHD).is_file() and shutil.which("ssh"):
        return
    words = "no OpenSSH here: apt-get install openssh-server openssh-client"
    if os.environ.get("KD_EDGE_DEVICES") == "required":
        pytest.fail(words)
    pytest.skip(words)


def bare_python(folder: Path) -> Path:
    """Makes a Python of this version that has no package at all."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def old_python() -> Path | None:
    """A Python that is too old for kd-edge; None where there is none."""
    return next(Path.home().glob(".pyenv/versions/3.8.*/bin/python3"), None)


class Sshd:
    """A running sshd and the ssh that knows it.

    Args:
        folder: for its keys and configuration.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        for name in (
            "host",
            "other",
            "ready",
            "dying",
            "pulled",
            "bare",
            "old",
            "empty",
            "stranger",
        ):
            _keygen(folder / name)
        self.path = folder / "bin"
        self._write_server(
            {
                "ready": f'"{sys.executable}"',
                **{
                    name: f'"{sys.executable}" -IS {folder}/trouble.py {name} "{sys.executable}"'
                    for name in ("dying", "pulled")
                },
                "bare": bare_python(folder / "venv"),
                "old": old_python(),
            }
        )
        self._write_client()
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        log = self.folder / "log"
        self._process = subprocess.Popen([_SSHD, "-D", "-f", self.folder / "sshd", "-E", log])
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self._process.poll() is None and time.monotonic() < end:
                    time.sleep(0.05)
                    continue
                self.stop()
                raise AssertionError(log.read_text()) from None

    def stop(self) -> None:
        """Ends it; connections that are open stay."""
        self._process.kill()
        self._process.wait()

    def settle(self) -> None:
        """Waits for all that is still at work on the devices after a connection has dropped."""
        end = time.monotonic() + _PATIENCE
        while any(map(self._is_at_work, Path("/proc").glob("[0-9]*"))):
            assert time.monotonic() < end, "something on a device does not end"
            time.sleep(0.05)

    def _is_at_work(self, process: Path) -> bool:
        """Whether a process serves a connection, or was started by one."""
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:  # it has ended
            return False
        home = f"HOME={self.folder}/".encode()
        return parent == str(self._process.pid) or any(one.startswith(home) for one in environment)

    def _write_server(self, pythons: dict[str, Path | str | None]) -> None:
        folder = self.folder
        lines = []
        for name in (*pythons, "empty"):
            place = folder / f"{name}-bin"
            place.mkdir()
            python = pythons.get(name)
            if python:
                _script(place / "python3", f'exec {python} "$@"')
            path = f"{place}:/usr/bin:/bin" if python else place
            key = (folder / f"{name}.pub").read_text()
            # A home of its own: a shell's start files there would change the PATH.
            lines.append(f'environment="PATH={path}",environment="HOME={place}" {key}')
        (folder / "authorized").write_text("".join(lines))
        (folder / "sshd").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/authorized\nPidFile {folder}/pid\nUsePAM no\n"
            "StrictModes no\nPermitUserEnvironment yes\nPermitRootLogin prohibit-password\n"
            "PasswordAuthentication no\nMaxStartups 100\n"
        )

    def _write_client(self) -> None:
        folder = self.folder
        known = f"[127.0.0.1]:{self.port}"
        for name, key in (("known", "host"), ("changed", "other")):
            (folder / name).write_text(f"{known} {(folder / f'{key}.pub').read_text()}")
        (folder / "unknown").write_text("")
        (folder / "cutter.py").write_text(_CUTTER)
        (folder / "trouble.py").write_text(_TROUBLE)
        hosts = {
            name: f"IdentityFile {folder}/{name}"
            for name in ("dying", "pulled", "old", "empty", "stranger")
        }
        hosts["bare cutbare-*"] = f"IdentityFile {folder}/bare"
        hosts["ready unknown changed away cut-*"] = f"IdentityFile {folder}/ready"
        hosts["unknown"] = f"UserKnownHostsFile {folder}/unknown"
        hosts["changed"] = f"UserKnownHostsFile {folder}/changed"
        hosts["away"] = "Port 1"
        hosts["cut-* cutbare-*"] = (
            f"ProxyCommand {sys.executable} -IS {folder}/cutter.py {self.port} %n"
        )
        hosts["*"] = (
            f"HostName 127.0.0.1\n  Port {self.port}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {folder}/known\n  GlobalKnownHostsFile none"
        )
        (folder / "ssh").write_text("".join(f"Host {at}\n  {of}\n" for at, of in hosts.items()))
        self.path.mkdir()
        _script(self.path / "ssh", f'exec {shutil.which("ssh")} -F "{folder}/ssh" "$@"')


def _keygen(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
    subprocess.run(command, check=True)


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
