"""What is put onto devices: a checked bundle, and the kits for their Pythons."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kd_edge.flash.kit.build import Kit, Sign, make_kit
from kd_edge.flash.kit.platforms import Platform
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, KdEdgeError


@dataclass(frozen=True)
class Payload:
    """A bundle, read once for all devices.

    Attributes:
        path: its file.
        data: the file's bytes.
        sha256: the hash (hex) of the bytes.
        students: the kinds of students in it.
    """

    path: Path
    data: bytes
    sha256: str
    students: frozenset[str]


def read_payload(path: Path) -> Payload:
    """Reads a bundle and checks every hash in it.

    Raises:
        InputError: there is no such file.
        BundleError: it is damaged, or of an unknown protocol.
    """
    with Bundle(path) as bundle:
        bundle.check()
        students = frozenset(item.student for item in bundle.manifest.items)
    data = path.read_bytes()
    return Payload(path, data, hashlib.sha256(data).hexdigest(), students)


@dataclass
class Kits:
    """The kits of one run, each built once, by the thread that needs it first.

    Attributes:
        platform: the kind of devices.
        python: their Python, e.g. "3.11"; None to ask each device.
        backends: the backends in the kits.
        tokenizers: whether the students need the package of that name.
        core: wheels of the core by name, see `core_wheels`.
        sign: signs the kits' lists of hashes; None for kits without a signature.
    """

    platform: Platform
    python: str | None = None
    backends: Sequence[str] = ()
    tokenizers: bool = False
    core: Mapping[str, bytes] = field(default_factory=dict)
    sign: Sign | None = None
    _kits: dict[str, Kit | KdEdgeError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kit(self, python: str) -> Kit:
        """The kit for a Python.

        Args:
            python: the device's version; the attribute `python` takes precedence.

        Raises:
            InputError: a package is not installed here, or not published for the platform.
            KdEdgeError: pip could not fetch one.
        """
        python = self.python or python
        with self._lock:
            kit = self._kits.get(python)
            if kit is None:
                try:
                    parts = self.backends, self.tokenizers, self.core
                    kit = make_kit(self.platform, python, *parts, self.sign)
                except KdEdgeError as error:
                    kit = error
                self._kits[python] = kit
        if isinstance(kit, KdEdgeError):
            raise kit
        return kit

    def kit_for(self, python: str, machine: str, bits: int) -> Kit:
        """The kit for a device that has described itself.

        Args:
            python: its version, e.g. "3.11".
            machine: the machine's name, as in `platform.machine()`.
            bits: 32 or 64, of its Python.

        Raises:
            InputError: the kit does not fit the device, or see `kit`.
            KdEdgeError: see `kit`.
        """
        kit = self.kit(python)
        if kit.python is None:
            if tuple(map(int, python.split("."))) < kit.least_python:
                raise InputError(f"it has Python {python}: leave out --python {self.python}")
            return kit
        if not self.platform.runs_on(machine, bits):
            raise InputError(f"it is not a {self.platform.name} but a {machine} with {bits} bits")
        if kit.python != python:
            raise InputError(f"it has Python {python}, but the kit's backends need {kit.python}")
        return kit
