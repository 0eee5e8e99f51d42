"""Opens the zip that a spreadsheet is, and refuses one that would unpack to too much."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.tables.reading.encoding import open_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A sheet of a million responses has 300 MB, and a member that is kept in memory must fit there.
LARGEST, _LARGEST_KEPT = 1 << 30, 256 << 20
# Sheets shrink to a tenth or a twentieth; what shrinks to less is made to burst.
_PACKED, _SMALL = 150, 16 << 20

_OLD = b"\xd0\xcf\x11\xe0"
_PROTECTED = "EncryptedPackage".encode("utf-16-le")


@contextmanager
def spreadsheet(path: Path, streamed: str) -> Iterator[zipfile.ZipFile]:
    """Opens a spreadsheet's zip.

    Args:
        path: the file.
        streamed: how the names of members begin that are read piece by piece.

    Raises:
        InputError: the file is no spreadsheet, is damaged, protected by a password, or too
            large.
    """
    with open_bytes(path) as raw:
        if raw.read(4) == _OLD:
            protected = _PROTECTED in raw.read(_LARGEST_KEPT)
            raise InputError(f"{path}: {_old(protected, path.suffix)}")
        raw.seek(0)
        with plain_errors(path):
            archive = zipfile.ZipFile(raw)
        with archive:
            _refuse_bombs(archive, path, streamed)
            yield archive


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turns whatever zips, XML and openpyxl raise about a damaged file into words.

    Nothing but reading the file belongs into the block.

    Raises:
        InputError: in place of any error but those that have words of their own.
    """
    try:
        yield
    except (KdEdgeError, OSError):
        raise
    except Exception:  # of many kinds: what is inside a damaged file is anything
        raise InputError(f"{path}: {_damaged(path.suffix)}") from None


def plain_rows(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    """Rows as they come; an error in reading them as `plain_errors` has it."""
    while True:
        with plain_errors(path):
            row = next(rows, None)
        if row is None:
            return
        yield row


def _damaged(suffix: str) -> str:
    return f"this is not a whole {suffix} file: open it in a spreadsheet and save it again"


def _old(protected: bool, suffix: str) -> str:
    what = "it is protected by a password" if protected else "this is an old .xls file"
    new = suffix if suffix in (".xlsx", ".ods") else ".xlsx"
    how = " without the password" if protected else ""
    return f"{what}: open it in a spreadsheet and save it as {new}{how}"


def _refuse_bombs(archive: zipfile.ZipFile, path: Path, streamed: str) -> None:
    """Refuses by the sizes that the zip states, beyond which zipfile unpacks nothing."""
    for member in archive.infolist():
        if member.flag_bits & 1:
            raise InputError(f"{path}: {_old(True, path.suffix)}")
        size, packed = member.file_size, member.compress_size
        most = LARGEST if member.filename.startswith(streamed) else _LARGEST_KEPT
        if size > most or (size > _SMALL and size > packed * _PACKED):
            raise InputError(
                f"{path}: it would unpack to too much ({size >> 20} MB in one part): save the "
                "table as 'CSV UTF-8'"
            )
