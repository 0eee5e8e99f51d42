"""Reads a zip as kd-edge writes it, without the standard library's module.

Importing `zipfile` takes an eighth of what a device needs for its first score, and its reading of
a directory of a thousand members as much again. Anything that is unusual here goes to `odd_zip`.
"""

from __future__ import annotations

import struct
import zlib
from _thread import allocate_lock

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

    # 0 if the member is stored and 8 if deflated; the CRC-32 of what it unpacks to; its size in the
    # file; and where its own header begins.
    Place = tuple[int, int, int, int]

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s2B4H3L2H")
_MOST_COMMENT = 0xFFFF
_NAMES_IN_UTF8 = 0x800
_DEFLATED = 8
_LINK, _KIND = 0o120000, 0o170000
_NEWEST = 20  # the version of zip that directories and deflation need
_IN_ZIP64 = 0xFFFF, 0xFFFFFFFF
_CHUNK = 1 << 16


class PlainZip:
    """A zip file with one directory at its end, and nothing in it that needs care.

    Attributes:
        comment: the zip's comment.
        sizes: the unpacked size of each member in bytes, as its directory states.
        twice: whether a name occurs twice.
    """

    twice = False

    def __init__(
        self, file: IO[bytes], places: dict[str, Place], sizes: dict[str, int], comment: bytes
    ) -> None:
        self._file, self._places, self._lock = file, places, allocate_lock()
        self.sizes, self.comment = sizes, comment

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def strange(self) -> str | None:
        """The name of a member that no bundle may have, None for none; see `odd_zip`."""
        return None

    def packed(self) -> dict[str, int]:
        """The compressed size in bytes of each member."""
        return {name: size for name, (_, _, size, _) in self._places.items()}

    def open(self, name: str) -> Unpacking:
        """A stream of a member's bytes.

        Raises:
            ValueError: its own header is not that of the directory.
        """
        place = _, _, _, offset = self._places[name]
        header = self.bytes_at(offset, _LOCAL.size)
        if len(header) < _LOCAL.size:
            raise ValueError("a header beyond the end")
        mark, *_, name_length, extra_length = _LOCAL.unpack(header)
        start = offset + _LOCAL.size
        if mark != b"PK\3\4" or self.bytes_at(start, name_length) != name.encode():
            raise ValueError("another header than the directory's")
        at = start + name_length + extra_length
        return Unpacking(self, place, self.sizes[name], at)

    def bytes_at(self, start: int, size: int) -> bytes:
        """Bytes of the file, fewer at its end; other threads may read too."""
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)


class Unpacking:
    """A member that is being unpacked.

    Args:
        source: the zip.
        place: its entry in the directory.
        size: how many bytes it unpacks to.
        at: where its bytes begin.
    """

    def __init__(self, source: PlainZip, place: Place, size: int, at: int) -> None:
        method, self._crc, self._left, _ = place
        self._source, self._at, self._missing = source, at, size
        self._inflate = zlib.decompressobj(-15) if method == _DEFLATED else None
        self._waiting = b""
        self._seen = 0

    def __enter__(self) -> Unpacking:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, most: int) -> bytes:
        """The next bytes, 1 to `most` of them; none at the end.

        Raises:
            ValueError: it is cut, of another size, or its check sum is another.
            zlib.error: it is damaged.
        """
        while True:
            raw = self._waiting or self._more(most)
            if self._inflate is None:
                data, self._waiting = raw, b""
            else:
                data = self._inflate.decompress(raw, most)
                self._waiting = self._inflate.unconsumed_tail
            if data:
                self._missing -= len(data)
                if self._missing < 0:
                    raise ValueError("more than the directory states")
                self._seen = zlib.crc32(data, self._seen)
                return data
            if not raw or (self._inflate and self._inflate.eof):
                self._check_end()
                return b""

    def _check_end(self) -> None:
        stream = self._inflate
        whole = self._left == self._missing == 0 and (
            not stream or (stream.eof and not stream.unused_data)
        )
        if self._seen != self._crc or not whole:
            raise ValueError("damaged")

    def _more(self, most: int) -> bytes:
        """The next packed bytes."""
        wanted = min(self._left, _CHUNK if self._inflate else most)
        raw = self._source.bytes_at(self._at, wanted)
        if len(raw) < wanted:
            raise ValueError("the file ends before the member")
        self._at += wanted
        self._left -= wanted
        return raw


def plain_zip(file: IO[bytes]) -> PlainZip | None:
    """Reads a zip's directory; None if anything in it is not as kd-edge writes it.

    Args:
        file: the open file; it is left open.
    """
    end = file.seek(0, 2)
    file.seek(max(0, end - _END.size - _MOST_COMMENT))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, disk, first, here, number, size, start, comment = _END.unpack_from(tail, at)
    at_end = end - len(tail) + at
    if disk or first or here != number or number == _IN_ZIP64[0] or start + size != at_end:
        return None
    if len(tail) - at != _END.size + comment:
        return None
    file.seek(start)
    found = _directory(file.read(size), number)
    return found and PlainZip(file, *found, tail[len(tail) - comment :])


def _directory(data: bytes, number: int) -> tuple[dict[str, Place], dict[str, int]] | None:
    """The members of a directory of so many entries; None if one is unusual."""
    places, sizes, at, unpack = {}, {}, 0, _ENTRY.unpack_from
    try:
        for _ in range(number):
            (mark, _, _, needed, _, flags, method, _, _, crc, packed, size, length, extra, comment,
             _, _, mode, offset) = unpack(data, at)  # fmt: skip
            start = at + _ENTRY.size
            at = start + length
            name = data[start:at].decode("ascii")
            if (
                mark != b"PK\1\2"
                or needed > _NEWEST
                or (flags and flags != _NAMES_IN_UTF8)
                or (method and method != _DEFLATED)
                or extra
                or comment
                or size == _IN_ZIP64[1]
                or packed == _IN_ZIP64[1]
                or mode >> 16 & _KIND == _LINK
                or "\0" in name
            ):
                return None
            places[name] = method, crc, packed, offset
            sizes[name] = size
    except (struct.error, UnicodeDecodeError):
        return None
    return (places, sizes) if at == len(data) and len(sizes) == number else None
