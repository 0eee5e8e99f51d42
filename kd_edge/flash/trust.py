"""What devices are told to trust, beside the bundle that they get."""

from __future__ import annotations

from dataclasses import dataclass


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
