"""The options that say when the second of two small models is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import Command, OptionGroup, options
from kd_edge_runtime.errors import InputError

if TYPE_CHECKING:
    from kd_edge.distillation.cascade import CascadeOptions
    from kd_edge.students.student import Student

_STUDENT = OptionGroup.STUDENT


def second_options(which: str) -> Callable[[Command], Command]:
    """The options; help says in `which` words where they apply."""
    return options(
        _STUDENT.option(
            "--second-share",
            type=click.FloatRange(0, 1, min_open=True),
            help=f"{which}, the largest share of responses that the second is asked about: those "
            "of which the first is least sure.  [default: 0.3]",
        ),
        _STUDENT.option(
            "--second-agreement",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            help=f"{which}, ask the second about as few responses (up to --second-share) as both "
            "together need to agree with people on this share of held-out ones.",
        ),
    )


def to_cascade_options(values: dict[str, Any], second: bool, why: str) -> CascadeOptions:
    """The values of `second_options`.

    Args:
        values: those of the command line.
        second: whether there is a second model.
        why: what to do to have one.

    Raises:
        UsageError: an option is given and there is none.
    """
    from kd_edge.distillation.cascade import SHARE, CascadeOptions

    share, agreement = values["second_share"], values["second_agreement"]
    if not second:
        for name, value in (("--second-share", share), ("--second-agreement", agreement)):
            if value is not None:
                raise click.UsageError(f"{name} is for two models: {why}.")
    return CascadeOptions(SHARE if share is None else share, agreement)


def seconds_by_item(seconds: Sequence[Student], firsts: Sequence[Student]) -> dict[str, Student]:
    """Second students by their items.

    Raises:
        InputError: the first of an item is missing or has other scores, or an item has two of them.
    """
    by_item = {student.item_id: student for student in firsts}
    second_of: dict[str, Student] = {}
    for student in seconds:
        name = student.item_id
        if name not in by_item:
            raise InputError(
                f"--second: item '{name}' has no first student here: name its folder too"
            )
        if name in second_of:
            raise InputError(f"--second: there are two for item '{name}'")
        if student.scale.classes != by_item[name].scale.classes:
            raise InputError(f"--second: the two students of item '{name}' have different scores")
        second_of[name] = student
    return second_of
