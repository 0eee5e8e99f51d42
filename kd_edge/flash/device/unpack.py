"""Unpacks wheels without pip, which a device may not have, and compiles their modules."""

from __future__ import annotations

import hashlib
import io
import marshal
import warnings
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

from kd_edge.flash.device.disk import Refused, write_synced


def unpack(wheel: bytes, lib: Path, hashes: dict[str, str]) -> None:
    """Unpacks a wheel into a folder from which Python imports.

    Args:
        wheel: the file's bytes.
        lib: the folder, which exists.
        hashes: receives the sha256 (hex) of each written file, by its path in `lib`.

    Raises:
        Refused: a member's path leads out of the folder.
        OSError: the disk fails.
    """
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if parts[0].endswith(".data"):
                if parts[1] not in ("purelib", "platlib"):
                    continue  # scripts and headers
                parts = parts[2:]
            if ".." in parts or not parts[0]:
                raise Refused(f"a wheel holds the path {name}")
            if parts[-1]:
                put(lib, "/".join(parts), archive.read(name), hashes)


def put(lib: Path, name: str, data: bytes, hashes: dict[str, str]) -> None:
    """Writes one file and, for a Python module, its compiled form; see `unpack`.

    Args:
        lib: see `unpack`.
        name: its path in `lib`, with "/".
        data: its bytes.
        hashes: see `unpack`.
    """
    path = lib / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_synced(path, data)
    hashes[name] = hashlib.sha256(data).hexdigest()
    if name.endswith(".py") and "/tests/" not in name:
        compiled = _compiled(data, path)
        if compiled:
            put(lib, Path(cache_from_source(name)).as_posix(), compiled, hashes)


def _compiled(source: bytes, path: Path) -> bytes:
    """A module compiled as Python caches it, so that starts need not; b"" if it is invalid.

    It holds the source's hash, unchecked (PEP 552): with a time stamp instead, a source on a card
    with coarse time stamps would seem changed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return b""
    return MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(source) + marshal.dumps(code)
