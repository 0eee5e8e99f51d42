"""Who is measured: a bundle's item on each backend, and the models that it is raced against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kd_edge_runtime import backends
from kd_edge_runtime.bench import models
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry


@dataclass(frozen=True)
class Contender:
    """One row of the table.

    Attributes:
        name: what it is called there.
        own: whether it is the bundle that is measured, and no model that it is raced against.
        path: the bundle, or the graph.
        backend: what runs it.
        form: the form of a bundle's network; "" for a graph.
        item_id: the item of a bundle.
        bytes: what a device reads to score with it: of a bundle, the manifest, vectorizer and
            form as they are packed; of a graph, all of it and its tokenizer.
        parameters: trained numbers; None where unknown.
        missing: packages that are not installed here.
        packages: those it uses.
        model: the graph, where it is one.
    """

    name: str
    own: bool
    path: Path
    backend: str
    form: str
    item_id: str
    bytes: int
    parameters: int | None
    missing: tuple[str, ...]
    packages: tuple[str, ...]
    model: models.Model | None = None


def of_bundle(
    bundle: Bundle, entry: ItemEntry, names: Sequence[str], own: bool
) -> Iterator[Contender]:
    """An item on each backend.

    Args:
        bundle: an open bundle.
        entry: the item.
        names: backends; without any, those that run the item, installed or not.
        own: see `Contender`.
    """
    packed = bundle.packed()
    tokens = entry.student != "bag"
    for name in names or [name for name in backends.NAMES if backends.forms(entry, name)]:
        # A backend that does not run it says so when it is asked to.
        form = (*backends.forms(entry, name), "")[0]
        read = {MANIFEST, entry.vectorizer, entry.forms.get(form, MANIFEST)}
        yield Contender(
            name=name if own else f"{bundle.path.name} {name}",
            own=own,
            path=bundle.path,
            backend=name,
            form=form,
            item_id=entry.item_id,
            bytes=sum(packed[member] for member in read),
            parameters=entry.parameters,
            missing=backends.missing(name, entry.student),
            packages=(*backends.packages(name), *(["tokenizers"] if tokens else [])),
        )


def others(path: Path, item_id: str, names: Sequence[str]) -> list[Contender]:
    """What is raced against, see `of_bundle`.

    Args:
        path: another bundle, or what `models.find` takes.
        item_id: the item; of a bundle that has no such item, its only one is taken.
        names: backends, for a bundle.

    Raises:
        KdEdgeError: there is no such thing.
    """
    if path.suffix.lower() == ".kdz":
        with Bundle(path) as bundle:
            items = bundle.manifest.items
            known = any(one.item_id == item_id for one in items)
            entry = bundle.manifest.item(item_id if known or len(items) > 1 else None)
            return [*of_bundle(bundle, entry, names, own=False)]
    return [
        Contender(
            name=model.name,
            own=False,
            path=model.graph,
            backend=model.backend,
            form="",
            item_id=item_id,
            bytes=model.bytes,
            parameters=model.parameters,
            missing=backends.missing(model.backend, "transformer"),
            packages=(*backends.packages(model.backend), "tokenizers"),
            model=model,
        )
        for model in models.find(path)
    ]
