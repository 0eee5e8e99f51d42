"""Looks for planted words in files as they are, and in what is packed in them."""

from __future__ import annotations

import base64
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path


def found_in(path: Path, words: Mapping[str, str]) -> list[str]:
    """The names of the words, in lower case, that a file holds in whatever case."""
    return sorted(
        name
        for name, word in words.items()
        if any(word.encode() in data.lower() for data in _contents(path))
    )


def _contents(path: Path) -> Iterator[bytes]:
    """A file's bytes as they are, and unpacked where it is a zip, a page, or compressed."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield archive.comment
            yield from (archive.read(name) for name in archive.namelist())
    if path.suffix == ".html":
        for packed in re.findall(rb"[A-Za-z0-9+/=]{400,}", data):
            with_padding = packed + b"=" * (-len(packed) % 4)
            unpacked = base64.b64decode(with_padding)
            yield unpacked
            for wbits in (-15, 15, 31):
                try:
                    yield zlib.decompress(unpacked, wbits)
                except zlib.error:
                    continue
