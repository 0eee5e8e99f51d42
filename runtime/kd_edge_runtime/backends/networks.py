"""Networks that several items of a bundle share: each is tried once, not for every item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kd_edge_runtime.backends import probe
from kd_edge_runtime.backends.shared import again, member_key, once
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.second import students
from kd_edge_runtime.students.item import LoadedItem

if TYPE_CHECKING:
    from pathlib import Path

    from kd_edge_runtime.backends.probe import ProbeOutcome
    from kd_edge_runtime.bundle.manifest import ItemEntry

    # The same for items of a bundle that share a network, in all forms, and a vectorizer.
    Network = tuple[str, ...]


def tried(name: str, item: LoadedItem, form: str, cache: Path | None) -> ProbeOutcome:
    """The outcome of a probe for all items of an open bundle that share a network.

    The golden rows are those of the first of these items, whichever is asked about: so it is one
    probe for all, and its outcome is the same in every process. The others' are left to `verify`,
    `install` and `doctor`: to run even one of each question that is scored would take another pass
    of the network, and its golden rows to be read, as much as the score of a response itself; what
    differs from question to question is data under a hash, which the same code reads.

    Args:
        name: a backend.
        item: any of the items.
        form: the form.
        cache: see `probe.probe`, as for the rest.
    """
    key = _key(name, item, form)
    return once(item.bundle, key, lambda: probe.probe(name, first_of(item), form, cache))


def found_wrong(name: str, item: LoadedItem, form: str, why: str, cache: Path | None) -> None:
    """Notes that a backend does not reproduce the golden rows of one of the items.

    It is not used for any of them from now on: see `tried`.

    Args:
        name: the backend.
        item: any of the items.
        form: the form.
        why: which golden rows differ, and by how much.
        cache: the file in which the outcomes of probes are kept.
    """
    outcome = probe.ProbeOutcome(probe.WRONG, why)
    again(item.bundle, _key(name, item, form), outcome)
    if cache:
        probe.keep(name, first_of(item), form, outcome, cache)


def network_of(item: LoadedItem) -> Network:
    """What is the same for items of a bundle that share a network and a vectorizer."""
    entry = item.entry
    forms = (f"{form} {member_key(item, name)}" for form, name in sorted(entry.forms.items()))
    return entry.student, str(len(entry.classes)), member_key(item, entry.vectorizer), *forms


def first_of(item: LoadedItem) -> LoadedItem:
    """The first student of an item's bundle with its network and vectorizer."""
    bundle = item.bundle
    if not isinstance(bundle, Bundle):
        return item
    firsts = once(bundle, "firsts", lambda: _firsts(bundle))
    return LoadedItem(bundle, firsts.get(network_of(item), item.entry))


def _firsts(bundle: Bundle) -> dict[Network, ItemEntry]:
    found: dict[Network, ItemEntry] = {}
    for entry in students(bundle.manifest.items):
        found.setdefault(network_of(LoadedItem(bundle, entry)), entry)
    return found


def _key(name: str, item: LoadedItem, form: str) -> tuple[str, ...]:
    return "probe", name, form, *network_of(item)
