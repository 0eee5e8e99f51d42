"""Reads a kit, and refuses one that is damaged or not for this device."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from kd_edge.flash.device.disk import SIGNATURE, SUMS, Refused, read_sums


def open_kit(source: Path) -> dict[str, bytes]:
    """Reads a kit and checks every hash.

    Args:
        source: its folder, or a zip with all its files.

    Returns:
        The bytes of its files by name, with the list of hashes and the list's signature, if any.

    Raises:
        Refused: it is damaged, or is for another Python than this device's.
        OSError: it cannot be read.
    """
    if source.is_dir():
        paths = [path for path in source.iterdir() if path.is_file()]
        files = {path.name: path.read_bytes() for path in paths}
    else:
        with zipfile.ZipFile(source) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    try:
        listed = read_sums(files[SUMS])
    except (KeyError, ValueError):
        raise Refused("the kit's list of hashes is missing or damaged: flash it again") from None
    for name, digest in listed.items():
        if name not in files or hashlib.sha256(files[name]).hexdigest() != digest:
            raise Refused(f"the kit's {name} is missing or damaged: flash it again")
    kit = {name: files[name] for name in (*listed, SUMS)}
    if SIGNATURE in files:
        kit[SIGNATURE] = files[SIGNATURE]
    _check_python(json.loads(kit["kit.json"]))
    return kit


def is_core(name: str) -> bool:
    """Whether a kit's file is a wheel of the core, of which a kit may have several."""
    return name.startswith("kd_edge_core-") and name.endswith(".whl")


def core_wheel(kit: dict[str, bytes]) -> str:
    """The name of the kit's wheel of the core for this device; "" for none."""
    wheels = sorted(filter(is_core, kit))
    for machine in _machines(os.uname().machine, 64 if sys.maxsize > 1 << 32 else 32):
        for name in wheels:
            if name.endswith(f"_{machine}.whl"):
                return name
    return ""


def _machines(machine: str, bits: int) -> tuple[str, ...]:
    """What runs on a processor, by its names in wheels, the best first."""
    if machine in ("x86_64", "amd64"):
        return ("x86_64",) if bits == 64 else ()
    if bits == 64:
        return ("aarch64",) if machine in ("aarch64", "arm64") else ()
    if machine.startswith("armv6"):
        return ("armv6l",)
    # A 32-bit system on a 64-bit kernel is an ARMv7.
    return ("armv7l", "armv6l") if machine in ("armv7l", "armv8l", "aarch64") else ()


def python_version() -> str:
    """This Python's version as a kit names it, e.g. "3.11"."""
    return ".".join(map(str, sys.version_info[:2]))


def _check_python(about: dict[str, Any]) -> None:
    here = python_version()
    least = tuple(about["least_python"])
    if sys.version_info[:2] < least:
        needed = ".".join(map(str, least))
        raise Refused(f"the kit needs Python {needed} or newer; this device has {here}")
    if about["python"] not in (None, here):
        raise Refused(
            f"the kit's backends are for Python {about['python']}, but this device has {here}: "
            f"flash it with --python {here}"
        )
