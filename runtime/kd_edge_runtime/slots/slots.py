"""The current and the previous bundle of a device, kept so that no power cut loses both.

Their folder, the root, holds for switch number N

    slotN.kdz  the bundle that came with it; none if it went back to a bundle that was here
    slotN.ok   its record: N, the bundle to score with from now on, its sha256, a check sum

and `lock`. The newest whole record says what is current; a torn one says nothing. Each file is
written once, under a new name, and is on the disk before the next is begun, the record last:
a line that no sector splits. Nothing is renamed or overwritten, which FAT does not do in one
step: a cut may leave both names of a file or neither, and to delete one of two gives away what
the other holds. A name that FAT cuts to eight letters and three is the same, but in capitals.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, KdEdgeError

if TYPE_CHECKING:
    from typing import Callable


class Slot(NamedTuple):
    """A bundle: the newest switch to it, its file, and the hash of all of that."""

    number: int
    path: Path
    sha256: str

    def opens(self) -> bool:
        """Whether it opens, which is cheap to know."""
        with suppress(KdEdgeError), Bundle(self.path):
            return True
        return False

    def whole(self) -> bool:
        """Whether it is there, bit for bit."""
        from kd_edge_runtime.slots.durable import sha256_of

        with suppress(OSError):
            return sha256_of(self.path) == self.sha256
        return False


class SlotState(NamedTuple):
    """What is in a slot.

    Attributes:
        current: whether it is scored with.
        items: the items' ids.
        created: when it was made, ISO 8601 in UTC.
        bytes: its size.
        sha256: of the file, as it was installed.
        file: its name in the root.
        problem: what is wrong with it, or "".
    """

    current: bool
    items: tuple[str, ...]
    created: str
    bytes: int
    sha256: str
    file: str
    problem: str


def default_root() -> Path:
    """The root where none is named, see README.md."""
    given = os.environ.get("KD_EDGE_ROOT")
    if given:
        return Path(given)
    system = Path("/var/lib/kd-edge")
    if sys.platform != "win32" and (system.is_dir() or os.geteuid() == 0):
        return system
    data = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME")
    return Path(data or Path.home() / ".local" / "share") / "kd-edge"


class Slots:
    """The slots of a device. Reading takes no lock and writes nothing.

    Attributes:
        root: their folder, made by the first `switch.install`.
        cache: a file there for outcomes of probes, see `backends.choose.choose`.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.cache = self.root / "probe.json"

    def all(self) -> list[Slot]:
        """What has a whole record, the newest switch first, each bundle once."""
        found: dict[Path, Slot] = {}
        for number, ending, name in sorted(self.files(), reverse=True):
            slot = self._slot(number, name) if ending == "ok" else None
            if slot:
                found.setdefault(slot.path, slot)
        return [*found.values()]

    def open(self, warn: Callable[[str], object] | None = None) -> Bundle:
        """Opens the current bundle: the newest that opens.

        Args:
            warn: told if a newer one is damaged.

        Raises:
            InputError: nothing is installed.
            BundleError: all that is installed is damaged.
        """
        damage = None
        for slot in self.all():
            try:
                bundle = Bundle(slot.path)
            except KdEdgeError as error:
                damage = damage or error
                continue
            if damage and warn:
                warn(f"{damage}: scoring with {slot.path.name}, which was installed before")
            return bundle
        raise damage or InputError(
            f"nothing is installed in '{self.root}': 'kd-edge install BUNDLE' installs a bundle"
        )

    def status(self) -> list[SlotState]:
        """What is in each slot, checked; the newest switch first."""
        states: list[SlotState] = []
        for slot in self.all():
            made, size, problem = None, 0, ""
            try:
                with Bundle(slot.path) as bundle:
                    made = bundle.manifest
                size = slot.path.stat().st_size
                if not slot.whole():
                    problem = "not as it was installed"
            except KdEdgeError as error:
                problem = str(error)
            states.append(
                SlotState(
                    current=bool(made) and not any(state.current for state in states),
                    items=tuple(entry.item_id for entry in made.items) if made else (),
                    created=made.created if made else "",
                    bytes=size,
                    sha256=slot.sha256,
                    file=slot.path.name,
                    problem=problem,
                )
            )
        return states

    def files(self) -> Iterator[tuple[int, str, str]]:
        """Number, ending and name of each file of a switch."""
        try:
            names = [path.name for path in self.root.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise InputError(f"'{self.root}' cannot be read ({error.strerror})") from None
        for name in names:
            stem, _, ending = name.lower().partition(".")
            if stem[:4] == "slot" and stem[4:].isdecimal() and ending in ("kdz", "ok"):
                yield int(stem[4:]), ending, name

    def _slot(self, number: int, name: str) -> Slot | None:
        with suppress(OSError, ValueError):
            with (self.root / name).open("rb") as file:
                line = file.read(200)
            _, bundle, sha256, _ = line.decode("ascii").split()
            if line == record(number, bundle, sha256):
                return Slot(number, self.root / bundle, sha256)
        return None


def record(number: int, bundle: str, sha256: str) -> bytes:
    """The content of a record."""
    # With its number, as what was not written yet may be an old record that was there before.
    said = f"{number} {bundle} {sha256} "
    return f"{said}{zlib.crc32(said.encode()):08x}\n".encode()
