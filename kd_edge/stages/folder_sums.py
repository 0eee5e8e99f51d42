"""A folder's own list of hashes, by which whoever reads it sees that it is as it was written."""

from __future__ import annotations

from pathlib import Path

from kd_edge.stages.record import hash_file
from kd_edge_runtime.errors import printable
from kd_edge_runtime.files import atomic_write

SUMS = "SHA256SUMS"
"""The list's name, in the format that `sha256sum -c` reads."""


def write_sums(folder: Path) -> None:
    """List the hashes of all files in a folder, in the folder.

    Raises:
        InputError: the list cannot be written.
    """
    lines = [f"{hash_file(folder / name)}  {name}\n" for name in _files(folder)]
    with atomic_write(folder / SUMS) as file:
        file.writelines(lines)


def changed_file(folder: Path, *, listed: bool = False) -> str:
    """The first file of a folder that is not as its list says, in words; "" where all are.

    A folder without a list, which version 0.2 wrote, cannot be told from a whole one.

    Args:
        folder: a folder that `write_sums` was called for, and in which nothing was added since.
        listed: whether it is known to have had a list.
    """
    try:
        lines = (folder / SUMS).read_bytes().decode("utf-8").splitlines()
        hashes = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    except FileNotFoundError:
        return f"it has no {SUMS}" if listed else ""
    except (OSError, ValueError):
        return f"{SUMS} cannot be read"
    there = set(_files(folder))
    for name in sorted({*hashes, *there}):
        if name not in there:
            return f"it has no {printable(name)}"
        if name not in hashes:
            return f"{printable(name)} is not in its {SUMS}"
        if hash_file(folder / name) != hashes[name]:
            return f"{printable(name)} was changed or is damaged"
    return ""


def _files(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in names if name != SUMS)
