"""What a command says when it ends badly, and its exit code."""

from __future__ import annotations

import os

from kd_edge_runtime._startup.dataclass import TYPE_CHECKING
from kd_edge_runtime.errors import KdEdgeError, note

if TYPE_CHECKING:
    from typing import Callable


def guarded(run: Callable[[], object]) -> int:
    """Runs a command and says what went wrong, if anything did.

    Args:
        run: gives the exit code, or anything else for 0.

    Returns:
        The exit code.
    """
    try:
        code = run()
    except KdEdgeError as error:
        note(f"Error: {error}")
        return error.exit_code
    except BrokenPipeError:  # whoever reads has read enough
        return 1
    except KeyboardInterrupt:
        note("Stopped.")
        return 130
    except Exception as error:
        if os.environ.get("KD_EDGE_DEBUG"):
            raise
        # The text of an unforeseen error may hold a student's words: only its kind is shown.
        note(
            f"Error: something unforeseen happened ({type(error).__name__}). Nothing that was "
            "there before is lost. KD_EDGE_DEBUG=1 shows the details for a report."
        )
        return 70
    return code if isinstance(code, int) else 0
