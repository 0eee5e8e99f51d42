"""Answers one request over ssh: describe the device, install a kit, install a bundle."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from kd_edge.flash.device.bundles import find_runtime, switch
from kd_edge.flash.device.disk import Refused, hash_uncached, make_folder, same_folder, sync_folder
from kd_edge.flash.device.kit import device_tag, open_kit, python_version, refuse_older
from kd_edge.flash.device.runtime import install_runtime, installed, newest
from kd_edge.flash.device.signers import put_signers, require_signed

REPLY = "kd-edge-reply:"
"""Stands before the reply: all else is a login script's, which may leave its last line open."""

NOTE = "kd-edge-note:"
"""Stands before a line of progress."""

UPLOAD = ".upload-"
"""The start of the names of unfinished uploads."""

_STALLED_S = 90
_BLOCK = 1 << 16


def serve() -> None:
    """Reads a line of JSON from standard input, and after it the upload; prints the reply."""
    reply: dict[str, Any]
    try:
        request = json.loads(sys.stdin.buffer.readline())
        root = Path(request["root"])
        # Only the last folder is created: a disk that is not mounted must not be replaced by one.
        if not root.parent.is_dir():
            raise Refused(f"there is no folder {root.parent} on the device")
        _remove_stale(root)
        reply = _ANSWERS[request["do"]](root, request)
    except Refused as error:
        reply = {"error": str(error)}
    except OSError as error:
        reply = {"error": f"its disk failed ({error.strerror})"}
    print(REPLY + json.dumps(reply), flush=True)  # noqa: T201


def _state(root: Path, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    command, bundle = find_runtime(root)
    return {
        "python": python_version(),
        "machine": platform.machine(),
        "bits": struct.calcsize("P") * 8,
        "tag": device_tag(),
        "kit": installed(root),
        "command": command,
        "bundle": bundle,
    }


def _take_kit(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    with _upload(root, request) as path:
        kit = open_kit(path)
        require_signed(kit, root)
        if not request["allow_older"]:
            refuse_older(kit, newest(root))
        install_runtime(kit, root, _note)
    command, bundle = find_runtime(root)
    return {"command": command, "bundle": bundle}


def _take_bundle(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    with _upload(root, request) as path, same_folder(root):
        _note("checking golden rows")
        return {"bundle": switch(request["command"], path, root, request["allow_older"])}


def _take_signers(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    make_folder(root)
    put_signers(root, request["signers"].encode("utf-8"))
    return {"signers": True}


@contextlib.contextmanager
def _upload(root: Path, request: dict[str, Any]) -> Iterator[Path]:
    """Saves the data after the request in a file that is deleted after the block."""
    import fcntl

    make_folder(root)
    sync_folder(root.parent)
    path = root / f"{UPLOAD}{os.getpid()}"
    try:
        with path.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # shows other processes that it is in use
            _receive(file, request["bytes"])
            file.flush()
            os.fsync(file.fileno())
        if hash_uncached(path) != request["sha256"]:
            raise Refused("the device's disk returns other data than was written")
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _receive(file: BinaryIO, left: int) -> None:
    while left:
        signal.alarm(_STALLED_S)  # ends the program if the connection is dead but not closed
        block = sys.stdin.buffer.read(min(_BLOCK, left))
        if not block:
            raise Refused("the connection was lost")
        file.write(block)
        left -= len(block)
    signal.alarm(0)


def _remove_stale(root: Path) -> None:
    """Removes the remains of interrupted uploads, but not uploads in progress."""
    import fcntl

    for path in root.glob(UPLOAD + "*"):
        with contextlib.suppress(OSError):
            # Whatever others have put there: no link is followed, and no pipe waited for.
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(file)


_ANSWERS = {"state": _state, "signers": _take_signers, "kit": _take_kit, "bundle": _take_bundle}


def _note(text: str) -> None:
    print(NOTE + text, flush=True)  # noqa: T201
