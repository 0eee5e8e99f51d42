"""Checks whether a backend reproduces the golden rows on this device."""

from __future__ import annotations

from kd_edge_runtime import backends
from kd_edge_runtime.students.golden import Golden, Reproduced, compare
from kd_edge_runtime.students.item import LoadedItem


def reproduce(item: LoadedItem, backend: str, form: str, golden: Golden) -> Reproduced:
    """Runs one backend on the golden rows.

    Args:
        item: the item of an open bundle.
        backend: one of `backends.NAMES`.
        form: a form that the bundle has and the backend reads.
        golden: the item's golden rows.

    Raises:
        BackendError: the backend is missing, or refuses the form.
        BundleError: the bundle is damaged, or has no golden rows for the form.
    """
    outputs = backends.load(item, backend, form).probabilities(golden.inputs)
    return compare(item.entry, backend, form, golden, outputs)
