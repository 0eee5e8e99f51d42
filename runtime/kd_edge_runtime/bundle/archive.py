"""Reads a bundle, and refuses anything the format does not allow.

A `.kdz` is a zip file. Nothing is unpacked to disk: a member is read into memory when it is
requested, and its size and hash are checked against the manifest each time.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from types import TracebackType

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, sha256
from kd_edge_runtime.bundle.manifest import Manifest
from kd_edge_runtime.bundle.plain_zip import plain_zip
from kd_edge_runtime.errors import BundleError, read_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.bundle.odd_zip import OddZip
    from kd_edge_runtime.bundle.plain_zip import PlainZip

MANIFEST = "manifest.json"

# Upper limits on what is read before its hash has been verified: a zip's own sizes may lie.
MAX_MANIFEST = 8 << 20
MAX_MEMBER = 256 << 20
MAX_TOGETHER = 1 << 30
# The length of a manifest, in characters, from which on its items are read when they are used.
LARGE = 1 << 14
# How many times a file's size its members together may have, where they have more than so much.
MAX_PACKING = 20
FREELY = 16 << 20
# Of members that are read as a whole, and become many times larger then.
MAX_CARD = 1 << 20
MAX_GOLDEN = 4 << 20
MAX_VECTORIZER = 64 << 20

_CHUNK = 1 << 16

_DAMAGED = zlib.error, EOFError, OSError, ValueError


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
        except ValueError:
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
        """Reads the whole manifest and every member, which checks every size and hash.

        Raises:
            BundleError: a member is damaged.
        """
        manifest = self.manifest.whole()
        try:
            for entry in manifest.items:
                if entry.held_out or entry.second:
                    from kd_edge_runtime.bundle.held_out import check_held_out

                    check_held_out(entry)
        except BundleError as error:
            raise BundleError(f"{self.path}: {error}") from None
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
        return self._zip.packed()

    def _read_manifest(self) -> Manifest:
        sizes = self._zip.sizes
        if MANIFEST not in sizes:
            raise BundleError(f"{self.path}: not a bundle (it has no {MANIFEST})")
        if self._zip.twice:
            raise BundleError(f"{self.path}: a member name occurs twice")
        strange = self._zip.strange()
        if strange is not None:
            raise BundleError(
                f"{self.path}: '{strange}' is encrypted, a link, or compressed in an "
                "unsupported way"
            )
        size = sizes[MANIFEST]
        if size > MAX_MANIFEST:
            raise BundleError(
                f"{self.path}: {MANIFEST} is too large ({size:,} bytes; the limit is "
                f"{MAX_MANIFEST:,})"
            )
        self.manifest_bytes = data = self._inflate(MANIFEST, size)
        try:
            manifest = self._parse(data.decode("utf-8"))
        except UnicodeDecodeError:
            raise BundleError(f"{self.path}: {MANIFEST} is not UTF-8") from None
        except BundleError as error:
            raise BundleError(f"{self.path}: {error}") from None
        self._check_members(manifest)
        return manifest

    def _parse(self, text: str) -> Manifest:
        if len(text) >= LARGE:
            from kd_edge_runtime.bundle.large_manifest import large_manifest

            large = large_manifest(text, str(self.path))
            if large:
                return large
        return Manifest.from_json(text)

    def _check_members(self, manifest: Manifest) -> None:
        sizes, listed = self._zip.sizes, manifest.sizes
        if {MANIFEST: sizes[MANIFEST], **listed} != sizes or _any_unsafe(listed):
            self._refuse_members(listed)
        self._check_limit(manifest.card, MAX_CARD)
        if max(listed.values()) > MAX_MEMBER:
            for name in listed:
                self._check_limit(name, MAX_MEMBER)
        manifest.each_item(self._check_item)
        together = sum(listed.values())
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

    def _refuse_members(self, listed: Mapping[str, int]) -> None:
        """Says in what way the members are not those of the manifest, in names or sizes."""
        sizes = self._zip.sizes
        for name in sizes:
            # Every member must be listed, so that nothing is carried along without a hash.
            if name not in listed and name != MANIFEST:
                raise BundleError(f"{self.path}: '{name}' is not in the manifest")
        for name, size in listed.items():
            if unsafe(name):
                raise BundleError(f"{self.path}: the member name '{name}' is not allowed")
            if name not in sizes:
                raise BundleError(f"{self.path}: '{name}' is missing")
            if sizes[name] != size:
                raise BundleError(f"{self.path}: '{name}' does not have the size in the manifest")

    def _check_item(self, entry: ItemEntry) -> None:
        """Refuses an item with a member that is too large to be read as a whole."""
        for one in (entry, entry.second) if entry.second else (entry,):
            self._check_limit(one.vectorizer, MAX_VECTORIZER)
            self._check_limit(one.golden, MAX_GOLDEN)

    def _check_limit(self, name: str, limit: int) -> None:
        size = self._zip.sizes[name]
        if size > limit:
            raise BundleError(
                f"{self.path}: '{name}' is too large ({size:,} bytes; the limit is {limit:,})"
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


def _opened(path: Path) -> PlainZip | OddZip:
    if not os.path.isfile(path):  # noqa: PTH113 (a start must stay cheap)
        from kd_edge_runtime.system.whole_file import refuse_non_file

        refuse_non_file(path)  # opening a pipe would wait for who writes into it
    file = path.open("rb")
    try:
        plain = plain_zip(file)
        if plain:
            return plain
        from kd_edge_runtime.bundle.odd_zip import OddZip

        return OddZip(file)
    except BaseException:
        file.close()
        raise


def _any_unsafe(names: Iterable[str]) -> bool:
    """Whether any of the names is `unsafe`."""
    together = f"/{'/'.join(names)}/"
    return any(one in together for one in ("\\", ":", "\0", "//", "/./", "/../"))


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
