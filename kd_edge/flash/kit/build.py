"""The offline kit: the wheels of the runtime and its dependencies, and their installer."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kd_edge.flash.device.disk import SIGNATURE, SUMS, sums
from kd_edge.flash.kit.platforms import Platform, backend_projects, fetch
from kd_edge.flash.kit.program import as_zip
from kd_edge.flash.kit.sbom import SBOM, bill_of_materials
from kd_edge.flash.kit.wheels import Wheel, pack_installed
from kd_edge_runtime.errors import InputError

Sign = Callable[[bytes], bytes]
"""Returns the armored signature of a text."""


@dataclass(frozen=True)
class Kit:
    """A kit in memory.

    Attributes:
        python: the only Python that its wheels fit; None if they fit every Python from
            `least_python` on.
        least_python: the oldest Python that its wheels fit, e.g. (3, 10).
        files: bytes by name, the list of hashes included.
    """

    python: str | None
    least_python: tuple[int, int]
    files: dict[str, bytes]

    @cached_property
    def id(self) -> str:
        """A name for the contents: the first 12 hex digits of the hash of the list of hashes."""
        return hashlib.sha256(self.files[SUMS]).hexdigest()[:12]

    @property
    def size(self) -> int:
        """The bytes of all its files together."""
        return sum(map(len, self.files.values()))

    @cached_property
    def zipped(self) -> bytes:
        """All its files in one zip, to be sent over a connection."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in self.files.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        return packed.getvalue()


def make_kit(
    platform: Platform,
    python: str,
    backends: Sequence[str] = (),
    tokenizers: bool = False,
    core: Mapping[str, bytes] | None = None,
    sign: Sign | None = None,
) -> Kit:
    """Builds the kit for one kind of device.

    Without backends no network is needed, if the click installed here supports that Python.

    Args:
        platform: the kind of device.
        python: its Python, e.g. "3.11".
        backends: any of `platforms.BACKENDS`.
        tokenizers: whether the bundle's students need the package of that name.
        core: wheels of the core by name, see `core_wheels`. They fit every Python that the runtime
            fits, and a device for which there is none does without.
        sign: signs the list of hashes; None leaves it without a signature.

    Raises:
        InputError: a package is not installed here, or not published for the platform.
        KdEdgeError: pip could not fetch one.
    """
    major, _, minor = python.partition(".")
    least = int(major), int(minor)
    runtime = pack_installed("kd-edge-runtime", "kd_edge_runtime")
    if runtime.least_python > least:
        needed = ".".join(map(str, runtime.least_python))
        raise InputError(f"the runtime needs Python {needed} or newer, not {python}")
    click = pack_installed("click", "click")
    wheels = {runtime.name: runtime.data}
    projects = backend_projects(platform, python, backends)
    projects += ["tokenizers"] if tokenizers else []
    fits = _fits(click, least)
    if fits:
        wheels[click.name] = click.data
    else:
        projects.append("click")
    if projects:
        wheels |= fetch(platform, python, projects)
    oldest = max(runtime.least_python, click.least_python) if fits else least
    only_python = None if all(name.endswith("-none-any.whl") for name in wheels) else python
    about = {"platform": platform.name, "python": only_python, "least_python": list(oldest)}
    contents = {
        **dict(sorted({**wheels, **(core or {})}.items())),
        "kit.json": json.dumps(about).encode("ascii") + b"\n",
        "install.pyz": as_zip(),
    }
    contents[SBOM] = bill_of_materials(contents, platform.name)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    contents[SUMS] = sums(hashes)
    if sign:
        contents[SIGNATURE] = sign(contents[SUMS])
    return Kit(only_python, oldest, contents)


def _fits(wheel: Wheel, python: tuple[int, int]) -> bool:
    return wheel.least_python <= python
