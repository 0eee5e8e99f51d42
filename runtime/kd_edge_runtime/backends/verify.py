"""Whether a bundle is whole, and scores here as it did where it was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kd_edge_runtime import backends
from kd_edge_runtime.backends.choose import AUTO, choose
from kd_edge_runtime.backends.reproduce import reproduce
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import BackendError, KdEdgeError
from kd_edge_runtime.students.golden import Reproduced, read
from kd_edge_runtime.students.item import LoadedItem


def verify(bundle: Bundle, names: Sequence[str] = ()) -> Iterator[Reproduced]:
    """Checks every hash, then each item's golden rows in each of its forms on each backend.

    Args:
        bundle: an open bundle.
        names: backends, each of which has to run every item; without any, those installed
            here, one of which has to.

    Yields:
        What came out, each when it is known: good where its `error` is None.

    Raises:
        BundleError: a member is damaged.
    """
    bundle.check()
    for entry in bundle.manifest.items:
        runs = [
            (name, form)
            for name in names or backends.NAMES
            if names or not backends.missing(name, entry.student)
            for form in backends.forms(entry, name) or ([""] if names else [])
        ]
        item = LoadedItem(bundle, entry)
        for name, form in runs or [(AUTO, "")]:
            yield _tried(item, name, form)


def _tried(item: LoadedItem, backend: str, form: str) -> Reproduced:
    error: KdEdgeError
    place = f"item '{item.entry.item_id}', {form or 'any form'} on {backend}"
    try:
        if backend == AUTO:
            choose(item)  # which says what is missing
        return reproduce(item, backend, form, read(item))
    except KdEdgeError as why:
        error = why
    except Exception as why:  # what a backend's package raises has no common base
        error = BackendError(f"{type(why).__name__}: {' '.join(str(why).split())[:200]}")
    return Reproduced(item.entry.item_id, backend, form, error=type(error)(f"{place}: {error}"))
