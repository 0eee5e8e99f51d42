"""What is the same for every option that names a file to read."""

from __future__ import annotations

import contextlib
import os

import click
import pytest

import bundles_made
from kd_edge.cli.options import FILE, FOLDER, PATH
from kd_edge_runtime.cli.group import cli


def _read():
    """Each option and argument that names what a command of the workshop reads."""
    context = click.Context(cli)
    for verb in cli.list_commands(context):
        with contextlib.suppress(ImportError):  # whose package is of another version
            for parameter in cli.get_command(context, verb).params:
                if parameter.type in (PATH, FILE, FOLDER):
                    yield verb, parameter


ALL = {f"{verb} {one.opts[0]}": (verb, one) for verb, one in _read()}


def test_what_is_read_is_found():
    assert {"run --never", "distill --labels", "sign --key", "export --responses"} <= set(ALL)
    assert {"flash --key", "check responses", "page bundles", "label --api-key-file"} <= set(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_pipe_is_not_waited_for(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundles_made.write(tmp_path / "item.kdz")
    os.mkfifo("pipe")
    verb, parameter = ALL[name]
    words = ["pipe"] if isinstance(parameter, click.Argument) else [parameter.opts[0], "pipe"]
    for other in cli.get_command(click.Context(cli), verb).params:
        if isinstance(other, click.Option) and other.required and other is not parameter:
            words += [other.opts[0], "out" if other.opts[0] == "-o" else "item.kdz"]
    assert "not a regular file" in command.fails(verb, *words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["item.kdz", "pipe"]
