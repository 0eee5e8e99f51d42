"""The registry of the kinds of student: their names without torch, themselves when needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.students.base import Kind


class Entry(NamedTuple):
    """A kind of student in the registry.

    Attributes:
        module: the module whose `KIND` it is.
        summary: a few words for the help of the command line.
        many_questions: whether one student scores the responses to many questions; the others
            score those to a single item.
        alone: the kind that is trained without a teacher, to compare with, where this kind cannot
            be; "" if it can.
    """

    module: str
    summary: str
    many_questions: bool = False
    alone: str = ""


DEFAULT = "bag"
REGISTRY = {
    "bag": Entry("kd_edge.students.bag", "n-grams"),
    "rnn": Entry("kd_edge.students.rnn", "a GRU over words"),
    "transformer": Entry(
        "kd_edge.students.transformer", "layers of the teacher itself", alone="bag"
    ),
    "pairs": Entry("kd_edge.students.pairs", "n-grams and reference answers", many_questions=True),
    "cross": Entry(
        "kd_edge.students.cross",
        "layers of a teacher that reads reference answers",
        many_questions=True,
        alone="pairs",
    ),
}
"""Every kind of student by name: a new kind is one module and one line here."""

KINDS = tuple(name for name, entry in REGISTRY.items() if not entry.many_questions)
"""The kinds that can be chosen for a single item."""

BOTH = "both"
"""Chosen in place of a kind: the default, and a second student for what it is not sure of."""

SECOND = "transformer"
"""The kind of the second student."""

BOTH_TOGETHER = "both-together"
"""The same for one student of many questions, which nobody chooses by this name."""

COUPLES = {BOTH: (DEFAULT, SECOND), BOTH_TOGETHER: ("pairs", "cross")}
"""The kinds of first and second student."""


def check_name(name: str) -> None:
    """Refuses what is no kind of student.

    Raises:
        InputError: there is no such kind.
    """
    if name not in REGISTRY:
        choices = ", ".join((*KINDS, BOTH))
        raise InputError(f"there is no student '{name}': choose from {choices}")


def refuse_many_questions(student: str) -> None:
    """Refuses what scores many items by their reference answers, where there is a single one.

    Args:
        student: a kind, or a couple of kinds; which need not be there.

    Raises:
        InputError: it is of such a kind.
    """
    for kind in COUPLES.get(student, (student,)):
        if kind in REGISTRY and REGISTRY[kind].many_questions:
            raise InputError(
                f"students of kind {kind} score many items by their reference answers, which "
                "'kd-edge run --together' learns them from (together=True in Python): choose from "
                f"{', '.join((*KINDS, BOTH))} for single items"
            )


def get(name: str) -> Kind:
    """A kind of student, its module imported.

    Raises:
        InputError: there is no such kind.
    """
    check_name(name)
    kind: Kind = import_module(REGISTRY[name].module).KIND
    return kind
