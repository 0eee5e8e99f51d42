"""The help of the workshop's commands: complete, in groups, and narrow enough."""

from __future__ import annotations

import re
from importlib.metadata import entry_points

import click
import pytest

from kd_edge.cli.help import GroupedCommand, GroupedOption, OptionGroup
from kd_edge_runtime.cli.group import VERBS

COMMANDS = {point.name: point.load() for point in entry_points(group=VERBS)}


def test_all_commands_of_the_workshop_are_here():
    assert set(COMMANDS) >= {"run", "teacher", "label", "distill", "export", "report", "flash"}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_is_described_and_in_a_group(name):
    command = COMMANDS[name]
    assert isinstance(command, GroupedCommand)
    for option in command.params:
        if isinstance(option, click.Option):
            assert isinstance(option, GroupedOption), f"{option.name} is in no group"
            assert option.help, f"{option.name} has no help"
            assert option.help.endswith((".", "]")), option.help


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_the_terminal(command, monkeypatch, name, width):
    monkeypatch.setenv("COLUMNS", str(width))
    said = command(name, "--help")
    assert said.code == 0
    text, _, options = said.out.partition(f"\n{OptionGroup.RESPONSES.value}:\n")
    examples = re.findall(r"^    kd-edge .*$", text, re.MULTILINE)
    assert all(example.startswith(f"    kd-edge {name} ") for example in examples)
    assert examples
    for line in said.out.splitlines():
        assert len(line) <= (80 if width == 80 or "    " in line[:4] else width), line
    headings = re.findall(r"^(\S.*):$", options, re.MULTILINE)
    order = [group.value for group in OptionGroup]
    assert headings == sorted(headings, key=order.index)
    assert said.out.rstrip().splitlines()[-1].strip().startswith("-h, --help")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_understood(name):
    """As far as the command line goes: the files it names are not looked for."""
    command = COMMANDS[name]
    for line in re.findall(r"^ *kd-edge (.*)$", command.help, re.MULTILINE):
        words = line.split()
        assert words[0] == name
        # click keeps the first help option that it builds: the one of the real command line.
        command.make_context(name, words[1:], help_option_names=["-h", "--help"])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mistyped_option_gets_a_suggestion(command, name):
    option = next(p for p in COMMANDS[name].params if isinstance(p, click.Option))
    wrong = option.opts[-1][:-1] + "x"
    message = command.fails(name, "x", wrong)
    assert "No such option" in message
    assert option.opts[-1] in message.replace(wrong, "")


@pytest.mark.parametrize("number", ["nan", "inf", "-nan"])
def test_numbers_are_finite(command, tmp_path, number):
    said = command.fails("report", tmp_path, f"--seconds={number}")
    assert "'--seconds'" in said
    assert f"{number} is not a number to work with" in said
