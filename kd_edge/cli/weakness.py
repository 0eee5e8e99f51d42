"""How `run` and `distill` end where a small model is weak, and what they say of doubts."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kd_edge.cli.help import OptionGroup

if TYPE_CHECKING:
    from kd_edge.training.doubts import Doubt

accept_weak_option = OptionGroup.OUTPUT.option(
    "--accept-weak",
    is_flag=True,
    help="End with exit code 0 even if the small model is no better than a guess, or than without "
    "the large model; the warning stays.",
)
"""The option that takes a weak small model as it is."""


def warn_of_weakness(warnings: Sequence[Doubt]) -> list[Doubt]:
    """Say loudly what is weak about small models, which were trained; these warnings.

    Those about the responses were said before the training.
    """
    from kd_edge.training.doubts import WEAKNESSES

    weak = [one for one in warnings if one.kind in WEAKNESSES]
    for one in weak:
        click.secho(f"WARNING: {one}.", err=True, fg="red", bold=True)
    return weak


def end_if_weak(weak: Sequence[Doubt], accept_weak: bool) -> None:
    """End with the exit code of its own, unless nothing is weak or all is accepted."""
    from kd_edge.training.doubts import WEAK_EXIT_CODE

    if weak and not accept_weak:
        sys.exit(WEAK_EXIT_CODE)


def with_warnings(figures: Mapping[str, Any], warnings: Sequence[Doubt]) -> dict[str, Any]:
    """Figures for programs, with "warnings" where there are some."""
    more = {"warnings": [asdict(one) for one in warnings]} if warnings else {}
    return {**figures, **more}
