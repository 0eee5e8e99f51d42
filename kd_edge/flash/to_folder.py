"""Puts a bundle, and optionally a kit, into a folder of a card, a stick or this machine."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path

from kd_edge.console.progress import track
from kd_edge.files import atomic_folder
from kd_edge.flash.device.disk import (
    SIGNATURE,
    SUMS,
    Refused,
    hash_uncached,
    intact,
    make_folder,
    same_folder,
    share,
    sync_folder,
)
from kd_edge.flash.device.signers import put_signers
from kd_edge.flash.kit.build import Kit
from kd_edge.flash.kit.payload import Payload
from kd_edge.flash.trust import UNCHANGED, Trust
from kd_edge_runtime.errors import InputError, KdEdgeError, note
from kd_edge_runtime.files import atomic_write, plain_write_errors
from kd_edge_runtime.slots import switch
from kd_edge_runtime.slots.slots import Slots
from kd_edge_runtime.system.open_folders import writable_by_all

DEFAULT_PYTHON = "3.11"
"""The Python of a kit for a folder, whose device is unknown: that of Raspberry Pi OS 12."""

_SCRIPT = "install.sh"


def flash_folder(
    name: str, root: Path, bundle: Payload, kit: Kit | None, trust: Trust = UNCHANGED
) -> int:
    """Makes a bundle the current one of a folder with slots, and reads all of it back.

    Existing files that are intact are kept. Whenever the power fails, the folder's current bundle
    is either the old or the new one.

    Args:
        name: the device's name.
        root: the folder; its parent folder must exist.
        bundle: the bundle.
        kit: written to `kit`, with `install.sh` beside it; None for no kit.
        trust: what the device is to trust.

    Returns:
        The number of bytes written.

    Raises:
        KdEdgeError: the disk fails, or the bundle does not reproduce its
            golden rows here.
    """
    with _plain_errors(root):
        if not root.parent.is_dir():
            raise InputError(f"there is no folder '{root.parent}': is the card mounted?")
        _warn_if_open(root)
        size = len(bundle.data) + (kit.size if kit else 0)
        with _made(root), same_folder(root), track(name, size) as tracker:
            put_signers(root, trust.signers)
            written = _put_bundle(root, bundle, trust.allow_older)
            tracker.advance(len(bundle.data))
            if kit is not None:
                tracker.note("kit")
                written += _put_kit(root, kit) + _put_script(root)
                tracker.advance(kit.size)
        return written


def _warn_if_open(root: Path) -> None:
    """Warns of a medium on which anybody may change what devices will take for the workshop's."""
    folder = writable_by_all(root)
    if folder is not None:
        note(
            f"Warning: anybody on this computer may write into '{folder}', and so change what "
            f"devices get from '{root}': take that right away (chmod o-w), mount the medium for "
            "yourself alone, or sign the bundle ('kd-edge sign') and the software (--key)"
        )


@contextlib.contextmanager
def _made(root: Path) -> Iterator[None]:
    """Makes a folder; one that is new and stays empty is gone if the block fails."""
    new = not root.exists()
    make_folder(root)
    sync_folder(root.parent)
    try:
        yield
    except BaseException:
        if new:
            with contextlib.suppress(OSError):
                root.rmdir()
        raise


def current_hash(root: Path) -> str:
    """The sha256 (hex) of a folder's current bundle, read from the medium; "" for none."""
    for state in Slots(root).status():
        if state.current and not state.problem:
            return hash_uncached(root / state.file)
    return ""


def _put_bundle(root: Path, bundle: Payload, allow_older: bool) -> int:
    if current_hash(root) == bundle.sha256:
        return 0
    switch.install(Slots(root), bundle.path, allow_older)
    _require_intact(current_hash(root) == bundle.sha256, root)
    return len(bundle.data)


def _put_kit(root: Path, kit: Kit) -> int:
    place = root / "kit"
    if _holds(place, kit):
        return 0
    with atomic_folder(place, {SUMS}) as new:
        for name, data in kit.files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(new / name, binary=True) as file:
                file.write(data)
        sync_folder(new)
        _require_intact(_holds(new, kit), root)
    for path in (place, *place.iterdir()):
        share(path)
    sync_folder(root)
    return kit.size


def _holds(folder: Path, kit: Kit) -> bool:
    """Whether a folder contains exactly this kit, as read from the medium."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    with contextlib.suppress(OSError):
        return (
            names == set(kit.files)
            and all(
                (folder / name).read_bytes() == kit.files[name]
                for name in (SUMS, SIGNATURE)
                if name in names
            )
            and intact(folder)
        )
    return False


def _put_script(root: Path) -> int:
    """The shell script that starts the kit from a stick."""
    place, text = root / _SCRIPT, resources("kd_edge.flash").joinpath(_SCRIPT).read_bytes()
    if _has_content(place, text):
        return 0
    with atomic_write(place, binary=True) as file:
        file.write(text)
    share(place)
    sync_folder(root)
    _require_intact(_has_content(place, text), root)
    return len(text)


def _has_content(path: Path, data: bytes) -> bool:
    with contextlib.suppress(OSError):
        return hash_uncached(path) == hashlib.sha256(data).hexdigest()
    return False


def _require_intact(intact_: bool, root: Path) -> None:
    if not intact_:
        raise KdEdgeError(f"'{root}' returns other data than was written: use another card")


@contextlib.contextmanager
def _plain_errors(root: Path) -> Iterator[None]:
    try:
        with plain_write_errors(root):
            yield
    except Refused as error:
        raise KdEdgeError(f"'{root}': {error}") from None
    except OSError as error:
        raise KdEdgeError(f"'{root}': the disk failed ({error.strerror})") from None
