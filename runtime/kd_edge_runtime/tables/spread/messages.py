"""What the process that reads a table and those that score it say to each other, through pipes."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import IO

    from kd_edge_runtime.tables.score import Request
    from kd_edge_runtime.tables.score_rows import Columns
    from kd_edge_runtime.tables.wide_columns import WideColumns
    from kd_edge_runtime.tables.writing.lines import Style

_LENGTH = 8


class Work(NamedTuple):
    """What a process needs to know before it scores.

    Attributes:
        bundle: the file.
        manifest: the hash of its manifest, which names those of all else.
        scorer: the arguments of `Scorer` after the bundle.
        request: what to write.
        columns: the table's columns.
        style: how lines are written; None if the process that reads the table writes its scores.
    """

    bundle: Path
    manifest: str
    scorer: tuple[Any, ...]
    request: Request
    columns: Columns | WideColumns
    style: Style | None


class Answer(NamedTuple):
    """What became of a batch of N rows.

    Attributes:
        scores: the values of each `Score`, [N]; of a wide table, [items][N].
        text: the lines to write; "" without a style.
        used: the backends that score each item, of the first and, once asked, the second student.
    """

    scores: list[Any]
    text: str
    used: Mapping[str, tuple[str, str | None]]


def send(stream: IO[bytes], message: Any) -> None:
    """Writes a message of Python's plain types.

    Raises:
        OSError: nobody reads it.
    """
    try:
        data = marshal.dumps(message)
    except ValueError:  # a cell or a row of a kind of its own, which is a mark for this process
        data = marshal.dumps(_plain(message))
    stream.write(len(data).to_bytes(_LENGTH, "little") + data)
    stream.flush()


def _plain(value: Any) -> Any:
    """Lists, tuples and texts as such, where they are of kinds that are made of these."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [*map(_plain, value)]
    return value


def receive(stream: IO[bytes]) -> Any:
    """Reads a message.

    Raises:
        EOFError: the other process has ended.
    """
    size = stream.read(_LENGTH)
    data = stream.read(int.from_bytes(size, "little")) if len(size) == _LENGTH else b""
    if len(size) < _LENGTH or len(data) < int.from_bytes(size, "little"):
        raise EOFError
    return marshal.loads(data)  # noqa: S302 (through a pipe that no other process has)
