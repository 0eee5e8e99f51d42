"""Builds wheels of installed pure Python packages, without a network.

A source checkout that is installed in place (`pip install -e`) has no wheel to copy, and the
list of its installed files names a path instead of a package. So a new wheel is packed from
the package's folder and the installed metadata, the same bytes each time.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

from kd_edge_runtime.errors import InputError

_WHEEL = "Wheel-Version: 1.0\nGenerator: kd-edge\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_COMPILED = (".so", ".pyd", ".dylib")
_RW_R_R = 0o100644 << 16


@dataclass(frozen=True)
class Wheel:
    """A wheel in memory.

    Attributes:
        name: the file's name.
        data: the file's bytes.
        least_python: the oldest Python that it takes, e.g. (3, 9).
    """

    name: str
    data: bytes
    least_python: tuple[int, int]


def pack_installed(project: str, package: str) -> Wheel:
    """Packs a wheel of an installed pure Python package.

    Args:
        project: the project's name, e.g. "kd-edge-runtime".
        package: its only package, e.g. "kd_edge_runtime".

    Raises:
        InputError: it is not installed, or not in pure Python.
    """
    spec = find_spec(package)
    try:
        about = Distribution.from_name(project)
    except PackageNotFoundError:
        about = None
    if about is None or spec is None or not spec.submodule_search_locations:
        raise InputError(f"the package '{project}' is not installed here, so no kit can be made")
    members = _package(Path(spec.submodule_search_locations[0]), package)
    stem = f"{project.replace('-', '_')}-{about.version}"
    info = f"{stem}.dist-info"
    members |= {f"{info}/{name}": data for name, data in _metadata(about).items()}
    return Wheel(f"{stem}-py3-none-any.whl", _zipped(members, info), _least_python(about))


def _package(folder: Path, package: str) -> dict[str, bytes]:
    members = {}
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in place.parts)
        if hidden or not path.is_file():
            continue
        if path.suffix in _COMPILED:
            raise InputError(f"'{package}' is installed as machine code, which devices cannot run")
        members[f"{package}/{place.as_posix()}"] = path.read_bytes()
    return members


def _metadata(about: Distribution) -> dict[str, bytes]:
    files = {"WHEEL": _WHEEL}
    for name in ("METADATA", "entry_points.txt"):
        text = about.read_text(name)
        if text:
            files[name] = text
    for file in about.files or ():
        folder = next((part for part in file.parts if part in ("licenses", "sboms")), "")
        if folder:
            files[f"{folder}/{file.name}"] = Path(str(file.locate())).read_text(encoding="utf-8")
    return {name: text.encode("utf-8") for name, text in files.items()}


def _zipped(members: dict[str, bytes], info: str) -> bytes:
    lines = [f"{name},{_record_hash(data)},{len(data)}\n" for name, data in members.items()]
    record = "".join(lines) + f"{info}/RECORD,,\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in {**members, f"{info}/RECORD": record.encode("utf-8")}.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _RW_R_R
            archive.writestr(entry, data, compresslevel=9)
    return packed.getvalue()


def _record_hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + digest.rstrip(b"=").decode("ascii")


def _least_python(about: Distribution) -> tuple[int, int]:
    _, _, version = (about.metadata["Requires-Python"] or ">=3.9").partition(">=")
    major, _, minor = version.partition(".")
    return int(major), int(minor.partition(".")[0].partition(",")[0])
