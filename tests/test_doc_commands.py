"""Every command of the documents runs, as it is written.

What a test cannot run is listed with its reason; its verbs, options and files are looked up.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from pathlib import Path

import click
import pytest

from document_folders import FOLDERS, shell
from documents import DOCUMENTS, ROOT, Block, blocks, words
from kd_edge.runs.verdict import EXIT_CODE
from kd_edge_runtime.cli.group import cli

# Commands that no test runs: how they begin or what they hold, and why.
NOT_RUN = {
    r"^git ": "needs a network, or changes the repository",
    r"^cd ": "belongs to the clone before it",
    r"^make ": "takes minutes, and trains the real teacher",
    r"^py(thon3)? -m venv|^\. .*/bin/activate|^pip ": "installs from a package index",
    r"^python -m build": "fetches what it builds with; a test builds the sdist offline",
    r"^sudo ": "changes the system",
    r"^sh .*/install\.sh": "is for a device: tests/kd_edge/flash/kit runs it on emulated ones",
    r"--llm ": "needs a server: tests/kd_edge/llm has some",
    r"ssh://|--fleet": "needs devices: tests/kd_edge/flash/test_to_ssh.py has some",
    r"^(\w+=\S+ )?ray |--cluster ": "needs a cluster: tests/kd_edge/runs/test_cluster.py has one",
    r"^ansible-": "needs devices: tests/kd_edge/flash/test_ansible.py has some",
    r"^kd-edge (watch|index) |test-scores": "needs many: tests/kd_edge/cli has some",
    r"socat": "needs a service: tests/runtime/serve runs it",
    r" --lora ": "needs a large language model: tests/kd_edge/teacher/test_lora.py has tiny ones",
    r"^kd-edge serve ": "does not end: tests/runtime/serve runs it",
    r"^(\w+=\S+ )*python -m benchmarks": "takes minutes to hours, most on data that is not here",
}


def by_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def shell_blocks(path: Path) -> list[Block]:
    return [block for block in blocks(path) if block.language == "sh"]


def reason(command: str) -> str | None:
    """Why no test runs a command; None for one that is run."""
    return next((why for pattern, why in NOT_RUN.items() if re.search(pattern, command)), None)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLDERS)
def test_the_commands_of_a_document_run(name, tiny_model, small_students, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    FOLDERS[name](folder, small_students["bag"])
    ran = 0
    with shell(tmp_path / "shell", tiny_model) as env:
        for block in shell_blocks(ROOT / name):
            for command in block.commands:
                if reason(command):
                    continue
                # A card is mounted elsewhere here.
                here = command.replace(" /media/", f" {folder}/media/")
                done = subprocess.run(
                    ["bash", "-euc", here],
                    cwd=folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                # The tiny model of a run here is no better than a guess, which the run says.
                weak = " run " in command or " distill " in command
                made = (0, EXIT_CODE) if weak else (0,)
                assert done.returncode in made, f"{command}\n{done.stdout}\n{done.stderr}"
                ran += 1
    assert ran >= 2


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_command_is_run_or_has_a_reason(path):
    left = [
        command
        for block in shell_blocks(path)
        for command in block.commands
        if by_name(path) not in FOLDERS and not reason(command)
    ]
    assert left == []


def commands(program: str) -> list[pytest.ParameterSet]:
    """The documents' command lines that call a program, in the shells of all systems."""
    calls = re.compile(rf"(?:\w+=\S+ )*(?:sudo )?(?:\S*[/\\])?({program} .*)")
    return [
        pytest.param(words(call[1]), id=f"{by_name(path)}: {call[1]}")
        for path in DOCUMENTS
        for block in blocks(path)
        if block.language in ("sh", "powershell")
        for command in block.commands
        if (call := calls.fullmatch(command))
    ]


@pytest.mark.parametrize("command", commands("kd-edge"))
def test_a_command_has_its_options(command):
    _, name, *arguments = command
    verb = cli.get_command(click.Context(cli), name)
    assert verb is not None
    options = {option for param in verb.params for option in param.opts}
    given = {word for word in arguments if word.startswith("-") and word != "-"}
    assert given <= options, click.Context(verb, info_name=name).get_usage()


@pytest.mark.parametrize("command", commands(r"python -m benchmarks\.\w+"))
def test_a_benchmark_has_its_options(command):
    module = importlib.import_module(command[2])
    if command[2] == "benchmarks.tables":
        return
    verb, arguments = module.main, command[3:]
    if isinstance(verb, click.Group):
        verb, arguments = verb.commands[arguments[0]], arguments[1:]
    options = {option for param in verb.params for option in param.opts}
    assert {word for word in arguments if word.startswith("-")} <= options
    named = arguments and not arguments[0].startswith("-")
    assert not named or any(isinstance(param, click.Argument) for param in verb.params)


def test_make_has_its_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"check", "demo", "devices", "docs", "test", "test-fast"} <= named
    assert [name for name in named if f"\n{name}:" not in makefile] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_pip_installs_into_a_virtual_environment(path):
    """Systems with PEP 668, Raspberry Pi OS 12 among them, refuse anything else."""
    seen = False
    for block in blocks(path):
        for command in block.commands if block.language in ("sh", "powershell") else ():
            seen = seen or " -m venv " in command
            if match := re.search(r"pip install (.*)", command):
                assert seen, f"{command}: before any venv"
                for place in re.findall(r"\.[/\\]?\w*", match[1].split("==")[0]):
                    assert (ROOT / place.replace("\\", "/") / "pyproject.toml").is_file(), place


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_python_in_a_document_is_python(path):
    for block in blocks(path):
        if block.language == "python":
            tree = ast.parse(block.text, by_name(path))
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module:
                    module = importlib.import_module(node.module)
                    assert [one.name for one in node.names if not hasattr(module, one.name)] == []
