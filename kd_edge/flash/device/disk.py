"""Reading files back from the medium, lists of hashes, locks and synced writes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

SUMS = "SHA256SUMS"
"""The name of a list of hashes, as `sha256sum -c` reads it."""

SIGNATURE = f"{SUMS}.sig"
"""The name of such a list's signature, as `ssh-keygen -Y sign` writes it."""

_BLOCK = 1 << 20


class Refused(Exception):  # noqa: N818
    """A problem that a person has to solve; the message describes it."""


def hash_uncached(path: Path) -> str:
    """The sha256 (hex) of a file, read from the medium where the system supports it.

    Data that has not been synced is read from memory.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def sums(hashes: dict[str, str]) -> bytes:
    """A list of hashes.

    Args:
        hashes: sha256 (hex) by name.
    """
    return "".join(f"{digest}  {name}\n" for name, digest in hashes.items()).encode("utf-8")


def read_sums(data: bytes) -> dict[str, str]:
    """The sha256 (hex) by name of a list of hashes.

    Raises:
        ValueError: it is not such a list.
    """
    pairs = [line.split("  ", 1) for line in data.decode("utf-8").splitlines()]
    return {name: digest for digest, name in pairs}


def intact(folder: Path) -> bool:
    """Whether all files in a folder's list of hashes have these hashes, read from the medium."""
    try:
        listed = read_sums((folder / SUMS).read_bytes())
        return bool(listed) and all(
            hash_uncached(folder / name) == digest for name, digest in listed.items()
        )
    except (OSError, ValueError):
        return False


def write_synced(path: Path, data: bytes) -> None:
    """Writes a file and syncs its content, but not its name, to the medium.

    Raises:
        Refused: there is a link in its place.
        OSError: the disk fails.
    """
    with os.fdopen(_open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _open(path: Path, flags: int, mode: int = 0o666) -> int:
    """Opens a file to write into; never what a planted link leads to, and waits for no pipe."""
    in_place = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
    for name in in_place:
        flags |= getattr(os, name, 0)
    try:
        return os.open(path, flags, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused(f"there is a link in the place of '{path}': remove it") from None
        raise


def make_folder(path: Path) -> None:
    """Makes a folder where it is missing, not those above it; see `share`.

    Raises:
        OSError: the disk fails.
    """
    if not path.is_dir():
        path.mkdir(exist_ok=True)
        share(path)


def share(path: Path) -> None:
    """Lets those read a file or folder who may read the folder that it is in, whatever the umask.

    What an administrator with a strict umask installs is run by services and by other users.
    """
    with contextlib.suppress(OSError):  # FAT has no such modes
        mode, theirs = path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o055
        wanted = mode | (theirs if path.is_dir() else theirs & 0o044)
        if wanted != mode:
            path.chmod(wanted)


def sync_folder(path: Path) -> None:
    """Syncs the names in a folder to the medium, if its file system supports that."""
    with contextlib.suppress(OSError):
        handle = os.open(str(path), os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def same_folder(path: Path) -> Iterator[None]:
    """Checks that a path leads to the same folder before and after the block.

    If a stick was pulled out, the files may be in the folder it was mounted on.

    Raises:
        Refused: it is another folder, or gone.
        OSError: it cannot be opened.
    """
    if os.name != "posix":  # on Windows, a path without its disk does not exist
        yield
        return
    handle = os.open(str(path), os.O_RDONLY)
    try:
        yield
        unchanged = path.exists() and os.path.samestat(os.fstat(handle), path.stat())
    finally:
        os.close(handle)
    if not unchanged:
        raise Refused("its folder has been replaced by another: was the disk removed?")


@contextlib.contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Holds a lock, which is released when the process ends, however it ends.

    Args:
        path: the lock's file, created if missing and never deleted.
        busy: the message if another process holds it.

    Raises:
        Refused: another process holds it.
    """
    import fcntl  # imported here, since Windows has none and uses the rest of this module

    # 0o660: whoever may open it could hold it, and stop every install.
    with os.fdopen(_open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o660), "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(busy) from None
        yield
