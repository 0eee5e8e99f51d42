"""The one command, `kd-edge`: a device's verbs, and the workshop's where it is installed.

A verb's module is imported when the verb is used. `kd-edge --help` imports no torch, no
numpy and no ONNX Runtime (a test sees to it).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import click

from kd_edge_runtime._version import __version__
from kd_edge_runtime.errors import InputError, guarded

VERBS = "kd_edge.verbs"

# The device's own verbs. The workshop's come from the entry point group `VERBS`.
_DEVICE = {
    "inspect": "kd_edge_runtime.cli.inspect:inspect",
    "score": "kd_edge_runtime.cli.score:score",
    "install": "kd_edge_runtime.cli.slots:install",
    "rollback": "kd_edge_runtime.cli.slots:rollback",
    "status": "kd_edge_runtime.cli.slots:status",
    "doctor": "kd_edge_runtime.cli.doctor:doctor",
    "serve": "kd_edge_runtime.cli.serve:serve",
    "verify": "kd_edge_runtime.cli.verify:verify",
    "bench": "kd_edge_runtime.cli.bench:bench",
}

# The order in which a newcomer meets the verbs; others come after these.
_ORDER = (
    "run",
    "teacher",
    "label",
    "distill",
    "export",
    "report",
    "flash",
    "score",
    "inspect",
    "verify",
    "bench",
    "install",
    "rollback",
    "status",
    "doctor",
    "serve",
)


class Verbs(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """See click."""
        names = {*_DEVICE, *_workshop()}
        return sorted(names, key=lambda name: ((*_ORDER, name)).index(name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """See click."""
        # A device's verb needs no look through what is installed.
        target = _DEVICE.get(cmd_name) or _workshop().get(cmd_name)
        if target is None:
            if cmd_name in _ORDER:
                raise InputError(
                    f"'{cmd_name}' is a verb of the workshop, the package kd-edge, which is not "
                    "installed here"
                )
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


def _workshop() -> dict[str, str]:
    return plugins(VERBS)


def plugins(group: str) -> dict[str, str]:
    """What other packages add to a group of entry points, as "module:name" by name."""
    from importlib.metadata import entry_points

    points = entry_points()
    if sys.version_info >= (3, 10):
        return {point.name: point.value for point in points.select(group=group)}
    return {point.name: point.value for point in points.get(group, ())}


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kd-edge")
def cli() -> None:
    """Score students' written answers on a device, with a small student of a large model.

    \b
    Examples:
      kd-edge score item.kdz responses.csv -o scores.csv
      kd-edge inspect item.kdz
    """


def main() -> NoReturn:
    """Runs the command line; a user's mistake ends in one message and never in a traceback."""
    sys.exit(guarded(_run))


def _run() -> object:
    try:
        return cli.main(prog_name="kd-edge", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
