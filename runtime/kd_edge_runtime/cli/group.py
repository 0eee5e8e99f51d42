"""The command `kd-edge`: the device's verbs, and the workshop's verbs if it is installed.

A verb's module is imported only when the verb is used. `kd-edge --help` imports neither torch nor
numpy nor ONNX Runtime (tested).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import click

from kd_edge_runtime._version import __version__
from kd_edge_runtime.errors import InputError, guarded

VERBS = "kd_edge.verbs"

# The device's verbs. The workshop adds its own by the entry point group `VERBS`.
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

# The help text of each verb, by stage and in the order in which a newcomer needs them.
_STAGES = {
    "Make a model": {
        "check": "Say what a table of responses holds, without training.",
        "suggest": "Suggest which responses people should score next.",
        "run": "Train, export and test a small model from scored responses.",
        "teacher": "Fine-tune a large model on scored responses.",
        "label": "Have the large model label responses with probabilities.",
        "distill": "Train a small model on scores and the large model's labels.",
        "export": "Pack small models into a bundle, the file that devices score with.",
        "forget": "Remove students' responses from a run's folder.",
    },
    "Check it": {
        "report": "Write a report of how well the models score.",
        "inspect": "Show what is in a bundle.",
        "verify": "Check that a bundle is intact and scores correctly here.",
        "index": "List all bundles in a folder, as JSON and as a page.",
        "watch": "Say whether scores are distributed as they were.",
        "bench": "Measure a bundle's speed, memory and size on this device.",
    },
    "Put it on devices": {
        "page": "Make one HTML file that scores in a browser, offline.",
        "sign": "Sign a bundle, so that devices know who it is from.",
        "flash": "Set up devices with a bundle, over SSH or on a memory card.",
        "install": "Make a bundle the one that this device scores with.",
        "rollback": "Go back to the previous bundle.",
        "status": "Show the current and the previous bundle.",
        "doctor": "Check whether this device can score, and what to do if not.",
    },
    "Score": {
        "score": "Score a table of responses, or a single sentence.",
        "serve": "Score for other programs on this device.",
    },
}
_KNOWN = [name for verbs in _STAGES.values() for name in verbs]
_OTHERS = "Other commands"


class Verbs(click.Group):
    """A group whose commands are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """See click."""
        names = {*_DEVICE, *_workshop()}
        return sorted(names, key=lambda name: ([*_KNOWN, name].index(name), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """See click."""
        # A device's verb is found without a search through the installed packages.
        target = _DEVICE.get(cmd_name) or _workshop().get(cmd_name)
        if target is None:
            if cmd_name in _KNOWN:
                raise InputError(
                    f"'{cmd_name}' needs the full package, kd-edge, and only kd-edge-runtime is "
                    "installed here"
                )
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click; adds a suggestion for a misspelt command."""
        name = args[0]
        if name[:1].isalnum() and self.get_command(ctx, name) is None:
            from kd_edge_runtime.suggestions import did_you_mean

            names = [*self.list_commands(ctx), *_KNOWN]
            ctx.fail(f"No such command '{name}'{did_you_mean(name, names)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See click; lists the commands by stage, and imports only those it does not know."""
        names = self.list_commands(ctx)
        stages = {
            title: [(name, verbs[name]) for name in verbs if name in names]
            for title, verbs in _STAGES.items()
        }
        others = [(name, self.get_command(ctx, name)) for name in names if name not in _KNOWN]
        stages[_OTHERS] = [
            (name, command.get_short_help_str(limit=1000)) for name, command in others if command
        ]
        widest = max(map(len, names), default=0)
        for title, rows in stages.items():
            if rows:
                spacing = 2 + widest - max(len(name) for name, _ in rows)
                with formatter.section(title):
                    formatter.write_dl(rows, col_spacing=spacing)


def _workshop() -> dict[str, str]:
    return plugins(VERBS)


def plugins(group: str) -> dict[str, str]:
    """The entry points that other packages add to a group, as "module:name" by name."""
    from importlib.metadata import entry_points

    points = entry_points()
    if sys.version_info >= (3, 10):
        return {point.name: point.value for point in points.select(group=group)}
    return {point.name: point.value for point in points.get(group, ())}


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kd-edge")
def cli() -> None:
    """Score students' written answers on a device, with a small model distilled from a large one.

    \b
    Examples:
      kd-edge score item.kdz responses.csv -o scores.csv
      kd-edge score item.kdz "The ice melts because the room is warmer."
    """


def main() -> NoReturn:
    """Runs the command line; errors become a message, never a traceback."""
    sys.exit(guarded(_run))


def _run() -> object:
    try:
        return cli.main(prog_name="kd-edge", standalone_mode=False)
    except click.ClickException as error:
        _with_suggestion(error).show()
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None


def _with_suggestion(error: click.ClickException) -> click.ClickException:
    """The error with a suggestion for the misspelt option or value."""
    from kd_edge_runtime.suggestions import did_you_mean

    if isinstance(error, click.NoSuchOption):
        options = error.ctx.command.get_params(error.ctx) if error.ctx else []
        names = [name for option in options for name in (*option.opts, *option.secondary_opts)]
        names = [name for name in names if name.startswith("-")]
        suggestion = did_you_mean(error.option_name, names)
        return click.UsageError(f"No such option '{error.option_name}'{suggestion}", error.ctx)
    if isinstance(error, click.BadParameter) and error.param is not None:
        # "'plian' is not one of 'auto', 'plain'."
        value, separator, _ = error.message.partition(" is not ")
        if separator and isinstance(error.param.type, click.Choice):
            message = error.message.rstrip(".")
            message += did_you_mean(value, map(str, error.param.type.choices))
            return click.BadParameter(message, error.ctx, error.param, error.param_hint)
    return error
