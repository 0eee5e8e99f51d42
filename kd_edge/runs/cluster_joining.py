"""Joins a Ray cluster, and says in a few words what Ray says in many, or not at all."""

from __future__ import annotations

import io
import logging
import os
import re
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import FrameType
from typing import Any

from kd_edge.console.progress import say
from kd_edge_runtime.errors import InputError

LOCAL = "local"
"""Ray's word for a cluster of this machine alone, which ends with the run."""

# Seconds in which the head has to take a connection.
_ANSWER_S = 10.0
# What Ray says of a cluster with other versions: those of the cluster, then those here.
_OTHER_VERSIONS = re.compile(
    r"Version mismatch.*?" + r".*?Ray: (\S+)\s+Python: (\S+)" * 2, re.DOTALL
)


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """Join a cluster until the block ends, and its tasks with it.

    Args:
        address: see `Cluster`.

    Yields:
        The package ray.

    Raises:
        InputError: there is no such cluster, or it has other versions.
    """
    _refuse_nobody(address)
    # Read where Ray is imported: no report of usage is sent by what is started here.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    mine = signal.getsignal(signal.SIGTERM)
    say("Starting Ray…" if address == LOCAL else "Joining the Ray cluster…")
    settings = {"include_dashboard": False} if address == LOCAL else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions of Ray to come
            ray.init(
                address=address, log_to_driver=False, logging_level=logging.CRITICAL, **settings
            )
    except Exception as error:  # of many types, some of them plain ones
        raise _not_joined(address, error) from error
    finally:
        # Ray puts its own in its place, which ends the program at once.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, mine)
    try:
        # Standard output is for results.
        with redirect_stdout(_RaysWords()):
            yield ray
    finally:
        ray.shutdown()


@contextmanager
def stops_noticed() -> Iterator[threading.Event]:
    """Notes each Ctrl-C and each signal to stop, also where the exception that it raises is lost.

    Python drops one that is raised while it frees an object, and Ray's code in C may.

    Yields:
        What is set once the user has asked to stop.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    raising = {number: handler for number, handler in handlers.items() if callable(handler)}

    def note(number: int, frame: FrameType | None) -> None:
        asked.set()
        raising[signal.Signals(number)](number, frame)

    for number in raising:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)


def _refuse_nobody(address: str) -> None:
    """Refuse an address where nobody answers: Ray would try it for minutes, and say nothing."""
    at = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    host, _, port = at.rpartition(":")
    if not (host and port.isdecimal()) or "//" in host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _not_joined(at, error) from error


def _not_joined(address: str, error: Exception) -> InputError:
    # Ray has no type of its own for this.
    found = _OTHER_VERSIONS.search(str(error))
    if found:
        there, python_there, here, python_here = found.groups()
        return InputError(
            f"the cluster at '{address}' has Ray {there} on Python {python_there}, and this "
            f"machine Ray {here} on Python {python_here}: install the same versions on all."
        )
    return InputError(
        f"there is no Ray cluster to join at '{address}' ({type(error).__name__}). Start one "
        "with\n  RAY_USAGE_STATS_ENABLED=0 ray start --head --include-dashboard=false\n"
        "and run this command on a machine of it, with RAY_AUTH_MODE=token where it asks for a "
        "token; --cluster local uses this machine alone."
    )


class _RaysWords(io.TextIOBase):
    """Takes what Ray prints of a worker that died, some hundred words, and says it in a few."""

    def write(self, text: str) -> int:
        """See `io.TextIOBase`."""
        if "died" in text:
            say("A worker of the cluster was lost: Ray runs its item again.")
        return len(text)
