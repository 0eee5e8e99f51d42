"""The entry point of `kd-edge` and `python -m kd_edge_runtime`.

It runs a plain call of `score` directly, all others through click. Importing click takes as long
as everything else in scoring a response with plain Python, and classroom devices are slow.
`plain_call` says which calls are plain; click handles all others, including wrong ones.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from kd_edge_runtime.tables.score import Request

# Options of `score` in plain calls, with the field of the request that each sets.
FLAGS = {
    "-q": "quiet",
    "--quiet": "quiet",
    "--json": "as_json",
    "--first-only": "first_only",
}
VALUES = {
    "-o": "output",
    "--output": "output",
    "--root": "root",
    "--item": "item_id",
    "--backend": "backend",
}
_PATHS = ("output", "root")


def main() -> NoReturn:
    """Runs the command line; errors become a message, never a traceback."""
    request = plain_call(sys.argv[1:])
    if request is None:
        from kd_edge_runtime.cli.group import main as with_click

        with_click()
    code = guarded(lambda: _score(request))
    with suppress(OSError):
        if sys.stdout:
            sys.stdout.flush()  # output written before an error
    # Everything is written and closed; shutting down the interpreter would take an eighth more.
    os._exit(code)


def plain_call(arguments: Sequence[str]) -> Request | None:
    """The request of a call `score [BUNDLE] RESPONSES` with a few well-formed options.

    Args:
        arguments: the command line without the program's name.

    Returns:
        The same request that click would produce; None if click has to handle the call.
    """
    # On Windows click expands wildcards; for shell completion, the shell calls click.
    if arguments[:1] != ["score"] or os.name == "nt" or "_KD_EDGE_COMPLETE" in os.environ:
        return None
    files: list[str] = []
    options: dict[str, Any] = {}
    remaining = iter(arguments[1:])
    for word in remaining:
        if word in FLAGS:
            options[FLAGS[word]] = True
            continue
        value = next(remaining, "") if word in VALUES else word
        if not value or (value[0] == "-" and value != "-"):
            return None
        if word in VALUES:
            options[VALUES[word]] = value
        else:
            files.append(value)
    return _request(files, options)


def _request(files: list[str], options: dict[str, Any]) -> Request | None:
    from pathlib import Path

    from kd_edge_runtime import backends
    from kd_edge_runtime.tables.score import Request

    if options.get("backend", "auto") not in ("auto", *backends.NAMES):
        return None
    options.update((name, Path(options[name])) for name in _PATHS if name in options)
    if len(files) == 2 and "root" not in options:
        options["bundle"] = Path(files.pop(0))
    if len(files) != 1 or files[0].lower().endswith(".kdz"):
        return None
    return Request(files[0], **options)


def _score(request: Request) -> None:
    from kd_edge_runtime.tables.score import score_responses

    score_responses(request)


if __name__ == "__main__":
    main()
