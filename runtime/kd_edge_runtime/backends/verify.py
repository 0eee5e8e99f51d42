"""Checks that a bundle is intact and scores here as it did where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kd_edge_runtime import backends
from kd_edge_runtime.backends import AUTO
from kd_edge_runtime.backends.choose import choose
from kd_edge_runtime.backends.networks import first_of, found_wrong, network_of
from kd_edge_runtime.backends.probe import CRASHES
from kd_edge_runtime.backends.reproduce import reproduce
from kd_edge_runtime.backends.verify_child import NATIVE, checked, reproduce_in_children
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.errors import BundleError, KdEdgeError, ParityError
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


def score_here(items: Sequence[LoadedItem], cache: Path | None) -> list[str | KdEdgeError]:
    """For each item the backend that runs it on this device, by which its golden rows come out.

    Where items share a network, a backend that does not reproduce the golden rows of one of them is
    used for none. What is damaged of one item, such as its reference answers, concerns it alone.

    Args:
        items: students of one open bundle.
        cache: the file in which the outcomes of probes are kept.

    Returns:
        The backend's name; or a `BackendError` if no installed backend works, a `BundleError` if
        the bundle is damaged, a `ParityError` if the golden rows are not reproduced.
    """
    shared: dict[object, list[LoadedItem]] = {}
    for item in items:
        shared.setdefault(network_of(item), []).append(item)
    found = {
        item.entry.item_id: outcome
        for of_one in shared.values()
        for item, outcome in zip(of_one, _here(of_one, cache))
    }
    return [found[item.entry.item_id] for item in items]


def _here(items: Sequence[LoadedItem], cache: Path | None) -> list[str | KdEdgeError]:
    """See `score_here`, for items that share a network."""
    damaged: dict[str, KdEdgeError] = {}
    while True:
        outcomes = [damaged.get(item.entry.item_id) or _chosen(item, cache) for item in items]
        asked = [
            (item, *outcome)
            for item, outcome in zip(items, outcomes)
            # A probe has reproduced the golden rows of the first.
            if isinstance(outcome, tuple) and outcome[0] in NATIVE and item != first_of(item)
        ]
        wrong = None
        for found in filter(None, _wrong(asked)):
            if not isinstance(found[1], BundleError):
                wrong = found
                break
            damaged[found[0][0].entry.item_id] = found[1]
        if wrong is None:
            return [
                damaged.get(item.entry.item_id)
                or (outcome[0] if isinstance(outcome, tuple) else outcome)
                for item, outcome in zip(items, outcomes)
            ]
        (item, name, form), error = wrong
        # A lack of memory or of time may be otherwise next time, and is not kept.
        why = str(error)
        lasts = isinstance(error, ParityError) or any(signal in why for signal in CRASHES)
        found_wrong(name, item, form, why, cache if lasts else None)


def _chosen(item: LoadedItem, cache: Path | None) -> tuple[str, str] | KdEdgeError:
    """The backend and the form for an item; a native backend has yet to run its golden rows."""
    try:
        backend, form = choose(item, cache)
        form = form or next(iter(backends.forms(item.entry, backend)), "")
        error = None if backend in NATIVE else reproduce(item, backend, form, read(item)).error
    except KdEdgeError as raised:
        error = raised
    return error or (backend, form)


def _wrong(
    asked: Sequence[tuple[LoadedItem, str, str]],
) -> Iterator[tuple[tuple[LoadedItem, str, str], KdEdgeError] | None]:
    """What is wrong with each of these items, which run with one backend and form."""
    if not asked:
        return
    bundle = asked[0][0].bundle
    assert isinstance(bundle, Bundle)
    entries = students(bundle.manifest.items)
    runs = [(entries.index(item.entry), form) for item, _, form in asked]
    for one, result in zip(asked, reproduce_in_children(bundle, asked[0][1], runs)):
        yield (one, result.error) if result.error else None


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
