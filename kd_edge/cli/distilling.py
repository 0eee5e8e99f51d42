"""The options for distilling a student."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import OptionGroup, option, options
from kd_edge.students import kinds

if TYPE_CHECKING:
    from kd_edge.distillation.options import DistilOptions

_option = partial(option, OptionGroup.STUDENT)

distil_options = options(
    _option(
        "--student",
        type=click.Choice(kinds.KINDS),
        default=kinds.DEFAULT,
        show_default=True,
        help="Kind of student: "
        + ", ".join(f"{name} ({kinds.REGISTRY[name].summary})" for name in kinds.KINDS)
        + ".",
    ),
    _option(
        "--ngrams",
        metavar="N",
        type=click.IntRange(min=1, max=60_000),
        help="Most n-grams in a bag's vocabulary.  [default: 3500]",
    ),
    _option(
        "--dimensions",
        metavar="N",
        type=click.IntRange(min=1, max=256),
        help="Length of the vector of each n-gram of a bag.  [default: 8, up to 24 where there are "
        "few n-grams]",
    ),
    _option(
        "--lambda",
        "weight",
        metavar="X",
        type=click.FloatRange(min=0),
        default=1.0,
        show_default=True,
        help="Weight of the teacher's soft labels beside the people's scores.",
    ),
    _option(
        "--temperature",
        metavar="X",
        type=click.FloatRange(min=1),
        default=1.0,
        show_default=True,
        help="Softens the teacher's probabilities: the higher, the more even they are.",
    ),
    _option(
        "--student-epochs",
        metavar="N",
        type=click.IntRange(min=1),
        help="Passes over responses and variants.  [default: by the kind of student]",
    ),
    option(
        OptionGroup.REVIEW,
        "--review-accuracy",
        metavar="X",
        type=click.FloatRange(0, 1, min_open=True, max_open=True),
        default=0.9,
        show_default=True,
        help="Share of the scores not flagged 'review' that should equal the people's.",
    ),
)
"""Adds the options for distilling a student."""


def to_distil_options(values: dict[str, Any]) -> DistilOptions:
    """The values of `distil_options` and of --seed as the options of distillation.

    Raises:
        InputError: an option that this kind of student does not have.
    """
    from kd_edge.distillation.options import DistilOptions

    sizes = {name: values[name] for name in ("ngrams", "dimensions") if values[name] is not None}
    kinds.get(values["student"]).options(sizes)  # what is wrong is said before the work starts
    return DistilOptions(
        student=values["student"],
        student_options=sizes,
        weight=values["weight"],
        temperature=values["temperature"],
        epochs=values["student_epochs"],
        seed=values["seed"],
        review_accuracy=values["review_accuracy"],
    )
