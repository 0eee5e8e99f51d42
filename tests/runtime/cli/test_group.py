"""The one command: its verbs, its help, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

import bundles_made
from kd_edge_runtime._version import __version__
from kd_edge_runtime.cli import group
from kd_edge_runtime.errors import BackendError, BundleError, InputError, KdEdgeError

CANARY = "canarybird"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line in this process: exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kd-edge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            group.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


def verbs():
    context = click.Context(group.cli)
    return group.cli.list_commands(context)


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_has_help_with_examples(run, verb):
    for option in ("--help", "-h"):
        code, out, err = run(verb, option)
        assert (code, err) == (0, "")
        assert out.startswith(f"Usage: kd-edge {verb} ")
        assert "Traceback" not in out
        _, _, examples = out.partition("  Examples:\n")
        assert f"kd-edge {verb} " in examples.split("\n\n")[0]
        # An example is a line of its own, not a paragraph that was wrapped.
        assert all("kd-edge" in line for line in examples.split("\n\n")[0].splitlines())


def test_the_help_of_all(run):
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert "Examples:" in out
    stages = listed(out)
    assert list(stages) == ["Make a model", "Check it", "Put it on devices", "Score"]
    assert [name for names in stages.values() for name in names] == verbs()
    assert stages["Check it"] == ["report", "inspect", "verify", "index", "watch", "bench"]
    assert stages["Score"] == ["score", "serve"]
    assert max(map(len, out.splitlines())) <= 80
    # Each description is whole, in a line of its own.
    assert "..." not in out.partition("Make a model:")[2]
    lines = out.partition("Make a model:\n")[2].splitlines()
    assert all(line.endswith(".") for line in lines if line.startswith("  "))


def listed(out):
    """The commands that a help lists, by stage."""
    found = {}
    for block in out.partition("Options:\n")[2].split("\n\n")[1:]:
        title, *lines = block.splitlines()
        found[title.rstrip(":")] = [line.split()[0] for line in lines]
    return found


def test_verbs_that_nobody_knows_come_last(run, monkeypatch):
    @click.command()
    def broken():
        """Do what no other verb does, in a sentence that is so long that click would cut it off."""

    workshop = group._workshop()
    monkeypatch.setattr(group, "_workshop", lambda: {**workshop, "also": "broken_verb:broken"})
    monkeypatch.setattr(group, "import_module", lambda _: type("module", (), {"broken": broken}))
    out = run("--help")[1]
    assert list(listed(out))[-1] == "Other commands"
    assert "so long that" in out
    assert "cut it off" in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_help_of_all_imports_no_verb():
    program = (
        "import sys; from kd_edge_runtime.cli.group import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        "print([name for name in sys.modules if name.startswith('kd_edge.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_no_verb_is_the_help(run):
    code, out, err = run()
    assert code == 2
    assert "Put it on devices:" in out + err


def test_version(run):
    assert run("--version") == (0, f"kd-edge, version {__version__}\n", "")


def test_an_unknown_verb(run):
    code, out, err = run("scor")
    assert (code, out) == (2, "")
    assert "No such command 'scor': did you mean 'score'?" in err
    assert "No such command 'zzz'\n" in run("zzz")[2]
    code, out, err = run("score", "--no-such-option")
    assert (code, out) == (2, "")
    assert "No such option '--no-such-option'\n" in err
    assert "did you mean '--text-column'?" in run("score", "--textcolumn", "x")[2]
    assert "did you mean 'plain'?" in run("verify", "--backend", "plane", "x.kdz")[2]
    assert "did you mean" not in run("verify", "--backend", "zzz", "x.kdz")[2]


def test_a_verb_of_the_workshop_is_suggested_on_a_device(run, monkeypatch):
    monkeypatch.setattr(group, "_workshop", dict)
    assert "did you mean 'distill'?" in run("distil")[2]


def raising(monkeypatch, error):
    @click.command()
    def broken():
        raise error

    monkeypatch.setitem(group._DEVICE, "broken", "broken_verb:broken")
    monkeypatch.setattr(group, "import_module", lambda _: type("module", (), {"broken": broken}))


@pytest.mark.parametrize(
    ("kind", "code"), [(KdEdgeError, 1), (InputError, 2), (BundleError, 3), (BackendError, 4)]
)
def test_errors_meant_for_users(run, monkeypatch, kind, code):
    raising(monkeypatch, kind("the disk is full"))
    assert run("broken") == (code, "", "Error: the disk is full\n")


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), RecursionError(CANARY)])
def test_unforeseen_errors_show_neither_traceback_nor_text(run, monkeypatch, error):
    raising(monkeypatch, error)
    monkeypatch.delenv("KD_EDGE_DEBUG", raising=False)
    code, out, err = run("broken")
    assert (code, out) == (70, "")
    assert type(error).__name__ in err
    assert "Traceback" not in err
    assert CANARY not in err
    assert "KD_EDGE_DEBUG=1" in err


def test_unforeseen_errors_show_all_to_whoever_asks(monkeypatch):
    raising(monkeypatch, ValueError(CANARY))
    monkeypatch.setenv("KD_EDGE_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["kd-edge", "broken"])
    with pytest.raises(ValueError, match=CANARY):
        group.main()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c(run, monkeypatch, error):
    raising(monkeypatch, error)
    code, out, err = run("broken")
    assert (code, out) == (130, "")
    assert err.strip() == "Stopped."


def test_a_verb_decides_its_exit_code(run, monkeypatch):
    @click.command()
    @click.pass_context
    def broken(ctx):
        ctx.exit(5)

    raising(monkeypatch, ValueError())
    monkeypatch.setattr(group, "import_module", lambda _: type("module", (), {"broken": broken}))
    assert run("broken") == (5, "", "")


@pytest.fixture
def bundle(tmp_path):
    bundles_made.write(tmp_path / "item.kdz")
    return tmp_path / "item.kdz"


def started(*arguments, **options):
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, "-m", "kd_edge_runtime", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        **{"stdout": subprocess.PIPE, **options},
    )


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise elsewhere")
@pytest.mark.parametrize("rows", [1, 20_000])
def test_whoever_reads_may_stop(bundle, tmp_path, rows):
    table = tmp_path / "in.csv"
    table.write_text("id,text\n" + f"1,{CANARY} the ice melts\n" * rows)
    reader, writer = os.pipe()
    os.close(reader)  # as `| true` does, which may end first
    with os.fdopen(writer, "wb") as out, started("score", bundle, table, stdout=out) as process:
        process.stdin.close()
        err = process.stderr.read()
        code = process.wait()
    assert err == b""
    assert code != 0


@pytest.mark.skipif(os.name != "posix", reason="signals are otherwise elsewhere")
def test_ctrl_c_leaves_the_old_output(bundle, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    # A shell's background job is started with the signal ignored, and so would the child be.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = started("score", bundle, "-", "-o", out)
    finally:
        signal.signal(signal.SIGINT, heard)
    with process:
        process.stdin.write(b"id,text\n" + b"1,the ice\n" * 21_000)
        process.stdin.flush()
        assert b"20000 responses scored" in process.stderr.readline()  # well under way
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.strip() == b"Stopped."
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["item.kdz", "out.csv"]


def test_a_verb_of_the_workshop_on_a_device(monkeypatch):
    monkeypatch.setattr(group, "_workshop", dict)
    with pytest.raises(InputError, match="'run' needs the full package, kd-edge"):
        group.cli.main(["run", "x.csv"], standalone_mode=False)
