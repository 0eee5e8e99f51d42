"""What a student's members hold: tensors, operators, versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from math import prod

from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.students.item import LoadedItem


@dataclass(frozen=True)
class Tensor:
    """Numbers under a name.

    Attributes:
        name: its name.
        type: e.g. "int8".
        shape: a length for each axis, or the name of an open one.
        bytes: its size; 0 for what is fed or computed.
        role: "input" or "output"; "" for what the member holds.
    """

    name: str
    type: str
    shape: tuple[int | str, ...]
    bytes: int = 0
    role: str = ""


@dataclass(frozen=True)
class Graph:
    """What a member holds.

    Attributes:
        versions: of what made it, its format and its sets of operators, by name.
        tensors: inputs, constants and outputs.
        operators: version by name.
        metadata: texts by name.
        note: why there is nothing to show, if so.
    """

    versions: Mapping[str, int | str] = field(default_factory=dict)
    tensors: tuple[Tensor, ...] = ()
    operators: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def describe(item: LoadedItem, describers: Mapping[str, str]) -> dict[str, Graph]:
    """What the vectorizer and each form of an item hold.

    Args:
        item: the item of an open bundle.
        describers: for forms that the runtime has no parser for, by what stands before the
            "-": "module:name" of a function of the member's bytes that gives a `Graph`.

    Returns:
        What they hold by form, and by "vectorizer".
    """
    return {name: _one(item, name, describers) for name in ("vectorizer", *item.entry.forms)}


def _one(item: LoadedItem, form: str, describers: Mapping[str, str]) -> Graph:
    kind = form.partition("-")[0]
    try:
        if form == "vectorizer":
            return _vectorizer(item)
        if kind == "plain":
            return _plain(item, form)
        if not describers:
            return Graph(note="operators: shown where the workshop, kd-edge, is installed")
        if kind not in describers:
            return Graph(note="this version does not know the form")
        module, _, name = describers[kind].partition(":")
        graph: Graph = getattr(import_module(module), name)(item.form(form))
        return graph
    except (KdEdgeError, ImportError) as error:
        return Graph(note=f"cannot be shown: {error}")


def _vectorizer(item: LoadedItem) -> Graph:
    if item.entry.student == "pairs":
        from kd_edge_runtime.text.relation import Relation

        known = Relation.from_bytes(item.vectorizer())
        return Graph(
            tensors=(
                _tensor("question", "uint32", len(known.question)),
                _tensor("references", "uint32", sum(len(one.order) for one in known.references)),
            )
        )
    if item.entry.student != "bag":
        return Graph(note=f"a tokenizer of {item.number('tokens'):,} tokens")
    named = zip(("words", "grams", "pairs"), item.vocabulary().sizes)
    return Graph(tensors=tuple(_tensor(name, "uint32", size) for name, size in named))


def _plain(item: LoadedItem, form: str) -> Graph:
    more: tuple[Tensor, ...] = ()
    if item.entry.student == "pairs":
        from kd_edge_runtime.students import pairs

        found = pairs.read(item, form)
        named = zip(("words", "grams", "pairs"), found.vocabulary.sizes)
        more = tuple(_tensor(name, "uint32", size) for name, size in named)
        more += (_tensor("related", "float32", len(found.related), len(found.related[0])),)
        weights = found.weights
    else:
        weights = item.bag(form).weights
    width, classes = weights.dimensions, len(weights.head)
    return Graph(
        tensors=(
            *more,
            _tensor("table", "int8", len(weights.table) // width, width),
            _tensor("scale", "float32", width),
            _tensor("bias", "float32", width),
            _tensor("head", "float32", classes, width),
            _tensor("head bias", "float32", classes),
        )
    )


def _tensor(name: str, kind: str, *shape: int) -> Tensor:
    return Tensor(name, kind, shape, prod(shape) * (1 if kind == "int8" else 4))
