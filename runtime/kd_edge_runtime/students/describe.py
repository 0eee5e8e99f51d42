"""Describes the content of a student's members: tensors, operators, versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from math import prod

from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.graphs.checked import checked_form
from kd_edge_runtime.students.item import LoadedItem


@dataclass(frozen=True)
class Tensor:
    """A named tensor.

    Attributes:
        name: its name.
        type: e.g. "int8".
        shape: the length of each axis, or the name of a variable one.
        bytes: its size; 0 for inputs and outputs.
        role: "input" or "output"; "" for a tensor stored in the member.
    """

    name: str
    type: str
    shape: tuple[int | str, ...]
    bytes: int = 0
    role: str = ""


@dataclass(frozen=True)
class Graph:
    """The content of a member.

    Attributes:
        versions: the versions of its producer, format and operator sets, by name.
        tensors: inputs, constants and outputs.
        operators: version by name.
        metadata: texts by name.
        note: why the content cannot be shown; "" if it can.
    """

    versions: Mapping[str, int | str] = field(default_factory=dict)
    tensors: tuple[Tensor, ...] = ()
    operators: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def describe(item: LoadedItem, describers: Mapping[str, str]) -> dict[str, Graph]:
    """The content of the vectorizer and of each form of an item.

    Args:
        item: the item of an open bundle.
        describers: for forms that the runtime cannot parse, by the part of their name before the
            "-": "module:name" of a function that turns the member's bytes into a `Graph`.

    Returns:
        The content by form, and under "vectorizer".
    """
    names = ("vectorizer", *item.entry.forms)
    return {name: _describe_member(item, name, describers) for name in names}


def _describe_member(item: LoadedItem, form: str, describers: Mapping[str, str]) -> Graph:
    kind = form.partition("-")[0]
    try:
        if form == "vectorizer":
            return _vectorizer(item)
        if kind == "plain":
            return _plain(item, form)
        if not describers:
            return Graph(note="shown only where the full package, kd-edge, is installed")
        if kind not in describers:
            return Graph(note="this version does not know this form")
        module, _, name = describers[kind].partition(":")
        graph: Graph = getattr(import_module(module), name)(checked_form(item, form))
        return graph
    except (KdEdgeError, ImportError) as error:
        return Graph(note=f"cannot be shown: {error}")


def _vectorizer(item: LoadedItem) -> Graph:
    if item.entry.student == "pairs":
        from kd_edge_runtime.text.relation import Relation

        relation = Relation.from_bytes(item.vectorizer())
        return Graph(
            tensors=(
                _tensor("question", "uint32", len(relation.question)),
                _tensor("references", "uint32", sum(len(ref.order) for ref in relation.references)),
            )
        )
    if item.entry.student != "bag":
        return Graph(note=f"a tokenizer of {item.number('tokens'):,} tokens")
    sizes = zip(("words", "grams", "pairs"), item.vocabulary().sizes)
    return Graph(tensors=tuple(_tensor(name, "uint32", size) for name, size in sizes))


def _plain(item: LoadedItem, form: str) -> Graph:
    extra: tuple[Tensor, ...] = ()
    if item.entry.student == "pairs":
        from kd_edge_runtime.students import pairs

        student = pairs.read(item, form)
        sizes = zip(("words", "grams", "pairs"), student.vocabulary.sizes)
        extra = tuple(_tensor(name, "uint32", size) for name, size in sizes)
        extra += (_tensor("related", "float32", len(student.related), len(student.related[0])),)
        weights = student.weights
    else:
        weights = item.bag(form).weights
    width, classes = weights.dimensions, len(weights.head)
    return Graph(
        tensors=(
            *extra,
            _tensor("table", "int8", len(weights.table) // width, width),
            _tensor("scale", "float32", width),
            _tensor("bias", "float32", width),
            _tensor("head", "float32", classes, width),
            _tensor("head bias", "float32", classes),
        )
    )


def _tensor(name: str, kind: str, *shape: int) -> Tensor:
    return Tensor(name, kind, shape, prod(shape) * (1 if kind == "int8" else 4))
