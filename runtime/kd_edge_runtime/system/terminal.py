"""Text on a terminal, which takes some characters for commands."""

from __future__ import annotations

import io
from typing import IO

from kd_edge_runtime.errors import shown


class Terminal(io.TextIOBase):
    """Writes lines to a terminal, with control characters spelt out.

    Args:
        stream: standard output.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """See `io.TextIOBase.write`."""
        self._stream.write(shown(text.replace("\r\n", "\n")))
        return len(text)
