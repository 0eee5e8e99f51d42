"""What a disk may hold after a power cut, told from the steps that were taken before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from pathlib import Path
from typing import NamedTuple

# What is beneath a folder: the bytes of each file by its path in it, None for a folder.
Tree = dict[str, bytes | None]

# More changes of names than these are not tried in every selection.
_MOST_CHANGES = 6


class Step(NamedTuple):
    """A change of a disk.

    Attributes:
        kind: "create", "truncate", "write", "fsync", "rename", "unlink", "mkdir", "rmdir", or
            "other" for what changes neither names nor bytes.
        path: what is changed, from the disk's folder; "" is that folder.
        to: the new path of a rename.
        data: what is written, or zeros of the length that a truncation leaves.
        at: where it is written.
    """

    kind: str
    path: str
    to: str = ""
    data: bytes = b""
    at: int = 0

    def __str__(self) -> str:
        length = f", {len(self.data)} bytes at {self.at}" if self.data else ""
        return f"{self.kind} {self.path or '.'}{self.to and ' to '}{self.to}{length}"


class _File:
    """A file's bytes: as programs see them, and as they are sure to be on the disk."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = self.synced = data


_ABSENT = _File()

# Names and what they are from now on, all at once. The first is in the folder whose fsync
# makes sure of it.
_Change = tuple[tuple[str, _File | None], ...]


class Disk:
    """A disk after some steps.

    Args:
        before: what was on it for certain.
        steps: what was done since.
        fat: whether it has no journal: a rename makes a name and deletes one or two, one at a
            time, and what is deleted may be overwritten before its name is gone.
    """

    def __init__(self, before: Tree, steps: list[Step], fat: bool = True) -> None:
        self._names: dict[str, _File | None] = {
            name: None if data is None else _File(data) for name, data in before.items()
        }
        self._synced = dict(self._names)
        self._old = [data for data in before.values() if data]
        self._pending: list[_Change] = []
        self._fat = fat
        for step in steps:
            self._take(step)

    def seen(self) -> Tree:
        """What programs see."""
        return {name: None if file is None else file.data for name, file in self._names.items()}

    def after_cut(self) -> Iterator[Tree]:
        """The states that a power cut may leave it in, some more than once."""
        gone = {
            id(self._synced.get(name))
            for change in self._pending
            for name, file in change
            if file is _ABSENT and self._fat  # a journal gives blocks away after their names
        }
        for changes in _selections(self._pending):
            names = dict(self._synced)
            for change in changes:
                _apply(names, change)
            # A name in a folder that is not there is not there either.
            names = {
                name: file
                for name, file in names.items()
                if all(str(above) in names for above in Path(name).parents[:-1])
            }
            for bytes_of in _CONTENTS:
                yield {
                    name: None if file is None else bytes_of(file, id(file) in gone)
                    for name, file in names.items()
                }
            yield {
                name: None if file is None else self._anothers(file, id(file) in gone)
                for name, file in names.items()
            }

    def _anothers(self, file: _File, gone: bool) -> bytes:
        """The bytes of the old file that is most like it: a place on the disk is used again."""
        if not (gone or file.data != file.synced):
            return file.data
        size = len(file.data)
        like = min(
            self._old, key=lambda data: (data == file.data, abs(len(data) - size)), default=b""
        )
        return like[:size].ljust(size, b"\xff")

    def _take(self, step: Step) -> None:
        file = self._names.get(step.path)
        if step.kind == "fsync":
            if file:
                file.synced = file.data
            else:
                self._sync_names(step.path)
        elif step.kind == "write":
            start = file.data[: step.at].ljust(step.at, b"\0")
            file.data = start + step.data + file.data[step.at + len(step.data) :]
        elif step.kind == "truncate":
            file.data = file.data[: len(step.data)].ljust(len(step.data), b"\0")
        else:
            self._change(step)

    def _change(self, step: Step) -> None:
        changes: list[_Change] = []
        if step.kind == "create":
            changes = [((step.path, _File()),)]
        elif step.kind == "mkdir":
            changes = [((step.path, None),)]
        elif step.kind in ("unlink", "rmdir"):
            changes = [((step.path, _ABSENT),)]
        elif step.kind == "rename":
            moved = [name for name in self._names if f"{name}/".startswith(f"{step.path}/")]
            changes = [
                ((step.to, _ABSENT),),
                tuple((step.to + name[len(step.path) :], self._names[name]) for name in moved),
                tuple((name, _ABSENT) for name in moved),
            ]
            if step.to not in self._names:
                del changes[0]
            if not self._fat and folder_of(step.path) == folder_of(step.to):
                changes = [tuple(chain.from_iterable(changes))]
        for change in changes:
            _apply(self._names, change)
        self._pending += changes

    def _sync_names(self, folder: str) -> None:
        for change in self._pending:
            if folder_of(change[0][0]) == folder:
                _apply(self._synced, change)
        self._pending = [one for one in self._pending if folder_of(one[0][0]) != folder]


def tree(folder: Path) -> Tree:
    """What is beneath a folder."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def lay(folder: Path, content: Tree) -> None:
    """Makes a folder hold this and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in sorted(content.items()):
        if data is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(data)


def folder_of(name: str) -> str:
    """The folder that a name is in; "" for the disk's own."""
    return name.rpartition("/")[0]


def _apply(names: dict[str, _File | None], change: _Change) -> None:
    for name, file in change:
        if file is _ABSENT:
            names.pop(name, None)
        else:
            names[name] = file


def _selections(pending: list[_Change]) -> Iterator[tuple[_Change, ...]]:
    if len(pending) <= _MOST_CHANGES:
        for size in range(len(pending) + 1):
            yield from combinations(pending, size)
        return
    for at in range(len(pending) + 1):
        yield tuple(pending[:at])
        yield tuple(pending[at:])
        yield tuple(pending[:at] + pending[at + 1 :])


# What may be found in a file; the bytes that no fsync covers, and those of a file whose name
# is being deleted, may be another's by now.


def _arrived(file: _File, _: bool) -> bytes:
    return file.data


def _old(file: _File, _: bool) -> bytes:
    return file.synced


def _half(file: _File, _: bool) -> bytes:
    at = len(file.data) // 2
    return file.data if file.data == file.synced else file.data[:at] + file.synced[at:]


def _zeros(file: _File, gone: bool) -> bytes:
    return bytes(len(file.data)) if gone or file.data != file.synced else file.data


_CONTENTS: tuple[Callable[[_File, bool], bytes], ...] = (_arrived, _old, _half, _zeros)
