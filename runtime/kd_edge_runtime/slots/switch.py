"""Switches a device to another bundle, as described in `slots`: any step may be interrupted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable

from kd_edge_runtime.backends.verify import score_here
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import second_students
from kd_edge_runtime.errors import InputError, KdEdgeError, note
from kd_edge_runtime.files import open_in_place, plain_write_errors
from kd_edge_runtime.signatures.check import check_signature
from kd_edge_runtime.slots.durable import (
    chunks,
    lock,
    make_folder,
    sha256_of,
    sync_folder,
    write_new,
)
from kd_edge_runtime.slots.slots import Slot, Slots, record
from kd_edge_runtime.students.item import LoadedItem

# Space in bytes that a file system may need besides the bundle: three clusters of 64 KiB.
_SPARE = 3 << 16


def install(
    slots: Slots,
    source: Path,
    allow_older: bool = False,
    warn: Callable[[str], object] = note,
) -> bool:
    """Makes a bundle current, and the current bundle the previous one.

    The copy is read back and must reproduce its golden rows here before the switch.

    Args:
        slots: the device's slots.
        source: the bundle.
        allow_older: whether it may be one that was created before the current one.
        warn: called with a message for each item whose second student does not run here.

    Returns:
        Whether a switch was made: False if this bundle is already current and intact.

    Raises:
        InputError: the file does not exist, or the bundle is an older one; the disk is full or
            reports an error; another install is running.
        BundleError: the file is not a bundle, is damaged, or is not signed as the root wants it.
        BackendError, ParityError: the bundle does not score here, or not correctly.
    """
    with Bundle(source) as bundle:
        check_signature(bundle, slots.root)
        bundle.check()
        created = bundle.manifest.created
    sha256, size = sha256_of(source), source.stat().st_size
    current = _current(slots)
    if current and current.sha256 == sha256 and current.whole():
        _check_scores(slots, current, warn)
        if _leftovers(slots):
            with suppress(InputError), _switching(slots):
                pass
        return False
    if current and not allow_older:
        _refuse_older(created, current)
    with _switching(slots) as number:
        free = shutil.disk_usage(slots.root).free
        if free < size + _SPARE:
            raise InputError(
                f"not enough space in '{slots.root}': {size + _SPARE:,} bytes needed, {free:,} free"
            )
        slot = Slot(number, slots.root / f"slot{number}.kdz", sha256)
        write_new(slot.path, chunks(source))
        if not slot.whole():
            raise InputError(
                f"'{slot.path}' reads back differently than it was written: use another card"
            )
        _check_scores(slots, slot, warn)
        _record(slots, slot)
    return True


def rollback(slots: Slots, warn: Callable[[str], object] = note) -> Slot:
    """Swaps the current and the previous bundle; returns the slot that is now current.

    Args:
        slots: the device's slots.
        warn: see `install`.

    Raises:
        InputError: there is no intact previous bundle; otherwise as `install`.
    """
    slots.open().close()
    with _switching(slots) as number:
        current = _current(slots)
        for slot in slots.all():
            if slot != current and slot.whole():
                break
        else:
            raise InputError(f"'{slots.root}' has no intact previous bundle")
        _check_scores(slots, slot, warn)
        slot = slot._replace(number=number)
        _record(slots, slot)
    return slot


def _current(slots: Slots) -> Slot | None:
    return next(filter(Slot.opens, slots.all()), None)


@contextmanager
def _switching(slots: Slots) -> Iterator[int]:
    """Locks the slots, yields the number of the next switch, and cleans up before and after."""
    with plain_write_errors(slots.root):
        make_folder(slots.root)
        # Whoever may open it could hold the lock, and stop every install: nobody else needs it.
        path = slots.root / "lock"
        with open_in_place(path, 0o660) as file:
            lock(file, path)
            # Higher than any leftover's number, as deleted files may reappear after a power cut.
            number = 1 + max((number for number, _, _ in slots.files()), default=0)
            _clean(slots)
            try:
                yield number
            finally:
                _clean(slots)


def _leftovers(slots: Slots) -> list[str]:
    """All slot files except those of the current and the previous bundle."""
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
    # Files that cannot be deleted now are deleted by the next switch.
    with suppress(OSError, KdEdgeError):
        names = _leftovers(slots)
        for name in names:
            with suppress(OSError):  # Windows does not delete open files
                (slots.root / name).unlink()
        # Deleted on the disk before their clusters are reused: on FAT they could have two owners.
        if names:
            sync_folder(slots.root)


def _check_scores(slots: Slots, slot: Slot, warn: Callable[[str], object]) -> None:
    """Checks that an intact bundle reproduces its golden rows on this device.

    A second student need not: the first scores alone then, which is said.
    """
    with Bundle(slot.path) as bundle:
        check_signature(bundle, slots.root)
        items = bundle.manifest.items
        for found in score_here([LoadedItem(bundle, entry) for entry in items], slots.cache):
            if isinstance(found, KdEdgeError):
                raise found
        with_second = [entry for entry in items if entry.second]
        if with_second:
            from kd_edge_runtime.backends.cascade import try_seconds, unused

            seconds = [LoadedItem(bundle, one) for one in second_students(with_second)]
            states = try_seconds(seconds, slots.cache)
            by_name = {entry.item_id: state for entry, state in zip(with_second, states)}
            for names, why in unused(by_name):
                warn(
                    f"The second small model of {names} does not run here, so the first will score "
                    f"alone: {why}"
                )


def _refuse_older(created: str, current: Slot) -> None:
    """Refuses to go back to what a newer bundle replaced, as somebody with an old file might."""
    with Bundle(current.path) as bundle:
        now = bundle.manifest.created
    if _time(created) and _time(created) < _time(now):
        raise InputError(
            f"this bundle was created {created}, before the one in use ({now}): add --allow-older "
            "if you want to go back"
        )


def _time(created: str) -> str:
    """When a bundle was created, in UTC, so that it can be compared; "" if it does not say so."""
    in_utc = created[19:] in ("Z", "+00:00")
    shape = "".join("0" if digit in "0123456789" else digit for digit in created[:19])
    return created[:19] if in_utc and shape == "0000-00-00T00:00:00" else ""


def _record(slots: Slots, slot: Slot) -> None:
    """Writes the record, which makes the switch."""
    line = record(slot.number, slot.path.name, slot.sha256)
    write_new(slots.root / f"slot{slot.number}.ok", [line])
