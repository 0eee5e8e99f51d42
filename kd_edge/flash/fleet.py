"""The devices to flash: those on the command line and those in a fleet file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from kd_edge.flash.targets import Target, parse_target
from kd_edge_runtime.errors import InputError, printable, steers
from kd_edge_runtime.tables.reading.encoding import open_text

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*device[ \t]*\]\]", re.MULTILINE)
_KEYS = ("name", "target")


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        name: its name in the summary.
        target: the folder for its bundle.
    """

    name: str
    target: Target


def devices(targets: Sequence[str], fleet: Path | None) -> list[Device]:
    """The devices to flash, each once.

    Args:
        targets: targets as on the command line; each device is named after its target.
        fleet: a fleet file, or None.

    Raises:
        InputError: there is no device, one is listed twice, or a target is malformed.
    """
    all_devices = [Device(printable(text), parse_target(text)) for text in targets]
    if fleet is not None:
        all_devices += read_fleet(fleet)
    if not all_devices:
        raise InputError("no targets: name a folder, ssh://user@host/dir, or --fleet devices.toml")
    first: dict[Target, Device] = {}
    for device in all_devices:
        if device.target in first:
            names = {first[device.target].name: None, device.name: None}
            both = " and ".join(f"'{printable(name)}'" for name in names)
            raise InputError(f"{printable(device.target)} is listed twice, as {both}")
        first[device.target] = device
    return all_devices


def read_fleet(path: Path) -> list[Device]:
    """Reads a fleet file: TOML with a `[[device]]`, its name and its target, for each device.

    Relative folders are relative to the file's folder.

    Raises:
        InputError: the first problem, with the file, and the device or the line.
    """
    with open_text(path) as stream:
        text = stream.read()
    raw = _parse(text, path)
    entries = raw.pop("device", None)
    if raw:
        raise InputError(
            f"{path}: '{printable(next(iter(raw)))}' is not known: "
            "the file may have [[device]] only"
        )
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{path}: it has no [[device]]")
    places = _places(text, len(entries))
    listed: list[Device] = []
    for entry, place in zip(entries, places, strict=True):
        try:
            device = _device(entry, path.parent)
        except InputError as error:
            raise InputError(f"{path}: {place}: {error}") from None
        if device.name in {other.name for other in listed}:
            raise InputError(f"{path}: {place}: the name '{device.name}' is used twice")
        listed.append(device)
    return listed


def _parse(text: str, path: Path) -> dict[str, Any]:
    tomllib: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        content: dict[str, Any] = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: this is not TOML: {printable(error)}") from None
    return content


def _device(entry: Any, base: Path) -> Device:
    if not isinstance(entry, dict):
        raise InputError("write it as [[device]] with a name and a target")
    for key in _KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"'{key}' is missing" if value is None else f"'{key}' is not text")
    for key in entry:
        if key not in _KEYS:
            raise InputError(f"'{printable(key)}' is not known: a device has {' and '.join(_KEYS)}")
    if any(map(steers, entry["name"])):
        raise InputError("'name' has a control character, which could steer a terminal")
    target = entry["target"]
    if "://" not in target:
        target = str(base / os.path.expanduser(target))  # noqa: PTH111
    return Device(entry["name"], parse_target(target))


def _places(text: str, count: int) -> list[str]:
    starts = [text.count("\n", 0, header.start()) + 1 for header in _HEADER.finditer(text)]
    named = [f"device {number}" for number in range(1, count + 1)]
    if len(starts) != count:  # written inline, or a header inside a string
        return named
    return [f"{name} (line {line})" for name, line in zip(named, starts, strict=True)]
