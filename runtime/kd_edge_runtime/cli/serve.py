"""`kd-edge serve`: scores for other programs on the device, without starting Python each time."""

from __future__ import annotations

import signal
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from kd_edge_runtime import backends
from kd_edge_runtime.cli.options import first_only_option, root_option
from kd_edge_runtime.cli.serve_limits import limit_options
from kd_edge_runtime.errors import InputError, KdEdgeError, note
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.limits import Limits
from kd_edge_runtime.serve.listeners import (
    LOOPBACK,
    tcp_listener,
    unix_listener,
    warn_of_open_place,
)
from kd_edge_runtime.serve.server import Server
from kd_edge_runtime.slots.allowed import open_allowed
from kd_edge_runtime.slots.installed import open_installed
from kd_edge_runtime.slots.root import default_root
from kd_edge_runtime.slots.slots import Slots
from kd_edge_runtime.system.child_limits import no_dumps
from kd_edge_runtime.system.open_folders import warn_of_open_root


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@root_option
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Unix socket to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="TCP port to listen on instead; 0: any free port."
)
@click.option("--host", help=f"Address to listen on, with --port.  [default: {LOOPBACK}]")
@click.option(
    "--anyone",
    is_flag=True,
    help="Allow a --host that other machines can reach. There is no password and no encryption.",
)
@click.option(
    "--backend",
    type=click.Choice(["auto", *backends.NAMES]),
    default="auto",
    show_default=True,
    help="How to run the small models; with two, the first.",
)
@first_only_option
@limit_options
def serve(
    bundle: Path | None,
    root: Path | None,
    path: Path | None,
    port: int | None,
    host: str | None,
    anyone: bool,
    backend: str,
    first_only: bool,
    **limits: Any,
) -> None:
    """Score for other programs on this device, with a BUNDLE or the installed one.

    A request is a line of JSON, and so is its answer:

    \b
      {"id": 7, "item": "stove", "text": "The ice melts."}
      {"id": 7, "predicted": "2", "expected": 1.9, "confidence": 0.7, ...}

    The README of kd-edge-runtime describes all requests. A bundle that is installed or replaced
    meanwhile is in use within a second or two. SIGTERM and Ctrl-C stop the service.

    \b
    Examples:
      kd-edge serve item.kdz --socket /run/kd-edge/socket
      kd-edge serve --root /var/lib/kd-edge --port 4100
    """
    _refuse_unfit(path, port, host, anyone)
    if bundle and root:
        raise InputError("give a BUNDLE or --root, not both")

    no_dumps()

    def load() -> Scorer:
        if bundle:
            return Scorer(open_allowed(bundle), backend, first_only=first_only)
        return open_installed(root, backend, warn=_say, first_only=first_only)

    def version() -> Hashable:
        # If this fails, the bundle is just being replaced, or `load` reports why.
        with suppress(OSError, KdEdgeError):
            if not bundle:
                return tuple(Slots(root or default_root()).all())
            status = bundle.stat()
            return status.st_mtime_ns, status.st_size, status.st_ino
        return None

    tcp = host or LOOPBACK, port or 0, anyone
    with unix_listener(path) if path else tcp_listener(*tcp) as listener:
        server = Server(listener, load, version, _say, Limits(**limits))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(server, "stopping", True))
        where = str(path) if path else "{} port {}".format(*listener.getsockname()[:2])
        _say(f"{server.summary()}, on {where}")
        if path:
            warn_of_open_place(path, _say)
        if not bundle:
            warn_of_open_root(root or default_root(), _say)
        server.run()


def _refuse_unfit(path: Path | None, port: int | None, host: str | None, anyone: bool) -> None:
    """Refuses options that do not say where to listen, or that would say nothing.

    Raises:
        InputError: with what to leave out.
    """
    if (path is None) == (port is None):
        raise InputError("say where to listen: either --socket PATH or --port N")
    if path is not None and (host is not None or anyone):
        raise InputError(
            f"{'--anyone' if host is None else '--host'} is for --port: leave it out, as who may "
            "use a socket is up to the permissions of its folder"
        )


def _say(message: str) -> None:
    note(f"kd-edge serve: {message}")
