"""What can go wrong, in words for the person at the keyboard.

Every error a user can cause is a `KdEdgeError`: the command line prints its text
and exits with its `exit_code`, never with a traceback. No message may hold a
student's text; rows are named by file, row and column.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass

if TYPE_CHECKING:
    from typing import Callable


def note(text: str) -> None:
    """Writes a line to standard error, where there is one."""
    if sys.stderr:
        print(text, file=sys.stderr)  # noqa: T201


class KdEdgeError(Exception):
    """Base of all errors with a message meant for a user."""

    exit_code = 1


class InputError(KdEdgeError):
    """Something the user gave (a file, an option) is wrong and they can mend it."""

    exit_code = 2


class BundleError(KdEdgeError):
    """A bundle is damaged, unsafe, or of a protocol that this version does not read."""

    exit_code = 3


class BackendError(KdEdgeError):
    """A backend is missing, does not work here, or cannot run this student."""

    exit_code = 4


class ParityError(KdEdgeError):
    """A form of a student does not score as it should."""

    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place of a table.

    Attributes:
        message: what is wrong, without the offending student's text.
        row: the row as a spreadsheet counts it (the header is row 1), or None for the whole file.
        column: the column's name as the file writes it, or None for the whole row.
        file: the file, where a table is spread over several; None for the one being read.
    """

    message: str
    row: int | None = None
    column: str | None = None
    file: str | None = None


class TableError(InputError):
    """All that is wrong with a table, each problem with its place.

    Args:
        source: the file's name as the user gave it.
        problems: what is wrong; at least one.
        hint: what the user can do, said once at the end.
        unlisted: how many more there are that nobody kept.
    """

    SHOWN, ALIKE = 20, 5

    def __init__(
        self, source: str, problems: Sequence[Problem], hint: str = "", unlisted: int = 0
    ) -> None:
        self.source = source
        self.problems = tuple(problems)
        self.hint = hint
        self.unlisted = unlisted
        super().__init__(self._text())

    def _text(self) -> str:
        many = len(self.problems) + self.unlisted
        lines = [f"{self.source}: {many} problem{'s' if many != 1 else ''}"]
        seen: dict[str, int] = {}
        for problem in self.problems:
            seen[problem.message] = alike = seen.get(problem.message, 0) + 1
            if alike > self.ALIKE or len(lines) > self.SHOWN:
                continue
            place = [f"row {problem.row}"] if problem.row is not None else []
            if problem.column is not None:
                place.append(f"column '{problem.column}'")
            where = ", ".join(([problem.file] if problem.file else []) + place)
            lines.append(f"  {where}: {problem.message}" if where else f"  {problem.message}")
        if many >= len(lines):
            lines.append(f"  and {many - len(lines) + 1} more like these")
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


def guarded(run: Callable[[], object]) -> int:
    """Runs a command; an error ends in a message on standard error and never in a traceback.

    Args:
        run: the command. What it returns is the exit code if it is an int; anything else is 0.

    Returns:
        The exit code.
    """
    try:
        code = run()
    except KdEdgeError as error:
        note(f"Error: {error}")
        return error.exit_code
    except BrokenPipeError:  # the reader of the output, such as `head`, has closed it
        return 1
    except KeyboardInterrupt:
        note("Stopped.")
        return 130
    except Exception as error:
        if os.environ.get("KD_EDGE_DEBUG"):
            raise
        # The text of an unexpected error may hold a student's words: only its type is shown.
        note(
            f"Error: an unexpected error ({type(error).__name__}). Existing files are unchanged. "
            "Set KD_EDGE_DEBUG=1 to see the details for a bug report."
        )
        return 70
    return code if isinstance(code, int) else 0
