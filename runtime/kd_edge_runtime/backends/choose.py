"""Chooses the backend that runs a student on this device, if the user names none."""

from __future__ import annotations

from kd_edge_runtime import backends
from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.backends import AUTO, NAMES, forms, missing
from kd_edge_runtime.errors import BackendError, BundleError, KdEdgeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kd_edge_runtime.backends import Model
    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.students.item import LoadedItem, Members


# Needs no packages, and is the fastest for a bag after the core.
PLAIN = "plain"
CORE = "core"


def choose(item: LoadedItem, cache: Path | None = None) -> tuple[str, str]:
    """The backend and the form that run a student on this device.

    The core if it is installed and reproduces the golden rows to the last digit. Else plain Python
    if it can run the student: for a bag it is the fastest of the others from one response to a
    hundred thousand, and it cannot fail because of a bad wheel. Any other backend must first
    reproduce golden rows in a child process: those of the first of all items that share the network
    (`networks.tried`).

    Args:
        item: the item of an open bundle.
        cache: the file in which the outcomes of probes are kept.

    Returns:
        The backend's name, and the form; "" for its preferred one.

    Raises:
        BackendError: no installed backend works here.
        BundleError: the bundle is damaged, or what is in it cannot be used by any backend.
    """
    return (CORE, "") if _core(item) else _without_core(item, cache)


def _without_core(item: LoadedItem, cache: Path | None) -> tuple[str, str]:
    """What `choose` says where the core is absent or does not score as it should."""
    student = item.entry.student
    able = [name for name in NAMES if name != CORE and forms(item.entry, name)]
    installed = [name for name in able if not missing(name)]
    if not installed:
        backends.require((*able, PLAIN)[0], item)  # which says what the bundle has
    elif installed[0] == PLAIN:
        return PLAIN, ""
    # Imported only here, as a start in plain Python does not need it.
    from kd_edge_runtime.backends.networks import tried
    from kd_edge_runtime.backends.probe import DAMAGED

    failures: list[str] = []
    faults: list[str] = []
    for name in installed:
        for form in forms(item.entry, name):
            outcome = tried(name, item, form, cache)
            if outcome.usable:
                return name, form
            failures.append(f"{name} with {form} {outcome}")
            if outcome.verdict == DAMAGED:
                faults.append(outcome.why)
    check(item.bundle, [item.entry])  # a damaged member must not be mistaken for a bad backend
    if len(faults) == len(failures):
        raise BundleError(
            f"item '{item.entry.item_id}': its small model is damaged, though its hashes are right "
            f"({'; '.join(dict.fromkeys(faults))}): write the bundle anew, as a copy has this too"
        )
    raise BackendError(
        f"item '{item.entry.item_id}': no backend runs its small model (kind '{student}') here: "
        f"{'; '.join(failures)}. Install another version of the package, or use a small model of "
        "kind 'bag'; 'kd-edge doctor' tries again."
    )


def _core(item: LoadedItem, threads: int = 1) -> Model | None:
    """The student in the core, if that is here and scores as it should.

    No child process tries it: a build for another processor is refused by the loader.
    """
    found = forms(item.entry, CORE)
    if not found:
        return None
    try:
        import kd_edge_core  # noqa: F401 - where it is absent, a start imports nothing for it

        from kd_edge_runtime.backends import with_core

        model = with_core.load(item, found[0], threads)
        return model if with_core.reproduces(item, model, found[0]) else None
    except (ImportError, KdEdgeError):
        return None  # what is wrong with a bundle, the next backend says


def check(bundle: Members, items: Iterable[ItemEntry], name: str = AUTO) -> None:
    """Reads what scoring items reads of their bundle, and so checks sizes and hashes.

    Args:
        bundle: an open bundle.
        items: the items.
        name: the backend that scores them.

    Raises:
        BundleError: a member is damaged.
    """
    read: dict[str, None] = {}  # items may share members
    for entry in items:
        able = [one for one in (NAMES if name == AUTO else (name,)) if forms(entry, one)][:1]
        read[entry.vectorizer] = None
        read.update((entry.forms[form], None) for one in able for form in forms(entry, one))
        if CORE not in able and PLAIN not in able:
            read[entry.golden] = None  # which a probe scores
    for member in read:
        bundle.read(member)


def load(
    item: LoadedItem, name: str = AUTO, threads: int = 1, cache: Path | None = None
) -> tuple[str, Model]:
    """Loads a student with the named backend, or with the one that `choose` selects.

    Args:
        item: the item of an open bundle.
        name: one of `backends.NAMES`, or `AUTO`.
        threads: threads per batch, for backends that use threads.
        cache: see `choose`.

    Returns:
        The backend's name and the loaded student.

    Raises:
        BackendError: see `choose` and `backends.load`.
        BundleError: the bundle is damaged.
    """
    form = ""
    if name == AUTO:
        model = _core(item, threads)
        if model:
            return CORE, model
        name, form = _without_core(item, cache)
    return name, backends.load(item, name, form, threads)
