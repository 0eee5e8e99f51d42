"""Commands whose help lists the options in named groups, in the order of the stages."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import click

from kd_edge.cli.new_folders import no_empty_folders
from kd_edge.cli.stopping import stoppable
from kd_edge_runtime.system.child_limits import no_dumps

Command = TypeVar("Command", bound=Callable[..., Any])


class OptionGroup(Enum):
    """The groups of options, in the order in which help lists them."""

    RESPONSES = "Responses"
    COLUMNS = "Columns (by default recognized by their names)"
    TEACHER = "Large model (the teacher)"
    LLM = "Language model behind an API"
    LABELS = "Soft labels and variants"
    STUDENT = "Small model (the student)"
    PRIVACY = "What a bundle may keep of responses"
    REVIEW = "Review by people"
    BUNDLE = "Bundle"
    PARITY = "How much a form may differ from PyTorch"
    CLUSTER = "Ray cluster"
    DEVICES = "Devices"
    RUNTIME = "Software for the devices"
    TRUST = "What devices trust"
    OUTPUT = "Output"
    GENERAL = "General"

    def option(self, *names: str, **settings: Any) -> Callable[[Command], Command]:
        """An option of a `GroupedCommand` in this group; for its settings see `click.option`."""
        return click.option(*names, cls=GroupedOption, group=self, **settings)


class GroupedOption(click.Option):
    """An option that belongs to a group; help shows its default, and N or X for a number."""

    def __init__(self, *args: Any, group: OptionGroup, **settings: Any) -> None:
        if isinstance(settings.get("type"), (click.IntRange, click.FloatRange)):
            settings["metavar"] = "N" if isinstance(settings["type"], click.IntRange) else "X"
        super().__init__(*args, **{"show_default": "default" in settings, **settings})
        self.group = group

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """See click, whose ranges let NaN through; an infinite number is none to work with either.

        Raises:
            BadParameter: the number is not a finite one.
        """
        cast = super().type_cast_value(ctx, value)
        if isinstance(cast, float) and not math.isfinite(cast):
            raise click.BadParameter(f"{value} is not a number to work with", ctx, self)
        return cast


class GroupedCommand(click.Command):
    """A command whose help lists its options by group, and that can be stopped at any time.

    Its parameter `output`, if it has one, is where its results go.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """See click."""
        no_dumps()
        with stoppable(), no_empty_folders(ctx.params.get("output")):
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See click."""
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        for group in OptionGroup:
            records = [
                option.get_help_record(ctx)
                for option in options
                if getattr(option, "group", OptionGroup.GENERAL) == group
            ]
            if any(records):
                with formatter.section(group.value):
                    formatter.write_dl([record for record in records if record])


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator; help lists them in this order."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate
