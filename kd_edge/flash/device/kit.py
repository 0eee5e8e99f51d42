"""Reads a kit, and refuses one that is damaged or not for this device."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

from kd_edge.flash.device.disk import SIGNATURE, SUMS, Refused, read_sums

ABOUT = "kit.json"
"""The file that says which Python a kit is for."""

RUNTIME = "kd_edge_runtime-"
"""How the name of the runtime's wheel begins."""


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
    with _reader(source) as read:
        text = read(SUMS)
        try:
            listed = read_sums(text or b"")
        except ValueError:
            listed = {}
        # A list of something else, whoever signed it, is none of a kit.
        whole = ABOUT in listed and any(name.startswith(RUNTIME) for name in listed)
        if text is None or not whole:
            raise Refused("the kit's list of hashes is missing or damaged: flash it again")
        kit = {SUMS: text}
        for name, digest in listed.items():
            # What is not listed is not even read.
            data = None if "/" in name or name.startswith(".") else read(name)
            if data is None or hashlib.sha256(data).hexdigest() != digest:
                raise Refused(f"the kit's {name} is missing or damaged: flash it again")
            kit[name] = data
        signature = read(SIGNATURE)
    if signature is not None:
        kit[SIGNATURE] = signature
    _check_python(json.loads(kit[ABOUT]))
    return kit


@contextlib.contextmanager
def _reader(source: Path) -> Iterator[Callable[[str], bytes | None]]:
    """A function from the name of a kit's file to its bytes; None where there is no such file."""
    if source.is_dir():
        yield lambda name: (source / name).read_bytes() if (source / name).is_file() else None
        return
    with zipfile.ZipFile(source) as archive:
        names = set(archive.namelist())
        yield lambda name: archive.read(name) if name in names else None


def is_core(name: str) -> bool:
    """Whether a kit's file is a wheel of the core, of which a kit may have several."""
    return name.startswith("kd_edge_core-") and name.endswith(".whl")


def core_wheel(kit: dict[str, bytes]) -> str:
    """The name of the kit's wheel of the core for this device; "" for none."""
    wheels = sorted(filter(is_core, kit))
    for machine in _machines(os.uname().machine, _bits()):
        for name in wheels:
            if name.endswith(f"_{machine}.whl"):
                return name
    return ""


def runs_on(wheel: str) -> list[str]:
    """The machines, as their kernels name them, on which a wheel of the core runs.

    A card may be moved into a Pi with another processor.
    """
    return [
        machine
        for machine in _KERNELS
        if any(wheel.endswith(f"_{one}.whl") for one in _machines(machine, _bits()))
    ]


def refuse_older(kit: dict[str, bytes], lib: Path | None) -> None:
    """Refuses a kit whose runtime is older than the one in use, though it was signed once.

    Args:
        kit: the kit.
        lib: the folder of the runtime in use; None for none.

    Raises:
        Refused: the kit has an older one.
    """
    here = [path.name for path in lib.glob(f"{RUNTIME}*.dist-info")] if lib else []
    now, new = (max(map(_version, names), default=()) for names in (here, kit))
    if new < now:
        shown = [".".join(map(str, one)) for one in (new, now)]
        raise Refused(
            f"this kit has kd-edge {shown[0]}, and {shown[1]} is installed: add --allow-older to "
            "take it"
        )


def _version(name: str) -> tuple[int, ...]:
    """The numbers of a runtime's version in the name of its wheel or folder; () for others."""
    found = re.match(re.escape(RUNTIME) + r"(\d+(?:\.\d+)*)", name)
    return tuple(map(int, found[1].split("."))) if found else ()


def device_tag() -> str:
    """What a runtime here depends on beside its kit, e.g. "cpython-311-armv7l"."""
    machine = os.uname().machine
    best = (*_machines(machine, _bits()), machine)[0]
    return f"{sys.implementation.cache_tag}-{best}"


_KERNELS = ("x86_64", "amd64", "aarch64", "arm64", "armv8l", "armv7l", "armv6l")


def _bits() -> int:
    """Of this Python: a 64-bit kernel may run a 32-bit one."""
    return 64 if sys.maxsize > 1 << 32 else 32


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
