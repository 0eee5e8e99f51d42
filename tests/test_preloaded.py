"""Programs that are forked in tests: as those that are started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from preloaded import preloaded

# Says all that it was given, and ends in one of several ways.
PROGRAM = """
import os, sys, tempfile

print(sys.argv[1:], os.getcwd(), os.environ["OWN"], os.environ.get("OF_THE_FIRST"))
print(sys.stdin.read(), tempfile.gettempdir(), __name__, {modules})
print("an error", file=sys.stderr)
{end}
"""
ENDS = {
    "pass": 0,
    "sys.exit()": 0,
    "sys.exit(6)": 6,
    "sys.exit('what is wrong')": 1,
    "sys.stdout.flush(); os._exit(5)": 5,
}


@pytest.mark.parametrize("end", ENDS)
def test_it_is_as_one_that_is_started(end, tmp_path):
    program = tmp_path / "program"
    program.write_text(PROGRAM.format(end=end, modules="'decimal' in sys.modules"))
    here = {
        "args": ["one", "two words"],
        "env": {"PATH": "", "OWN": "its own", "TMPDIR": str(tmp_path)},
    }

    def ran(*command):
        return subprocess.run(
            [*map(str, command), *here["args"]],
            env=here["env"],
            cwd=tmp_path,
            input="words",
            capture_output=True,
            text=True,
        )

    with preloaded(program, ["decimal"], {"OF_THE_FIRST": "1", "PATH": ""}) as ready:
        found = ran(ready.command)
        again = ran(ready.command)
    wanted = ran(sys.executable, program)
    assert (found.returncode, found.stderr) == (wanted.returncode, wanted.stderr)
    assert found.returncode == ENDS[end]
    assert found.stdout == wanted.stdout.replace("False", "True")
    assert (found.stdout, found.returncode) == (again.stdout, again.returncode)


def test_an_error_of_the_program(tmp_path):
    program = tmp_path / "program"
    program.write_text("import no_such_module")
    with preloaded(program, []) as ready:
        found = subprocess.run([ready.command], capture_output=True, text=True)
    assert found.returncode == 1
    assert found.stderr.endswith("ModuleNotFoundError: No module named 'no_such_module'\n")


def test_what_cannot_be_imported(tmp_path):
    with (
        pytest.raises(AssertionError, match="could not import"),
        preloaded(tmp_path / "program", ["no_such_module"]),
    ):
        pass
