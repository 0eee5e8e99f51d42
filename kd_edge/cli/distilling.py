"""The options by which a student is distilled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kd_edge.students import kinds

if TYPE_CHECKING:
    from kd_edge.distillation.options import DistilOptions


def distil_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say how a student is distilled."""
    options = [
        click.option(
            "--student",
            type=click.Choice(kinds.KINDS),
            default=kinds.DEFAULT,
            show_default=True,
            help="Kind of student: "
            + ", ".join(f"{name} ({kinds.REGISTRY[name].summary})" for name in kinds.KINDS)
            + ".",
        ),
        click.option(
            "--ngrams",
            type=click.IntRange(min=1, max=60_000),
            help="Most n-grams that a bag knows.  [default: 3500]",
        ),
        click.option(
            "--dimensions",
            type=click.IntRange(min=1, max=256),
            help="Numbers for each n-gram of a bag.  [default: 8, up to 24 where n-grams are few]",
        ),
        click.option(
            "--lambda",
            "weight",
            type=click.FloatRange(min=0),
            default=1.0,
            show_default=True,
            help="What the teacher counts beside the people's scores.",
        ),
        click.option(
            "--temperature",
            type=click.FloatRange(min=1),
            default=1.0,
            show_default=True,
            help="Softens the teacher's probabilities.",
        ),
        click.option(
            "--student-epochs",
            type=click.IntRange(min=1),
            help="Passes over responses and variants.  [default: by the kind of student]",
        ),
        click.option(
            "--review-accuracy",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            default=0.9,
            show_default=True,
            help="Exact agreement with people wanted of the scores that are not flagged 'review'.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def to_distil_options(values: dict[str, Any]) -> DistilOptions:
    """What `distil_options` collected, as the workshop takes it.

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
