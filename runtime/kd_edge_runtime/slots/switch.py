"""Switches a device to another bundle, as `slots` says: every step is safe to be cut at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kd_edge_runtime import backends
from kd_edge_runtime.backends.choose import choose
from kd_edge_runtime.backends.reproduce import reproduce
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.files import plain_write_errors
from kd_edge_runtime.slots.durable import (
    chunks,
    lock,
    make_folder,
    sha256_of,
    sync_folder,
    write_new,
)
from kd_edge_runtime.slots.slots import Slot, Slots, record
from kd_edge_runtime.students import golden
from kd_edge_runtime.students.item import LoadedItem

# What a file system may take beside the bundle, in bytes: three clusters of 64 KiB.
_SPARE = 3 << 16


def install(slots: Slots, source: Path) -> bool:
    """Makes a bundle current, and what is current now the previous one.

    First the copy is read back, and has to reproduce its golden rows here.

    Returns:
        Whether it was done; not if that bundle is current already, and whole.

    Raises:
        InputError: no such file; no room, or the disk refuses; another install is at work.
        BundleError: it is no bundle, or is damaged.
        BackendError, ParityError: it does not score here, or not as it should.
    """
    with Bundle(source) as bundle:
        bundle.check()
    sha256, size = sha256_of(source), source.stat().st_size
    current = _current(slots)
    if current and current.sha256 == sha256 and current.whole():
        _prove(slots, current)
        if _leftovers(slots):
            with suppress(InputError), _switching(slots):
                pass
        return False
    with _switching(slots) as number:
        free = shutil.disk_usage(slots.root).free
        if free < size + _SPARE:
            raise InputError(
                f"no room in '{slots.root}': {size + _SPARE:,} bytes needed, {free:,} free"
            )
        slot = Slot(number, slots.root / f"slot{number}.kdz", sha256)
        write_new(slot.path, chunks(source))
        if not slot.whole():
            raise InputError(
                f"'{slot.path}' does not read back as it was written: use another card"
            )
        _prove(slots, slot)
        _record(slots, slot)
    return True


def rollback(slots: Slots) -> Slot:
    """Exchanges the current and the previous bundle; gives what is current now.

    Raises:
        InputError: there is no previous bundle; or as `install`, like the others.
    """
    slots.open().close()
    with _switching(slots) as number:
        current = _current(slots)
        for slot in slots.all():
            if slot != current and slot.whole():
                break
        else:
            raise InputError(f"'{slots.root}' holds no previous bundle that is whole")
        _prove(slots, slot)
        slot = slot._replace(number=number)
        _record(slots, slot)
    return slot


def _current(slots: Slots) -> Slot | None:
    return next(filter(Slot.opens, slots.all()), None)


@contextmanager
def _switching(slots: Slots) -> Iterator[int]:
    """Gives the number of a switch, one at a time, and cleans up before and after it."""
    with plain_write_errors(slots.root):
        make_folder(slots.root)
        with (slots.root / "lock").open("ab") as file:
            lock(file)
            # Above all leftovers', which may not be gone from the disk for good.
            number = 1 + max((number for number, _, _ in slots.files()), default=0)
            _clean(slots)
            try:
                yield number
            finally:
                _clean(slots)


def _leftovers(slots: Slots) -> list[str]:
    """All files but the current and the previous bundle's."""
    kept: set[str] = set()
    opened = False
    for slot in slots.all():
        if opened and not slot.whole():
            continue
        kept |= {slot.path.name, f"slot{slot.number}.ok"}
        if opened:
            break
        opened = slot.opens()
    return [name for _, _, name in slots.files() if name.lower() not in kept]


def _clean(slots: Slots) -> None:
    # What the disk refuses to delete now, the next switch will.
    with suppress(OSError, KdEdgeError):
        names = _leftovers(slots)
        for name in names:
            with suppress(OSError):  # Windows keeps what is open
                (slots.root / name).unlink()
        # On the disk before their clusters are taken again: FAT may have two owners else.
        if names:
            sync_folder(slots.root)


def _prove(slots: Slots, slot: Slot) -> None:
    """Checks that a bundle that is whole reproduces its golden rows on this device."""
    with Bundle(slot.path) as bundle:
        for entry in bundle.manifest.items:
            item = LoadedItem(bundle, entry)
            backend, form = choose(item, slots.cache)
            form = form or next(iter(backends.forms(entry, backend)), "")
            error = reproduce(item, backend, form, golden.read(item)).error
            if error:
                raise error


def _record(slots: Slots, slot: Slot) -> None:
    """The switch itself."""
    line = record(slot.number, slot.path.name, slot.sha256)
    write_new(slots.root / f"slot{slot.number}.ok", [line])
