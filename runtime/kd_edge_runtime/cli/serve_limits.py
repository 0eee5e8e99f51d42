"""The options of `kd-edge serve` that limit what clients may take, each with its reason."""

from __future__ import annotations

from typing import Any, Callable

import click

from kd_edge_runtime.serve.limits import Limits

_DEFAULTS = Limits()

# The least value, and what the limit is good for.
_NUMBERS = {
    "connections": (1, "Clients at a time: each takes a file of the system, and up to 64 KB."),
    "line_bytes": (100, "Bytes of a request: what has to be read before anything is known of it."),
    "texts": (1, "Responses in a request: its answer is kept until the client takes it."),
    "text_chars": (1, "Characters of a response, which is scored in one go while others wait."),
    "id_bytes": (4, "Bytes of a request's id as JSON, which is kept and sent back."),
}
_SECONDS = {
    "line_seconds": "Seconds for a request to come: else a byte now and then keeps a place.",
    "answer_seconds": "Seconds for a client to take an answer, which is kept for so long.",
    "idle_seconds": "Seconds without a request until a connection is closed.",
    "stop_seconds": "Seconds for answers that are due when the service is stopped.",
}


class _Seconds(click.FloatRange):
    """A range of click lets NaN through: a time that never comes would be no limit at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if seconds != seconds:
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds an option for each limit."""
    for name in reversed(Limits._fields):
        kind: click.IntRange | click.FloatRange
        if name in _NUMBERS:
            least, why = _NUMBERS[name]
            kind = click.IntRange(least)
        else:
            kind, why = _Seconds(0.1, 86400), _SECONDS[name]
        add = click.option(
            f"--{name.replace('_', '-')}",
            type=kind,
            metavar="N" if name in _NUMBERS else "S",
            default=getattr(_DEFAULTS, name),
            show_default=True,
            help=why,
        )
        command = add(command)
    return command
