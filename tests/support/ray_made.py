"""A real Ray cluster on this machine, and what disturbs the tasks of a run on it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from free_ports import free_port

_HEAD = Path(__file__).with_name("ray_head.py")
_START_S = 300
_PORTS = (
    *("--metrics-export-port", "--dashboard-agent-grpc-port"),
    *("--dashboard-agent-listen-port", "--runtime-env-agent-port"),
)
_WORKER = b"ray::kd-edge item"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster, which is a process here with those that it started.

    Attributes:
        process: its first process.
        address: of the cluster's head.
        logs: the folder with all that Ray writes.
    """

    process: subprocess.Popen[bytes]
    address: str
    logs: Path

    def kill(self) -> None:
        """Ends it and all that it started, as a power cut does."""
        for process in _below(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()


def start_head(folder: Path, cpus: int = 2, port: int = 0, gpus: int = 0) -> Node:
    """Starts a cluster; `folder` has a short name, for sockets lie in it."""
    address = f"127.0.0.1:{port or free_port()}"
    more = ("--head", "--port", address.partition(":")[2], "--temp-dir", folder)
    return _start(folder, address, "head", cpus, gpus, *more)


def add_node(head: Node, cpus: int = 1) -> Node:
    """Starts a further machine of a cluster."""
    return _start(head.logs, head.address, "node", cpus, 0, "--address", head.address)


def _start(folder: Path, address: str, name: str, cpus: int, gpus: int, *more: object) -> Node:
    asked = [
        *(sys.executable, _HEAD, *more, "--node-ip-address", "127.0.0.1"),
        # Ports that are named need no waiting for, of which Ray soon has enough.
        *(word for name in _PORTS for word in (name, free_port())),
        *("--num-cpus", cpus, "--num-gpus", gpus, "--object-store-memory", 100_000_000),
    ]
    log = folder / f"{name}-{time.monotonic_ns()}.txt"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*map(str, asked)],
            stdout=file,
            stderr=file,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
    node = Node(process, address, folder)
    until = time.monotonic() + _START_S
    try:
        while b"Ray runtime started" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
    except BaseException:
        node.kill()
        raise
    return node


def workers() -> list[int]:
    """The processes that run an item."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(_WORKER):
                found.append(int(path.parent.name))
        except OSError:  # it has ended
            continue
    return found


@contextmanager
def in_the_middle(out: Path, lock: str, act: Callable[[int], object]) -> Iterator[list[int]]:
    """While the block runs, act once on the first process at work on what a lock below `out` says.

    Args:
        out: the run's folder.
        lock: the lock as a pattern, like "item-*/.teacher.lock" of a fine-tuning.
        act: what is done, given the number of the process that has it.

    Yields:
        The process that was acted on, when it was.
    """
    acted: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not (acted or ended.wait(0.005)):
            for path in out.glob(lock):
                found = re.search(r"process (\d+)", _text(path))
                if found:
                    acted.append(int(found[1]))
                    act(acted[0])
                    return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield acted
    finally:
        ended.set()
        thread.join()


def _below(process: int) -> list[int]:
    """A process and all that it and its children have started and that still run."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [process]
    for one in found:  # grows on the way
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
