"""Reads a bundle, and refuses anything the format does not allow.

A `.kdz` is a zip file. Nothing is unpacked to disk: a member is read into memory when it is
requested, and its size and hash are checked against the manifest each time.
"""

from __future__ import annotations

import stat
import sys
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from kd_edge_runtime._light_stdlib import sha256
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.errors import BundleError, read_error

MANIFEST = "manifest.json"

# Upper limits on what is read before its hash has been verified: a zip's own sizes may lie.
MAX_MANIFEST = 8 << 20
MAX_MEMBER = 1 << 30

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
        for name in self.manifest.members:
            self.read(name)

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
        expected = {*manifest.members, MANIFEST}
        for name in names:
            # Every member must be listed, so that nothing is carried along without a hash.
            if name not in expected:
                raise BundleError(f"{self.path}: '{name}' is not in the manifest")
        for name, member in manifest.members.items():
            if unsafe(name):
                raise BundleError(f"{self.path}: the member name '{name}' is not allowed")
            if name not in names:
                raise BundleError(f"{self.path}: '{name}' is missing")
            size = self._zip.getinfo(name).file_size
            if size != member.bytes or size > MAX_MEMBER:
                raise BundleError(f"{self.path}: '{name}' does not have the size in the manifest")

    def _inflate(self, name: str, size: int) -> bytes:
        """Unpacks at most `size` + 1 bytes, whatever size the zip states."""
        try:
            with self._zip.open(name) as stream:
                data = stream.read(size + 1)
        except _DAMAGED:
            raise BundleError(f"{self.path}: '{name}' is damaged: copy the bundle again") from None
        if len(data) != size:
            raise BundleError(f"{self.path}: '{name}' does not have the size in the manifest")
        return data


def _opened(path: Path) -> zipfile.ZipFile:
    if sys.version_info >= (3, 11):
        # Names of members are ASCII as a rule; the table of a zip's other names, CP 437, takes a
        # hundredth of a start.
        with suppress(UnicodeDecodeError):
            return zipfile.ZipFile(path, metadata_encoding="ascii")
    return zipfile.ZipFile(path)


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
