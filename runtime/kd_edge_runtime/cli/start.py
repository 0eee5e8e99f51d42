"""Where `kd-edge` starts: a plain call of `score` goes straight to work, all others to click.

Importing click takes as long as all the rest of a score in plain Python, and a classroom's
device is slow. See `plain_call` for what is plain; anything else, mistakes included, is click's.
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

# Options of `score` in plain calls, and the field of a request that each sets.
FLAGS = {"-q": "quiet", "--quiet": "quiet", "--json": "as_json"}
VALUES = {
    "-o": "output",
    "--output": "output",
    "--root": "root",
    "--item": "item_id",
    "--backend": "backend",
}
_PATHS = ("output", "root")


def main() -> NoReturn:
    """Runs the command line; a user's mistake ends in one message and never in a traceback."""
    request = plain_call(sys.argv[1:])
    if request is None:
        from kd_edge_runtime.cli.group import main as with_click

        with_click()
    code = guarded(lambda: _score(request))
    with suppress(OSError):
        if sys.stdout:
            sys.stdout.flush()  # what was written before something went wrong
    # All is written and closed; taking the interpreter apart would cost an eighth more.
    os._exit(code)


def plain_call(arguments: Sequence[str]) -> Request | None:
    """What is asked for, where it is `score [BUNDLE] RESPONSES` and a few well-formed options.

    Args:
        arguments: the command line after the program's name.

    Returns:
        Just what click would make of it; None where only click can tell.
    """
    # On Windows click expands names, and a shell may ask click how to complete a word.
    if arguments[:1] != ["score"] or os.name == "nt" or "_KD_EDGE_COMPLETE" in os.environ:
        return None
    files: list[str] = []
    options: dict[str, Any] = {}
    words = iter(arguments[1:])
    for word in words:
        if word in FLAGS:
            options[FLAGS[word]] = True
            continue
        value = next(words, "") if word in VALUES else word
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
