"""What one student of many questions cannot be made of, told before anything is done."""

from __future__ import annotations

from collections.abc import Iterable

from kd_edge.data.responses import Responses
from kd_edge.runs.options import RunOptions
from kd_edge.students import registry
from kd_edge_runtime.errors import InputError

# Readers take 8 MiB of manifest, where the second adds some 5 KB to an item: its reference answers,
# a number a line.
_MOST_OF_BOTH = 500


def refuse_unfit(options: RunOptions, read: Iterable[Responses]) -> None:
    """Refuses options, and responses, that one student of many questions cannot be made with.

    Raises:
        InputError: they do not fit.
    """
    if options.distil.student not in (registry.DEFAULT, registry.BOTH):
        raise InputError(
            f"one small model for all items cannot be of kind {options.distil.student}, which "
            "reads no reference answers: leave out --student or --together, or take --student "
            f"{registry.BOTH}"
        )
    if any(item.markup for one in read for item in one.items):
        raise InputError(
            "one small model for all items reads plain responses only: read them without markup"
        )
    if options.folds:
        raise InputError(
            "--together takes no --folds: a large model labels the responses to all items, also "
            "those that it was trained on (--teachers N takes the mean of several)"
        )
    if options.limits is not None:
        raise InputError(
            "one small model for all items has one size: leave out --together or the limits"
        )


def refuse_too_many_of_both(options: RunOptions, questions: int) -> None:
    """Refuses more questions than a bundle of two students holds.

    Raises:
        InputError: there are more.
    """
    if options.distil.student == registry.BOTH and questions > _MOST_OF_BOTH:
        raise InputError(
            f"{questions:,} items are too many for one bundle with a second small model, "
            f"which holds {_MOST_OF_BOTH} of them: leave --student {registry.BOTH} out, or divide "
            "the responses, by subject or year, and run each part by itself"
        )
