"""The current and the previous bundle of a device, stored so that no power cut loses both.

Their folder, the root, holds for switch number N

    slotN.kdz  the bundle installed by switch N; absent if the switch was a rollback
    slotN.ok   the record of the switch: N, the bundle that is now current, its sha256, a checksum

and `lock`. The newest intact record names the current bundle; an incomplete record is ignored.
Each file is written once, under a new name, and is on the disk before the next is begun. The
record comes last; it is short enough to fit in one sector. Nothing is renamed or overwritten, as
FAT does neither atomically: a power cut may leave both names of a file or none, and deleting one
of two names frees the clusters of the other. The names fit FAT's 8.3 limit; only case may change.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.backends.choose import check
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BundleError, InputError, KdEdgeError, read_error
from kd_edge_runtime.files import read_in_place
from kd_edge_runtime.signatures.check import SignatureError, check_signature

if TYPE_CHECKING:
    from typing import Callable, TypeVar

    T = TypeVar("T")


_DIGITS = 9


class Slot(NamedTuple):
    """An installed bundle: the number of the newest switch to it, its file and the file's hash."""

    number: int
    path: Path
    sha256: str

    def opens(self) -> bool:
        """Whether the bundle can be opened; a cheap check."""
        with suppress(KdEdgeError), Bundle(self.path):
            return True
        return False

    def whole(self) -> bool:
        """Whether the file still has the hash it was installed with."""
        from kd_edge_runtime.slots.durable import sha256_of

        with suppress(OSError):
            return sha256_of(self.path) == self.sha256
        return False


class SlotState(NamedTuple):
    """The state of a slot, for reports.

    Attributes:
        current: whether it is the current bundle.
        items: the items' ids.
        created: when the bundle was written, ISO 8601 in UTC.
        bytes: its size.
        sha256: the hash of the file as installed.
        file: its name in the root.
        problem: what is wrong with it, or "".
        cause: why it is not used, for programs: "damaged"; "not-allowed" by the list of signers;
            "unreadable", which says nothing about the bundle; or "" where it can be used.
    """

    current: bool
    items: tuple[str, ...]
    created: str
    bytes: int
    sha256: str
    file: str
    problem: str
    cause: str


class Slots:
    """The slots of a device. Reading needs no lock and writes nothing.

    Attributes:
        root: their folder, created by the first `switch.install`.
        cache: a file in it for the outcomes of probes, see `backends.choose.choose`.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.cache = self.root / "probe.json"

    def all(self) -> list[Slot]:
        """All slots with an intact record, the newest switch first, each bundle once."""
        by_path: dict[Path, Slot] = {}
        for number, ending, name in sorted(self.files(), reverse=True):
            slot = self._slot(number, name) if ending == "ok" else None
            if slot:
                by_path.setdefault(slot.path, slot)
        return [*by_path.values()]

    def open(self, warn: Callable[[str], object] | None = None) -> Bundle:
        """Opens the current bundle: the newest that can be opened; see `first`."""
        return self.first(lambda bundle: bundle, warn)

    def first(self, ready: Callable[[Bundle], T], warn: Callable[[str], object] | None = None) -> T:
        """Prepares the newest bundle that is not damaged.

        Args:
            ready: prepares an open bundle; if it raises a `BundleError`, the one before is taken.
            warn: called with a message if a newer bundle is damaged.

        Returns:
            What `ready` returns.

        Raises:
            InputError: nothing is installed.
            BundleError: every installed bundle is damaged.
        """
        damage: KdEdgeError | None = None
        for slot in self.all():
            try:
                bundle = Bundle(slot.path)
            except KdEdgeError as error:
                damage = damage or error
                continue
            try:
                check_signature(bundle, self.root)
                prepared = ready(bundle)
            except BaseException as error:
                bundle.close()
                if not isinstance(error, BundleError):
                    raise
                damage = damage or error
                continue
            if damage and warn:
                warn(f"{damage}; using the bundle installed before, {slot.path.name}")
            return prepared
        raise damage or InputError(
            f"nothing is installed in '{self.root}': install a bundle with 'kd-edge install "
            "BUNDLE', or name another folder with --root or KD_EDGE_ROOT"
        )

    def status(self) -> list[SlotState]:
        """The state of each slot, after a full check; the newest switch first."""
        states: list[SlotState] = []
        for slot in self.all():
            manifest, size, problem, cause, usable = None, 0, "", "", False
            try:
                with Bundle(slot.path) as bundle:
                    manifest = bundle.manifest
                    size = slot.path.stat().st_size
                    check_signature(bundle, self.root)
                    check(bundle, manifest.items)
                usable = True
                if not slot.whole():
                    problem, cause = "changed since it was installed", "damaged"
            except KdEdgeError as error:
                problem, cause = str(error), _cause(error)
            states.append(
                SlotState(
                    current=usable and not any(state.current for state in states),
                    items=tuple(entry.item_id for entry in manifest.items) if manifest else (),
                    created=manifest.created if manifest else "",
                    bytes=size,
                    sha256=slot.sha256,
                    file=slot.path.name,
                    problem=problem,
                    cause=cause,
                )
            )
        return states

    def files(self) -> Iterator[tuple[int, str, str]]:
        """The switch number, ending and name of each slot file."""
        try:
            names = [path.name for path in self.root.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise read_error(self.root, error) from None
        for name in names:
            stem, _, ending = name.lower().partition(".")
            number = stem[4:]
            # No switch has a number of more digits: a name that has is somebody else's.
            usual = number.isascii() and number.isdecimal() and len(number) <= _DIGITS
            if stem[:4] == "slot" and usual and ending in ("kdz", "ok"):
                yield int(number), ending, name

    def _slot(self, number: int, name: str) -> Slot | None:
        with suppress(OSError, ValueError):
            line = read_in_place(self.root / name, 200)
            _, bundle, sha256, _ = line.decode("ascii").split()
            # A record names a bundle beside it, and nothing in another folder.
            if line == record(number, bundle, sha256) and Path(bundle).name == bundle:
                path = self.root / bundle
                # Nor is what is there a link, or a pipe that would be waited for.
                if _is_file_or_missing(path):
                    return Slot(number, path, sha256)
        return None


def _is_file_or_missing(path: Path) -> bool:
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode) and os.sep not in str(path.readlink()):  # another name beside it
            mode = os.stat(path).st_mode  # noqa: PTH116
        return stat.S_ISREG(mode)
    except FileNotFoundError:  # which is told where it is opened
        return True


def _cause(error: KdEdgeError) -> str:
    """See `SlotState`."""
    if isinstance(error, SignatureError):
        return "not-allowed"
    return "damaged" if isinstance(error, BundleError) else "unreadable"


def record(number: int, bundle: str, sha256: str) -> bytes:
    """The content of a record file."""
    # The number is included because an unwritten sector may still hold an older record.
    fields = f"{number} {bundle} {sha256} "
    return f"{fields}{zlib.crc32(fields.encode()):08x}\n".encode()
