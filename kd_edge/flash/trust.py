"""What devices are told to trust, beside the bundle that they get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.system.whole_file import read_whole

_MOST = 4 << 20  # bytes of a list
_KEY = re.compile(r"(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+$")


@dataclass(frozen=True)
class Trust:
    """What devices are told to trust.

    Attributes:
        signers: the `allowed_signers` of OpenSSH for devices that have none; b"" for no list.
        allow_older: whether a bundle may replace one that was created later.
    """

    signers: bytes = b""
    allow_older: bool = False


UNCHANGED = Trust()
"""Devices keep what they trust."""


def read_signers(path: Path) -> bytes:
    """A list of signers for devices, after it has been checked that it is one.

    Raises:
        InputError: it cannot be read, or a line of it is not a name and a public key.
    """
    try:
        text = read_whole(path, _MOST).decode("utf-8")
    except ValueError:
        raise InputError(f"{path}: this is not text: expected names and public keys") from None
    lines = [(at, line.split()) for at, line in enumerate(text.splitlines(), 1)]
    lines = [(at, words) for at, words in lines if words and not words[0].startswith("#")]
    for at, words in lines:
        if len(words) < 3 or not any(_KEY.match(word) for word in words[1:-1]):
            raise InputError(
                f"{path}, line {at}: expected a name and a public key, such as 'ana@school.example "
                'namespaces="kd-edge" ssh-ed25519 AAAA...\''
            )
    if not lines:
        raise InputError(f"{path}: no signer is listed: devices would take nothing at all")
    return text.encode("utf-8")
