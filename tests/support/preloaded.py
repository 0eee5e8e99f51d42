"""Programs as processes of their own, each forked from one that has imported torch already.

Importing torch and what goes with it takes seconds, for which a test of twenty commands would wait
twenty times. Here a process imports it once and computes nothing: each command runs in a child of
it, with arguments, folder, environment, streams and exit code of its own.

What is not asked for by `modules` is imported by each command itself. Where it is the start that
is tested (what it imports, how long it takes), or a signal, a program has to be started as usual.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

WORKSHOP = (
    *("torch", "torch.export", "torch.onnx", "onnxscript"),
    *("transformers", "transformers.models.bert.modeling_bert"),
    *("matplotlib.figure", "scipy.stats"),
)
"""What most verbs of the workshop import from other packages, except what starts threads, as
scikit-learn does, by way of pandas and Arrow."""

# It starts in no time: it imports no package, and no site.
_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({path!r})
    told = json.dumps([{program!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(asked, [len(told).to_bytes(4, "big")], [0, 1, 2])
    asked.sendall(told)
    ended = asked.recv(1)
sys.exit(ended[0] if ended else 70)
"""


class Preloaded:
    """What runs a program in forked children.

    Attributes:
        command: a small program that has it run, to be called as the program itself would be.
    """

    def __init__(self, folder: Path, program: Path) -> None:
        self.command = folder / program.name
        self.command.write_text(
            _CLIENT.format(python=sys.executable, path=_socket(folder), program=str(program)),
            encoding="utf-8",
        )
        self.command.chmod(0o755)


@contextmanager
def preloaded(
    program: Path,
    modules: Sequence[str] = WORKSHOP,
    env: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Iterator[Preloaded]:
    """Keeps a process that has imported these modules while tests use it.

    Args:
        program: the Python program that children run.
        modules: what is imported once.
        env: of the process that imports; a command's own environment is its caller's.
        before: the beginning of the command line, such as that of a watcher.
    """
    # The name of a socket may have some hundred bytes at most: no folder of pytest's.
    with tempfile.TemporaryDirectory(prefix="kd") as name:
        folder = Path(name)
        command = [*before, sys.executable, __file__, _socket(folder), *modules]
        with subprocess.Popen(
            command,
            env={**(os.environ if env is None else env), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdin and process.stdout
            assert process.stdout.readline() == b"ready\n", "it could not import what it is to"
            try:
                yield Preloaded(folder, program)
            finally:
                process.stdin.close()  # it ends


def _socket(folder: Path) -> str:
    return str(folder / "socket")


def _serve(path: str, modules: Sequence[str]) -> None:
    """Runs what is asked for until nobody can ask any more."""
    for name in modules:
        importlib.import_module(name)
    # A thread of this process would not go on in its children.
    threads = [*Path("/proc/self/task").glob("*")]
    assert len(threads) <= 1, f"an import of {', '.join(modules)} has started a thread"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            asked, _ = listening.accept()
            with asked:
                if not os.fork():
                    listening.close()
                    _answer(asked)
            while _ended():
                pass


def _ended() -> bool:
    """Takes leave of a child that has ended, if there is one."""
    try:
        return os.waitpid(-1, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return False


def _answer(asked: socket.socket) -> NoReturn:
    """Has a child run the program, and tells how it ended."""
    code = 70
    try:
        head, streams, *_ = socket.recv_fds(asked, 4, 3)
        told = asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
        child = os.fork()
        if not child:
            _run(streams, *json.loads(told))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256
    finally:
        asked.sendall(bytes([code]))
        os._exit(0)


def _run(
    streams: Sequence[int], program: str, words: Sequence[str], folder: str, env: dict[str, str]
) -> NoReturn:
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, max(streams) + 1)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        tempfile.tempdir = None  # that of the environment
        sys.argv = [program, *words]
        runpy.run_path(program, run_name="__main__")
        code = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        else:
            code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    del sys.path[0]  # a program finds what it would find by itself
    _serve(sys.argv[1], sys.argv[2:])
