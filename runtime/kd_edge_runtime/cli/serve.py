"""`kd-edge serve`: scores for other programs on the device, without a start of Python each time."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from kd_edge_runtime import backends
from kd_edge_runtime.cli.options import root_option
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.server import Server
from kd_edge_runtime.slots.slots import Slots, default_root

_LOOPBACK = "127.0.0.1"

# Connections that the system keeps until they are looked at.
_WAITING = 128


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@root_option
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Unix socket to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port instead; 0: any free one.")
@click.option("--host", default=_LOOPBACK, show_default=True, help="Address of the port.")
@click.option(
    "--anyone",
    is_flag=True,
    help="Allow a --host that other machines reach, without password or encryption.",
)
@click.option(
    "--backend",
    type=click.Choice(["auto", *backends.NAMES]),
    default="auto",
    show_default=True,
    help="How to run the small models.",
)
def serve(
    bundle: Path | None,
    root: Path | None,
    path: Path | None,
    port: int | None,
    host: str,
    anyone: bool,
    backend: str,
) -> None:
    """Score for other programs on this device, with a BUNDLE or the installed one.

    A request is a line of JSON, and so is its answer:

    \b
      {"id": 7, "item": "stove", "text": "The ice melts."}
      {"id": 7, "predicted": "2", "expected": 1.9, "confidence": 0.7, ...}

    The README of kd-edge-runtime describes the rest. A bundle that is installed or replaced while
    it runs is in use within a second or two. SIGTERM and Ctrl-C stop it.

    \b
    Examples:
      kd-edge serve item.kdz --socket /run/kd-edge/socket
      kd-edge serve --root /var/lib/kd-edge --port 4100
    """
    if (path is None) == (port is None):
        raise InputError("say where to listen: either --socket PATH or --port N")
    if bundle and root:
        raise InputError("give a BUNDLE or --root, not both")
    slots = Slots(root or default_root())

    def load() -> Scorer:
        if bundle:
            return Scorer.open(bundle, backend)
        return Scorer(slots.open(_say), backend, cache=slots.cache)

    def version() -> Hashable:
        # What cannot be looked at is just being replaced, or `load` says why.
        with suppress(OSError, KdEdgeError):
            if not bundle:
                return tuple(slots.all())
            now = bundle.stat()
            return now.st_mtime_ns, now.st_size, now.st_ino
        return None

    with _unix(path) if path else _tcp(host, port or 0, anyone) as listener:
        server = Server(listener, load, version, _say)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(server, "stopping", True))
        where = str(path) if path else "{} port {}".format(*listener.getsockname()[:2])
        _say(f"{server.summary()}, on {where}")
        server.run()


def _say(what: str) -> None:
    click.echo(f"kd-edge serve: {what}", err=True)


@contextmanager
def _unix(path: Path) -> Iterator[socket.socket]:
    """Listens on a Unix socket, for its owner and group, and removes it at the end."""
    if not hasattr(socket, "AF_UNIX"):
        raise InputError("this system has no Unix sockets: use --port")
    with socket.socket(socket.AF_UNIX) as listener:
        mask = os.umask(0o117)
        try:
            _clear(path)
            listener.bind(str(path))
            listener.listen(_WAITING)
            ours = path.stat().st_ino
        except OSError as error:
            raise _cannot(str(path), error) from None
        finally:
            os.umask(mask)
        try:
            yield listener
        finally:
            with suppress(OSError):
                if path.stat().st_ino == ours:  # and not that of the next service
                    path.unlink()


def _clear(path: Path) -> None:
    """Removes the socket of a service that was killed, and nothing else."""
    if not path.exists():
        return
    if not path.is_socket():
        raise InputError(f"'{path}' is there, and is no socket")
    with socket.socket(socket.AF_UNIX) as other:
        other.settimeout(2)
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise InputError(f"another service listens on '{path}'")


@contextmanager
def _tcp(host: str, port: int, anyone: bool) -> Iterator[socket.socket]:
    """Listens on a port."""
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        raise InputError(f"--host takes an address, such as {_LOOPBACK}") from None
    if not (address.is_loopback or anyone):
        raise InputError(
            f"other machines may reach {host}, and nothing asks them for a password: "
            "if that is what you want, add --anyone"
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family) as listener:
        try:
            if os.name == "posix":  # elsewhere it would share the port with another service
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_WAITING)
        except OSError as error:
            raise _cannot(f"{host} port {port}", error) from None
        yield listener


def _cannot(where: str, error: OSError) -> InputError:
    return InputError(f"cannot listen on {where} ({error.strerror or error})")
