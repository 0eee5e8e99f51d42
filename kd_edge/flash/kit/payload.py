"""What is put onto devices: a bundle that is whole, and the kits for their Pythons."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kd_edge.flash.kit.build import Kit, make_kit
from kd_edge.flash.kit.platforms import Platform
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, KdEdgeError


@dataclass(frozen=True)
class Payload:
    """A bundle, read once for all devices.

    Attributes:
        path: its file.
        data: the file's bytes.
        sha256: their hash.
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
    """The kits of one run, each made once, by whichever thread needs it first.

    Attributes:
        platform: the kind of devices.
        python: their Python, e.g. "3.11"; None where each is asked.
        backends: those that the kits bring.
        tokenizers: whether the students need that package.
    """

    platform: Platform
    python: str | None = None
    backends: Sequence[str] = ()
    tokenizers: bool = False
    _made: dict[str, Kit | KdEdgeError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kit(self, python: str) -> Kit:
        """The kit for a Python.

        Args:
            python: the version that a device has; one that was given goes before it.

        Raises:
            InputError: a package is not installed here, or not published for the platform.
            KdEdgeError: pip could not fetch one.
        """
        python = self.python or python
        with self._lock:
            made = self._made.get(python)
            if made is None:
                try:
                    made = make_kit(self.platform, python, self.backends, self.tokenizers)
                except KdEdgeError as error:
                    made = error
                self._made[python] = made
        if isinstance(made, KdEdgeError):
            raise made
        return made

    def kit_for(self, python: str, machine: str, bits: int) -> Kit:
        """The kit for a device that was asked what it is.

        Args:
            python: its version, e.g. "3.11".
            machine: as its kernel names it.
            bits: of its Python.

        Raises:
            InputError: the kit does not fit it, or `kit`'s reasons.
            KdEdgeError: `kit`'s reasons.
        """
        made = self.kit(python)
        if made.python is None:
            if tuple(map(int, python.split("."))) < made.least_python:
                raise InputError(f"it has Python {python}: leave out --python {self.python}")
            return made
        if not self.platform.runs_on(machine, bits):
            raise InputError(f"it is no {self.platform.name}: a {machine} with {bits} bits")
        if made.python != python:
            raise InputError(f"it has Python {python}, and the kit's backends need {made.python}")
        return made
