"""The contenders: a bundle's item on each backend, and the models it is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kd_edge_runtime import backends
from kd_edge_runtime.bench import models
from kd_edge_runtime.bundle.archive import MANIFEST, Bundle
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.errors import printable

FIRST, SECOND, BOTH = "first", "second", "both"


@dataclass(frozen=True)
class Contender:
    """What is measured for one row of the table.

    Attributes:
        name: its name in the table.
        own: whether it is the measured bundle, not a model that it is compared with.
        path: the bundle, or the graph.
        backend: the backend that runs it.
        form: the form of a bundle's network; "" for a graph.
        item_id: the item of a bundle.
        bytes: what a device reads to score with it: for a bundle, the compressed manifest,
            vectorizer and form; for a graph, the graph and its tokenizer.
        parameters: number of parameters; None if unknown.
        missing: required packages that are not installed here.
        packages: the installed packages that it uses.
        model: the graph; None for a bundle.
        role: of an item with two students: `FIRST` or `SECOND`, the one alone, or `BOTH`.
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
    role: str = FIRST


def of_bundle(
    bundle: Bundle, entry: ItemEntry, names: Sequence[str], own: bool
) -> Iterator[Contender]:
    """The contenders of an item: one per backend; with two students, the second and both too.

    Args:
        bundle: an open bundle.
        entry: the item.
        names: backends; if empty, all that can run the item, installed or not.
        own: see `Contender`.
    """
    firsts = [*_of_student(bundle, entry, names, own)]
    yield from firsts
    alone = of_second(entry)
    if alone is None:
        return
    title = "" if own else f"{printable(bundle.path.name)} "
    able = [name for name in names or backends.NAMES if backends.forms(alone, name)]
    for second in _of_student(bundle, alone, able, own):
        yield replace(second, name=f"{title}second, {second.backend}", role=SECOND)
        # Together with the first backend that runs the first student here.
        first = next((one for one in firsts if one.form and not one.missing), None)
        if first and own:
            yield replace(
                first,
                name=f"both, {first.backend} and {second.backend}",
                bytes=first.bytes + second.bytes - bundle.packed()[MANIFEST],
                parameters=entry.parameters + alone.parameters,
                missing=second.missing,
                packages=tuple(dict.fromkeys((*first.packages, *second.packages))),
                role=BOTH,
            )


def _of_student(
    bundle: Bundle, entry: ItemEntry, names: Sequence[str], own: bool
) -> Iterator[Contender]:
    """The contenders of one student: one per backend; see `of_bundle`."""
    packed = bundle.packed()
    tokens = entry.student not in ("bag", "pairs") and backends.is_installed("tokenizers")
    for name in names or [name for name in backends.NAMES if backends.forms(entry, name)]:
        # If the backend cannot run the item, loading it reports why.
        form = (*backends.forms(entry, name), "")[0]
        read = {MANIFEST, entry.vectorizer, entry.forms.get(form, MANIFEST)}
        yield Contender(
            name=name if own else f"{printable(bundle.path.name)} {name}",
            own=own,
            path=bundle.path,
            backend=name,
            form=form,
            item_id=entry.item_id,
            bytes=sum(packed[member] for member in read),
            parameters=entry.parameters,
            missing=backends.missing(name),
            packages=(*backends.packages(name), *(["tokenizers"] if tokens else [])),
        )


def others(path: Path, item_id: str, names: Sequence[str]) -> list[Contender]:
    """The contenders to compare with; see `of_bundle`.

    Args:
        path: another bundle, or what `models.find` takes.
        item_id: the item; a bundle without it may have a single other item.
        names: backends, for a bundle.

    Raises:
        KdEdgeError: the path does not exist, or holds no bundle or model.
    """
    if path.suffix.lower() == ".kdz":
        with Bundle(path) as bundle:
            items = bundle.manifest.items
            known = any(one.item_id == item_id for one in items)
            entry = bundle.manifest.item(item_id if known or len(items) > 1 else None)
            return [*of_bundle(bundle, entry, names, own=False)]
    here = backends.is_installed("tokenizers")
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
            missing=(*backends.missing(model.backend), *(() if here else ("tokenizers",))),
            packages=(*backends.packages(model.backend), "tokenizers"),
            model=model,
        )
        for model in models.find(path)
    ]
