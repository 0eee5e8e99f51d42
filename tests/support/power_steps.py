"""Sees the steps with which this process changes a disk, and lets one of them go wrong."""

from __future__ import annotations

import builtins
import errno
import io
import os
import pathlib
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from kd_edge_runtime.errors import KdEdgeError
from power_model import Step, folder_of

# What a disk says from a step on.
_SAYS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "failing": errno.EIO}
REFUSALS = (*_SAYS, "gone", "ctrl-c")
# What may happen to any program; who knows of it says so.
MEMORY = "memory"

# What asks a file system for room. (A deletion may too, but hardly ever.)
NEED_ROOM = ("create", "write", "mkdir", "rename")

# Bytes that a file takes at a time, as a raw file may: a short one is written in several steps.
_PIECE = 2048


class Recorder:
    """Sees the steps of its process. What it patches stays so: use it in a child.

    Args:
        disk: the folder beneath which changes are steps.
        at: the step that goes wrong, from 1; 0 for none.
        fault: how: "killed", "torn" or one of `REFUSALS`.
        pipe: where to tell what came of it, pickled: the steps taken; "killed", "done" or the
            error that ended the action; and whether it is one that a user may see.
    """

    def __init__(self, disk: Path, at: int, fault: str, pipe: int) -> None:
        self._disk = Path.cwd() / disk
        self._at = at
        self._fault = fault
        self._pipe = pipe
        self._steps: list[Step] = []
        self._number = 0
        self._busy = False
        self._write, self._fsync, self._process = os.write, os.fsync, os.getpid()

    def run(self, action: Callable[[], object]) -> None:
        """Runs an action and ends this process."""
        self._watch()
        end, expected = "done", True
        try:
            action()
        except BaseException as error:
            end = f"{type(error).__name__}: {error}"
            expected = isinstance(error, (KdEdgeError, KeyboardInterrupt))
        self._end(end, expected)

    def _end(self, end: str, expected: bool = True) -> None:
        self._busy = True
        left = memoryview(pickle.dumps((self._steps, end, expected)))
        while left:
            left = left[self._write(self._pipe, left) :]
        os.kill(self._process, signal.SIGKILL)

    def _step(self, step: Step | None) -> None:
        """Called before a step is taken; None if it is none of this disk."""
        if step is None or self._busy:
            return
        self._number += 1
        if self._at and self._number >= self._at:
            self._go_wrong(step)
        self._steps.append(step)

    def _go_wrong(self, step: Step) -> None:
        first = self._number == self._at
        if self._fault == "killed":
            self._end("killed")
        elif self._fault == "gone" and first:
            self._busy = True
            self._disk.rename(gone(self._disk))
            self._busy = False
        elif self._fault == "ctrl-c" and first:
            raise KeyboardInterrupt
        elif self._fault == MEMORY and first:
            raise MemoryError
        elif self._fault in _SAYS and (self._fault != "full" or step.kind in NEED_ROOM):
            number = _SAYS[self._fault]
            raise OSError(number, os.strerror(number))

    def _writing(self, file: int, data: bytes, write: Callable[[bytes], int]) -> int:
        import fcntl  # not on every system on which this file is imported

        path = self._path_of(file)
        if path is not None:
            append = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_APPEND
            at = os.fstat(file).st_size if append else os.lseek(file, 0, os.SEEK_CUR)
            self._step(Step("write", path, data=data, at=at))
            if self._fault == "torn" and self._number == self._at:
                self._write(file, data[: len(data) // 2])
                self._end("killed")
        return write(data)

    def _syncing(self, file: int | io.IOBase) -> None:
        number = file if isinstance(file, int) else file.fileno()
        path = self._path_of(number)
        self._step(None if path is None else Step("fsync", path))
        self._fsync(number)

    def _watch(self) -> None:
        """From now on every change of the disk is a step."""
        recorder, real_open = self, io.open

        class Counted(io.FileIO):
            def write(self, data: bytes) -> int:
                return recorder._writing(self.fileno(), bytes(data[:_PIECE]), super().write)

        def counted_open(
            file, mode="r", buffering=-1, encoding=None, errors=None, newline=None,
            closefd=True, opener=None,
        ):  # fmt: skip
            if not {*mode} & {*"wxa+"}:
                return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
            raw = Counted(file, mode.replace("b", "").replace("t", ""), closefd, opener)
            if buffering == 0:
                return raw
            buffered = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
            if "b" in mode:
                return buffered
            return io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)

        def no_sendfile(*_, **__):
            # Whoever copies then reads and writes, which is seen.
            raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))

        def counted_write(file, data):
            return self._writing(file, bytes(data), lambda it: self._write(file, it))

        for module in (io, sys.modules["_io"], builtins):
            module.open = counted_open
        if hasattr(pathlib, "_NormalAccessor"):  # Python 3.10
            pathlib._NormalAccessor.open = staticmethod(counted_open)
        os.sendfile = no_sendfile
        # For the names of temporary files, the same each time.
        os.urandom = lambda size: bytes(size)
        os.write = counted_write
        os.fsync = os.fdatasync = self._syncing
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple) -> None:
        if self._busy or not (event == "open" or event.startswith("os.")):
            return
        self._busy = True  # looking at the disk is heard too
        try:
            step = self._step_of(event, arguments)
        finally:
            self._busy = False
        self._step(step)

    def _step_of(self, event: str, arguments: tuple) -> Step | None:
        if event == "os.rename":
            return self._renaming(*arguments)
        if event in ("os.link", "os.symlink") and self._inside(arguments[1]) is not None:
            raise NotImplementedError("FAT has no links")
        if event not in _SEEN:
            return None
        kind, folder_at = _SEEN[event]
        path = self._inside(arguments[0], arguments[folder_at] if folder_at else -1)
        if path is None:
            return None
        if event == "open":
            return self._opening(path, arguments[2])
        # What fails anyway is no step.
        there = kind != "mkdir"
        if self._there(path) != there or not self._there(folder_of(path)):
            return None
        return Step(kind, path, data=bytes(arguments[1]) if kind == "truncate" else b"")

    def _opening(self, path: str, flags: int) -> Step | None:
        if not flags & (os.O_WRONLY | os.O_RDWR):
            return None
        if not self._there(path):
            makes = flags & os.O_CREAT and self._there(folder_of(path))
            return Step("create", path) if makes else None
        file = self._disk / path
        shorter = flags & os.O_TRUNC and file.is_file() and file.stat().st_size
        return Step("truncate", path) if shorter else None

    def _renaming(self, old: object, new: object, old_folder: int, new_folder: int) -> Step | None:
        path, to = self._inside(old, old_folder), self._inside(new, new_folder)
        if (path is None) != (to is None):
            raise NotImplementedError("a rename into the disk or out of it")
        return Step("rename", path, to) if path is not None and self._there(path) else None

    def _there(self, path: str) -> bool:
        return os.path.lexists(self._disk / path)

    def _inside(self, name: object, folder: int = -1) -> str | None:
        """A path from the disk's folder; None for what is not beneath it."""
        if isinstance(name, int):
            return self._path_of(name)
        path = Path(os.fsdecode(name))
        if folder >= 0 and not path.is_absolute():
            above = self._path_of(folder)
            return None if above is None else str(Path(above, path))
        path = Path(os.path.normpath(Path.cwd() / path))
        if self._disk != path and self._disk not in path.parents:
            return None
        return _name(path, self._disk)

    def _path_of(self, file: int) -> str | None:
        """Where an open file or folder is now."""
        busy, self._busy = self._busy, True
        try:
            wanted = os.fstat(file)
            for path in [self._disk, *self._disk.rglob("*")]:
                if os.path.samestat(path.lstat(), wanted):
                    return _name(path, self._disk)
        except FileNotFoundError:  # the disk is gone
            pass
        finally:
            self._busy = busy
        return None


# Audit events: the kind of step, and where a folder's number is that the path starts from.
_SEEN = {
    "open": ("", 0),
    "os.remove": ("unlink", 1),
    "os.rmdir": ("rmdir", 1),
    "os.mkdir": ("mkdir", 2),
    "os.truncate": ("truncate", 0),
    "os.chmod": ("other", 2),
    "os.chown": ("other", 3),
    "os.utime": ("other", 3),
}


def _name(path: Path, disk: Path) -> str:
    name = str(path.relative_to(disk))
    return "" if name == "." else name


def gone(disk: Path) -> Path:
    """Where the folder of a disk that is gone has been moved to."""
    return disk.with_name(disk.name + ".gone")
