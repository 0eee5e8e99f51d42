"""Reads a zip that is not as kd-edge writes it, with the standard library's module."""

from __future__ import annotations

import stat
import sys
import zipfile
from contextlib import contextmanager, suppress

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_ENCRYPTED = 0x1


class OddZip:
    """Any zip file that the standard library can read.

    Args:
        file: the open file; closed with this.

    Attributes:
        comment: the zip's comment.
        sizes: the unpacked size of each member in bytes, as its directory states.
        twice: whether a name occurs twice.

    Raises:
        ValueError: it is not a zip, or is damaged.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        try:
            self._zip = _opened(file)
        except (zipfile.BadZipFile, NotImplementedError):
            raise ValueError("not a zip") from None
        infos = self._zip.infolist()
        self.comment = self._zip.comment
        self.sizes = {info.filename: info.file_size for info in infos}
        self.twice = len(self.sizes) != len(infos)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def close(self) -> None:
        """Closes the file."""
        self._zip.close()
        self._file.close()

    def strange(self) -> str | None:
        """The name of a member that is encrypted, a link, or packed in an unsupported way."""
        return next((info.filename for info in self._zip.infolist() if _strange(info)), None)

    def packed(self) -> dict[str, int]:
        """The compressed size in bytes of each member."""
        return {info.filename: info.compress_size for info in self._zip.infolist()}

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A stream of a member's bytes.

        Raises:
            ValueError: it is damaged.
        """
        try:
            with self._zip.open(name) as stream:
                yield stream
        except (zipfile.BadZipFile, RuntimeError):
            raise ValueError("damaged") from None


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    if sys.version_info >= (3, 11):
        # Names of members are ASCII as a rule; the table of a zip's other names, CP 437, takes a
        # hundredth of a start.
        with suppress(UnicodeDecodeError):
            return zipfile.ZipFile(file, metadata_encoding="ascii")
    return zipfile.ZipFile(file)


def _strange(info: zipfile.ZipInfo) -> bool:
    """Whether a member is encrypted, a link, or compressed by an unsupported method."""
    return (
        bool(info.flag_bits & _ENCRYPTED)
        or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        or stat.S_ISLNK(info.external_attr >> 16)
    )
