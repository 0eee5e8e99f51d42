"""The backend that runs a student on this device, where nobody names one."""

from __future__ import annotations

from kd_edge_runtime import backends
from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.backends import NAMES, forms, missing
from kd_edge_runtime.errors import BackendError

if TYPE_CHECKING:
    from pathlib import Path

    from kd_edge_runtime.backends import Model
    from kd_edge_runtime.students.item import LoadedItem


AUTO = "auto"

# It needs no package, and for a bag it is the fastest.
PLAIN = "plain"


def choose(item: LoadedItem, cache: Path | None = None) -> tuple[str, str]:
    """The backend and the form that run a student on this device.

    Plain Python wherever it can: for a bag it is the fastest from one response to a hundred
    thousand, and cannot be a bad wheel. All others have to reproduce the golden rows in a
    child process first (`probe`).

    Args:
        item: the item of an open bundle.
        cache: the file in which outcomes of probes are kept.

    Returns:
        The backend's name, and the form; "" for the one it prefers.

    Raises:
        BackendError: none is installed that works here.
    """
    student = item.entry.student
    able = [name for name in NAMES if forms(item.entry, name)]
    there = [name for name in able if not missing(name, student)]
    if not there:
        backends.require((*able, *NAMES)[0], item)
    elif there[0] == PLAIN:
        return there[0], ""
    # Not before it is needed: a start in plain Python never does.
    from kd_edge_runtime.backends.probe import probe

    told = []
    for name in there:
        for form in forms(item.entry, name):
            outcome = probe(name, item, form, cache)
            if outcome.usable:
                return name, form
            told.append(f"{name} with {form} {outcome}")
    raise BackendError(
        f"item '{item.entry.item_id}', a student of kind '{student}', does not run here: "
        f"{'; '.join(told)}. Install another version of the package, or use a bag student; "
        "'kd-edge doctor' tries again."
    )


def load(
    item: LoadedItem, name: str = AUTO, threads: int = 1, cache: Path | None = None
) -> tuple[str, Model]:
    """Loads a student with the backend that is named, or with the one that `choose` finds.

    Args:
        item: the item of an open bundle.
        name: one of `backends.NAMES`, or `AUTO`.
        threads: for one batch, where the backend has threads.
        cache: see `choose`.

    Returns:
        The backend's name and the loaded student.

    Raises:
        BackendError: see `choose` and `backends.load`.
        BundleError: the bundle is damaged.
    """
    form = ""
    if name == AUTO:
        name, form = choose(item, cache)
    return name, backends.load(item, name, form, threads)
