"""Reads a bundle, and refuses anything the format does not allow.

A `.kdz` is a zip file. Nothing is unpacked to disk: a member is read into memory when it is
requested, and its size and hash are checked against the manifest each time.
"""

from __future__ import annotations

import os
import stat
import sys
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, sha256
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import BundleError, read_error

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = "manifest.json"

# Upper limits on what is read before its hash has been verified: a zip's own sizes may lie.
MAX_MANIFEST = 8 << 20
MAX_MEMBER = 256 << 20
MAX_TOGETHER = 1 << 30
# How many times a file's size its members together may have, where they have more than so much.
MAX_PACKING = 20
FREELY = 16 << 20
# Of members that are read as a whole, and become many times larger then.
MAX_CARD = 1 << 20
MAX_GOLDEN = 4 << 20
MAX_VECTORIZER = 64 << 20

_CHUNK = 1 << 16

# What the zipfile module raises for a damaged zip.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)

_ENCRYPTED = 0x1


class Bundle:
    """An open bundle.

    Args:
        path: the `.kdz` file.

    Attributes:
        path: the file.
        manifest: its parsed manifest.
        manifest_bytes: the manifest as it is in the file, which is what is signed.

    Raises:
        InputError: the file does not exist or cannot be read.
        BundleError: the file is not a bundle, is damaged, or has an unknown protocol.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._zip = _opened(self.path)
        except OSError as error:
            raise read_error(self.path, error) from None
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise BundleError(
                f"{self.path}: not a bundle, or an incomplete copy of one: copy the .kdz file again"
            ) from None
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; the manifest and members already read stay usable."""
        self._zip.close()

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            BundleError: there is no such member, or its size or hash is not the manifest's.
        """
        member = self.manifest.members.get(name)
        if member is None:
            raise BundleError(f"{self.path}: no member '{name}'")
        data = self._inflate(name, member.bytes)
        if sha256(data).hexdigest() != member.sha256:
            raise BundleError(f"{self.path}: '{name}' does not have the hash in the manifest")
        return data

    def check(self) -> None:
        """Reads every member, which checks every size and hash.

        Raises:
            BundleError: a member is damaged.
        """
        for name, member in self.manifest.members.items():
            digest = sha256()
            for chunk in self._chunks(name, member.bytes):
                digest.update(chunk)
            if digest.hexdigest() != member.sha256:
                raise BundleError(f"{self.path}: '{name}' does not have the hash in the manifest")

    @property
    def signatures(self) -> list[bytes]:
        """The signatures in the zip's comment, whether they count or not."""
        from kd_edge_runtime.signatures.armor import signatures_in

        return signatures_in(self._zip.comment)

    def packed(self) -> dict[str, int]:
        """The compressed size in bytes of each member, including the manifest."""
        return {info.filename: info.compress_size for info in self._zip.infolist()}

    def _read_manifest(self) -> Manifest:
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        if MANIFEST not in names:
            raise BundleError(f"{self.path}: not a bundle (it has no {MANIFEST})")
        if len(set(names)) != len(names):
            raise BundleError(f"{self.path}: a member name occurs twice")
        for info in infos:
            if strange(info):
                raise BundleError(
                    f"{self.path}: '{info.filename}' is encrypted, a link, or compressed in an "
                    "unsupported way"
                )
        size = self._zip.getinfo(MANIFEST).file_size
        if size > MAX_MANIFEST:
            raise BundleError(
                f"{self.path}: {MANIFEST} is too large ({size:,} bytes; the limit is "
                f"{MAX_MANIFEST:,})"
            )
        self.manifest_bytes = data = self._inflate(MANIFEST, size)
        try:
            manifest = Manifest.from_json(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise BundleError(f"{self.path}: {MANIFEST} is not UTF-8") from None
        except BundleError as error:
            raise BundleError(f"{self.path}: {error}") from None
        self._check_members(manifest, names)
        return manifest

    def _check_members(self, manifest: Manifest, names: list[str]) -> None:
        expected, there, most = {*manifest.members, MANIFEST}, {*names}, _most(manifest)
        for name in names:
            # Every member must be listed, so that nothing is carried along without a hash.
            if name not in expected:
                raise BundleError(f"{self.path}: '{name}' is not in the manifest")
        for name, member in manifest.members.items():
            if unsafe(name):
                raise BundleError(f"{self.path}: the member name '{name}' is not allowed")
            if name not in there:
                raise BundleError(f"{self.path}: '{name}' is missing")
            size = self._zip.getinfo(name).file_size
            if size != member.bytes:
                raise BundleError(f"{self.path}: '{name}' does not have the size in the manifest")
            if size > most.get(name, MAX_MEMBER):
                raise BundleError(
                    f"{self.path}: '{name}' is too large ({size:,} bytes; the limit is "
                    f"{most.get(name, MAX_MEMBER):,})"
                )
        together = sum(member.bytes for member in manifest.members.values())
        if together > MAX_TOGETHER:
            raise BundleError(
                f"{self.path}: the members together are larger than {MAX_TOGETHER:,} bytes"
            )
        # What learnt something does not pack so small: this is made to fill a device.
        if together > FREELY and together > MAX_PACKING * self.path.stat().st_size:
            raise BundleError(
                f"{self.path}: the members together are {together:,} bytes, more than "
                f"{MAX_PACKING} times the file"
            )

    def _inflate(self, name: str, size: int) -> bytes:
        """Unpacks a member."""
        return b"".join(self._chunks(name, size, size + 1))

    def _chunks(self, name: str, size: int, at_once: int = _CHUNK) -> Iterator[bytes]:
        """Unpacks a member of `size` bytes, and no more whatever size the zip states."""
        left = size
        try:
            with self._zip.open(name) as stream:
                while left >= 0 and (chunk := stream.read(min(at_once, left + 1))):
                    left -= len(chunk)
                    if left >= 0:
                        yield chunk
        except _DAMAGED:
            raise BundleError(f"{self.path}: '{name}' is damaged: copy the bundle again") from None
        if left:
            raise BundleError(f"{self.path}: '{name}' does not have the size in the manifest")


def _opened(path: Path) -> zipfile.ZipFile:
    if not os.path.isfile(path):  # noqa: PTH113 (a start must stay cheap)
        from kd_edge_runtime.system.whole_file import refuse_non_file

        refuse_non_file(path)  # zipfile would wait for who writes into a pipe
    if sys.version_info >= (3, 11):
        # Names of members are ASCII as a rule; the table of a zip's other names, CP 437, takes a
        # hundredth of a start.
        with suppress(UnicodeDecodeError):
            return zipfile.ZipFile(path, metadata_encoding="ascii")
    return zipfile.ZipFile(path)


def _most(manifest: Manifest) -> dict[str, int]:
    """The largest size of each member that is read as a whole, in bytes."""
    most = {manifest.card: MAX_CARD}
    for entry in manifest.items:
        for one in (entry, entry.second) if entry.second else (entry,):
            most[one.vectorizer] = MAX_VECTORIZER
            most[one.golden] = MAX_GOLDEN
    return most


def strange(info: zipfile.ZipInfo) -> bool:
    """Whether a member is encrypted, a link, or compressed by an unsupported method."""
    return (
        bool(info.flag_bits & _ENCRYPTED)
        or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        or stat.S_ISLNK(info.external_attr >> 16)
    )


def unsafe(name: str) -> bool:
    """Whether a member name could escape the folder it is unpacked into, on any system."""
    parts = name.split("/")
    return (
        not name
        or name.startswith("/")
        or "\\" in name
        or ":" in name
        or "\0" in name
        or any(part in ("", ".", "..") for part in parts)
    )
