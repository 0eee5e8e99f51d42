"""Checks that a bundle is intact and scores here as it did where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kd_edge_runtime import backends
from kd_edge_runtime.backends import AUTO
from kd_edge_runtime.backends.choose import choose
from kd_edge_runtime.backends.reproduce import reproduce
from kd_edge_runtime.backends.verify_child import NATIVE, checked, reproduce_in_children
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.students.golden import Reproduced, read
from kd_edge_runtime.students.item import LoadedItem


def verify(bundle: Bundle, names: Sequence[str] = ()) -> Iterator[Reproduced]:
    """Checks every hash, then each student's golden rows in each of its forms on each backend.

    Args:
        bundle: an open bundle.
        names: backends, each of which must run every item; if empty, the installed backends, of
            which at least one must run each item. A second student need not run: without it the
            first scores alone.

    Yields:
        Each result as soon as it is known; `error` is None if the golden rows are reproduced.

    Raises:
        BundleError: a member is damaged.
    """
    bundle.check()
    items = bundle.manifest.items
    runs: list[tuple[int, str, str]] = []
    for place, entry in enumerate(students(items)):
        second = place >= len(items)
        found = [
            (place, name, form)
            for name in names or backends.NAMES
            if names or not backends.missing(name)
            for form in backends.forms(entry, name) or ([""] if names and not second else [])
        ]
        runs += found or ([] if second else [(place, AUTO, "")])
    yield from _results(bundle, runs)


def _results(bundle: Bundle, runs: Sequence[tuple[int, str, str]]) -> Iterator[Reproduced]:
    """Runs golden rows; graphs in a process of their own, all of a backend in one."""
    entries = students(bundle.manifest.items)
    native = {
        name: reproduce_in_children(
            bundle, name, [(place, form) for place, one, form in runs if one == name and form]
        )
        for name in NATIVE
        if not backends.missing(name)
    }
    for place, name, form in runs:
        item = LoadedItem(bundle, entries[place])
        if name in native and form:
            yield next(native[name])
        else:
            yield _check(item, name, form)


def score_here(item: LoadedItem, cache: Path | None) -> str:
    """The backend that runs an item on this device, once it has reproduced the golden rows.

    Args:
        item: the item of an open bundle.
        cache: the file in which the outcomes of probes are kept.

    Raises:
        BackendError: no installed backend works here.
        BundleError: the bundle is damaged.
        ParityError: the golden rows are not reproduced.
    """
    backend, form = choose(item, cache)
    form = form or next(iter(backends.forms(item.entry, backend)), "")
    if backend in NATIVE:
        return backend  # a child process has reproduced them
    error = reproduce(item, backend, form, read(item)).error
    if error:
        raise error
    return backend


def _check(item: LoadedItem, backend: str, form: str) -> Reproduced:
    """Runs golden rows in this process, or says why nothing does."""
    if backend == AUTO:
        try:
            choose(item)  # raises an error that says what is missing
        except KdEdgeError as error:
            place = f"item '{item.entry.item_id}', any form on {backend}"
            text = type(error)(f"{place}: {error}")
            return Reproduced(item.entry.item_id, backend, form, error=text)
    return checked(item, backend, form)
