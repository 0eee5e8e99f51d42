"""The errors a user can cause, and the one place where they become messages and exit codes.

Each is a `KdEdgeError`: the command line prints its message and exits with its
`exit_code`, never with a traceback. No message may quote a student's text; rows are
identified by file, row and column.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
from contextlib import suppress

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable


WRITABLE = "kd-edge-writable"
"""How text that is written treats what its encoding lacks, such as the bytes of a file's name that
is no UTF-8: U+FFFD in its place in UTF-8, a question mark in others."""


def _in_its_place(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    mark = b"\xef\xbf\xbd" if error.encoding == "utf-8" else "?"
    return mark * (error.end - error.start), error.end


codecs.register_error(WRITABLE, _in_its_place)


def printable(name: object) -> str:
    """A name, of a file or of what a file gives, as JSON, pages and terminals can show it.

    What is no UTF-8 becomes U+FFFD, and a control character, which could steer a terminal, is
    spelt out: \\x1b.
    """
    text = str(name)
    if text.isascii() and text.isprintable():
        return text
    return _spelt_out(text.encode("utf-8", WRITABLE).decode("utf-8"))


def shown(text: str) -> str:
    """Lines for a terminal: control characters but line ends and tabs are spelt out."""
    if text.isprintable():
        return text
    text = text.encode("utf-8", WRITABLE).decode("utf-8")
    return "\n".join("\t".join(map(_spelt_out, line.split("\t"))) for line in text.split("\n"))


def _spelt_out(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(f"\\x{ord(one):02x}" if steers(one) else one for one in text)


def steers(character: str) -> bool:
    """Whether a character may steer a terminal: a control character of ASCII or Latin-1."""
    return character < " " or "\x7f" <= character <= "\x9f"


def note(text: str) -> None:
    """Writes a line to standard error, if the process has one and it has room."""
    if sys.stderr:
        with suppress(OSError):
            print(shown(text), file=sys.stderr)  # noqa: T201


class KdEdgeError(Exception):
    """Base class of all errors whose message is meant for the user."""

    exit_code = 1


class InputError(KdEdgeError):
    """An input (a file, an option) is wrong, and the user can correct it."""

    exit_code = 2


class BundleError(KdEdgeError):
    """A bundle is damaged, unsafe, or of a protocol that this version does not read."""

    exit_code = 3


class BackendError(KdEdgeError):
    """A backend is missing, does not work here, or cannot run this student."""

    exit_code = 4


class ParityError(KdEdgeError):
    """A form of a student does not reproduce the expected scores."""

    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """One problem in a table, and where it is.

    Attributes:
        message: what is wrong, without quoting the student's text.
        row: the row as a spreadsheet counts it (the header is row 1), or None for the whole file.
        column: the column's name as the file writes it, or None for the whole row.
        file: the file, if the table spans several; None for the file being read.
    """

    message: str
    row: int | None = None
    column: str | None = None
    file: str | None = None


class TableError(InputError):
    """Everything that is wrong with a table, each problem with its location.

    Args:
        source: the file's name as the user gave it.
        problems: what is wrong; at least one.
        hint: what the user can do; shown once, at the end.
        unlisted: number of further problems that were counted but not kept.
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
        total = len(self.problems) + self.unlisted
        lines = [f"{self.source}: {total} problem{'s' if total != 1 else ''}"]
        repeats: dict[str, int] = {}
        for problem in self.problems:
            repeats[problem.message] = repeat = repeats.get(problem.message, 0) + 1
            if repeat > self.ALIKE or len(lines) > self.SHOWN:
                continue
            parts = [problem.file] if problem.file else []
            if problem.row is not None:
                parts.append(f"row {problem.row}")
            if problem.column is not None:
                parts.append(f"column '{problem.column}'")
            where = ", ".join(parts)
            lines.append(f"  {where}: {problem.message}" if where else f"  {problem.message}")
        if total >= len(lines):
            lines.append(f"  and {total - len(lines) + 1} more like these")
        if self.hint:
            lines.append(self.hint)
        return "\n".join(lines)


def missing_file(
    path: object, kind: str = "file", advice: str = "check the name and the folder"
) -> InputError:
    """The error for an input that does not exist, in the wording that all commands share.

    Args:
        path: the path as the user gave it.
        kind: what is missing: "file", "folder" or "file or folder".
        advice: what the user can do.
    """
    return InputError(f"{path}: no such {kind} ({advice})")


def read_error(path: object, error: OSError, kind: str = "file") -> InputError:
    """The error for an input that the system refuses to read.

    Args:
        path: the path as the user gave it.
        error: what the system reported.
        kind: what it is: "file" or "folder".
    """
    if isinstance(error, FileNotFoundError):
        return missing_file(path, kind)
    if isinstance(error, PermissionError):
        return InputError(f"{path}: no permission to read this {kind}")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{path}: this is a folder, not a file")
    return InputError(f"{path}: cannot be read ({error.strerror})")


def not_a_file(path: object, mode: int) -> InputError | None:
    """The error for an input that cannot be read to its end and again; None for a regular file.

    Args:
        path: the path as the user gave it.
        mode: what the system says it is.
    """
    if stat.S_ISDIR(mode):
        return InputError(f"{path}: this is a folder, not a file")
    if not stat.S_ISREG(mode):
        return InputError(f"{path}: this is not a regular file: save it to disk first")
    return None


def guarded(run: Callable[[], object]) -> int:
    """Runs a command; errors become a message on standard error, never a traceback.

    Args:
        run: the command. If it returns an int, that is the exit code; anything else means 0.

    Returns:
        The exit code.
    """
    if not (sys.stdin and sys.stdout and sys.stderr):
        from kd_edge_runtime.system.streams import stand_in

        stand_in(WRITABLE)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors=WRITABLE)
    code = _run(run)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except (OSError, ValueError) as error:
            from kd_edge_runtime.system.streams import discard

            # Python would try again when it ends, and complain with an exit code of its own.
            discard(stream)
            if stream is sys.stdout and code == 0:
                code = _refused(error) or _unexpected(error)
    return code


def _run(run: Callable[[], object]) -> int:
    try:
        code = run()
    except KdEdgeError as error:
        note(f"Error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        note("Stopped.")
        return 130
    except Exception as error:
        code = _refused(error) or _no_memory(error)
        if not code and os.environ.get("KD_EDGE_DEBUG"):
            raise
        return code or _unexpected(error)
    return code if isinstance(code, int) else 0


def _refused(error: BaseException) -> int:
    """The exit code where the output could not be written, with a line; 0 for another error."""
    if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has closed it
        return 1
    from kd_edge_runtime.system.disk_words import output_words

    words = output_words(error)
    if words:
        note(f"Error: the output could not be written: {words}.")
    return InputError.exit_code if words else 0


def _no_memory(error: BaseException) -> int:
    """The exit code where memory was used up, with a line; 0 for another error."""
    from kd_edge_runtime.system.disk_words import is_out_of_memory

    if not is_out_of_memory(error):
        return 0
    note(
        "Error: this computer's memory is used up. Existing files are unchanged: end other "
        "programs, and start the same command again."
    )
    return KdEdgeError.exit_code


def _unexpected(error: BaseException) -> int:
    # The text of an unexpected error may hold a student's words: only its type is shown.
    note(
        f"Error: an unexpected error ({type(error).__name__}). Existing files are unchanged. "
        "Set KD_EDGE_DEBUG=1 to see the details for a bug report."
    )
    return 70
