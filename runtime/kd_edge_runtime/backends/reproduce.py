"""Whether a backend gives the golden rows' probabilities here."""

from __future__ import annotations

from kd_edge_runtime import backends
from kd_edge_runtime.students.golden import Golden, Reproduced, compare
from kd_edge_runtime.students.item import LoadedItem


def reproduce(item: LoadedItem, backend: str, form: str, golden: Golden) -> Reproduced:
    """Runs one backend on the golden rows.

    Args:
        item: the item of an open bundle.
        backend: one of `backends.NAMES`.
        form: one that the bundle carries and the backend reads.
        golden: the item's golden rows.

    Raises:
        BackendError: the backend is missing, or refuses the form.
        BundleError: the bundle is damaged, or has no golden rows for the form.
    """
    found = backends.load(item, backend, form).probabilities(golden.inputs)
    return compare(item.entry, backend, form, golden, found)
