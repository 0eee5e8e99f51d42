"""Types of options' values that several commands share."""

from __future__ import annotations

import re
from typing import Any

import click

from kd_edge.students.layers import in_order
from kd_edge_runtime.errors import InputError

_LAYER_NUMBERS = re.compile(r" *-?[0-9]{1,9} *(?:, *-?[0-9]{1,9} *)*")


class _Layers(click.ParamType):  # type: ignore[type-arg]  # older clicks have none
    """Numbers of layers, each once and in ascending order; they become a tuple."""

    name = "layers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """See `click.ParamType`."""
        if isinstance(value, tuple):
            return value
        if not _LAYER_NUMBERS.fullmatch(value):
            self.fail(f"'{value}' is no list of numbers like 1,3,5", param, ctx)
        try:
            return in_order([int(part) for part in value.split(",")])
        except InputError as error:
            self.fail(str(error), param, ctx)


LAYERS = _Layers()


class _Names(click.ParamType):  # type: ignore[type-arg]  # see above
    """Names with commas between them; they become a tuple."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """See `click.ParamType`."""
        if isinstance(value, tuple):
            return value
        names = tuple(filter(None, (part.strip() for part in value.split(","))))
        if len(names) < len(value.split(",")) and value:
            self.fail(f"'{value}' is no list of names like q_proj,v_proj", param, ctx)
        return names


NAMES = _Names()


class _Device(click.ParamType):  # type: ignore[type-arg]  # see above
    """The name of a device, which need not be there."""

    name = "device"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See `click.ParamType`."""
        if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?|mps", value):
            self.fail(f"'{value}' is no device: auto, cpu, cuda, cuda:1 or mps", param, ctx)
        return str(value)


DEVICE = _Device()


_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
_RANGE = re.compile(rf"(-?{_NUMBER})-(-?{_NUMBER})(?:/({_NUMBER}))?")


def score_range(text: str) -> tuple[float, ...]:
    """The numbers of --score-range: lowest, highest, and the step where it is given."""
    match = _RANGE.fullmatch(text.strip())
    if match and float(match[1]) < float(match[2]):
        return tuple(float(part) if "." in part else int(part) for part in match.groups() if part)
    raise click.BadParameter(f"'{text}' is not a score range: write it like 0-3, or 0-3/0.5")


def class_names(text: str) -> tuple[str, ...]:
    """The names of --classes; with a semicolon between them where numbers have a comma."""
    return tuple(name.strip() for name in text.split(";" if ";" in text else ","))
