"""The option by which a benchmark trains only some of its choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import click


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """What is different from the others."""
        ...


Choice = TypeVar("Choice", bound=Named)

choice_option = click.option(
    "--choice",
    "wanted",
    multiple=True,
    help="Train only choices whose name begins like this (may be repeated).",
)


def wanted_choices(choices: Sequence[Choice], wanted: tuple[str, ...]) -> list[Choice]:
    """The choices whose name begins like one that is wanted; all where none is.

    Raises:
        click.BadParameter: there is no such choice.
    """
    chosen = [one for one in choices if not wanted or one.name.startswith(wanted)]
    if not chosen:
        raise click.BadParameter(f"choose from {'; '.join(one.name for one in choices)}")
    return chosen
