"""Unpacks wheels without pip, which a device may not have, and compiles what they hold."""

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
    """Unpacks a wheel where Python imports from.

    Args:
        wheel: the file's bytes.
        lib: the folder to import from, which is there.
        hashes: gets the sha256 (hex) of each file that is written, by its path in `lib`.

    Raises:
        Refused: a member would leave the folder.
        OSError: the disk refuses.
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
    """Writes one file and, if it is Python's, what Python makes of it; for the rest see `unpack`.

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
    """A source as Python caches it, b"" where it is none: a start would compile it each time.

    It holds the source's hash and says that nobody compares it (PEP 552): by its time of day,
    a source on a card with a coarse clock would seem changed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return b""
    return MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(source) + marshal.dumps(code)
