"""One run at a time in a folder, and none in a folder of something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kd_edge.console.progress import say
from kd_edge.files import sweep
from kd_edge.runs.folder import BUNDLE, REPORT, RESPONSES, TOGETHER
from kd_edge.stages.lock import locked, unlock
from kd_edge_runtime.errors import InputError, printable
from kd_edge_runtime.files import plain_write_errors

LOCK = "run.lock"
# Of these, one at least is there once a run has begun.
_OURS = (LOCK, BUNDLE, REPORT, TOGETHER, RESPONSES, "teacher.stage.json")
_SKIPPED = ".skipped.csv"
_SHOWN = 3


@contextmanager
def run_folder(out: Path) -> Iterator[None]:
    """Make a run's folder, and keep other runs out of it until the block ends.

    The lock ends with its process, whatever ends that. A folder that is made here and stays empty
    is removed again.

    Args:
        out: the run's folder.

    Raises:
        InputError: another run is at work there; the folder holds files of something else, or
            cannot be written into.
    """
    refuse_foreign(out)
    with plain_write_errors(out):
        is_new = not out.exists()
        # For its owner alone, as it will hold responses; the bundle in it can be copied.
        out.mkdir(0o700, parents=True, exist_ok=True)
        file, left = locked(out / LOCK, lambda holder: _busy(out, holder))
    try:
        if left:
            say(f"{out}: a run that did not end by itself ({left}) is resumed.")
        try:
            sweep(out)
            yield
        finally:
            unlock(file, out / LOCK)
    finally:
        if is_new:
            with suppress(OSError):
                out.rmdir()


def refuse_foreign(out: Path) -> None:
    """Refuse a folder with files, none of which is a run's.

    Args:
        out: the run's folder, which need not be there.

    Raises:
        InputError: it holds other files.
    """
    if not out.is_dir():
        return
    # The list of rows that were skipped is written before the run begins.
    there = sorted(
        path
        for path in out.iterdir()
        if not path.name.startswith(".") and not path.name.endswith(_SKIPPED)
    )
    if not there or any(path.name in _OURS or _is_item(path) for path in there):
        return
    named = ", ".join(f"'{printable(path.name)}'" for path in there[:_SHOWN])
    named += ", …" if len(there) > _SHOWN else ""
    raise InputError(
        f"{out} is not empty and holds no run of kd-edge ({named}): name an empty folder or a new "
        "one with -o"
    )


def _is_item(path: Path) -> bool:
    return path.name.startswith("item-") and path.is_dir()


def _busy(out: Path, holder: str) -> str:
    return (
        f"{out}: another run is at work in this folder ({holder}). Wait for it, stop it, or name "
        "another folder with -o"
    )
