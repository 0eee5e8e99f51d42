"""The rows of a table that were skipped, as a table of their own: where they are and why."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.tables.writing.lines import quoter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    Skip = Callable[[int, str, str], object]

HEADER = "row,response_id,reason\n"


def skipped_path(responses: Path, folder: Path) -> Path:
    """The file for the skipped rows of a table: "answers.skipped.csv" for "answers.csv".

    Args:
        responses: the table, or "-" for standard input.
        folder: where the results go.
    """
    stem = "responses" if str(responses) == "-" else responses.stem
    return folder / f"{stem}.skipped.csv"


@contextmanager
def skipped_file(path: Path) -> Iterator[Skip]:
    """Opens the file for skipped rows, which appears when all are written.

    Args:
        path: the file.

    Yields:
        A function that writes a row's number, its response's id ("" if unknown) and the reason.
    """
    quoted = quoter(",")
    with atomic_write(path, private=True) as file:
        file.write(HEADER)
        yield lambda row, response_id, reason: file.write(
            f"{row},{quoted(response_id)},{quoted(reason)}\n"
        )
