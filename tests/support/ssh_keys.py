"""Keys of OpenSSH and lists of signers, made by its own `ssh-keygen`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def require_keygen() -> None:
    """Skips the test where there is no ssh-keygen, or fails it where there has to be one."""
    if shutil.which("ssh-keygen"):
        return
    words = "no ssh-keygen here: apt-get install openssh-client"
    if os.environ.get("KD_EDGE_DEVICES") == "required":
        pytest.fail(words)
    pytest.skip(words)


def make_key(folder: Path, name: str, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Makes a private key, and its public key beside it."""
    path = folder / name
    words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", name, "-f", str(path)]
    subprocess.run(words, check=True)
    return path


def public(key: Path) -> str:
    """A key's public part: its kind and the base64."""
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


def allow(root: Path, *keys: Path, options: str = 'namespaces="kd-edge"') -> Path:
    """Gives a root a list of signers, each named after its key."""
    root.mkdir(exist_ok=True)
    path = root / "allowed_signers"
    path.write_text("".join(f"{key.name}@school {options} {public(key)}\n" for key in keys))
    return path
