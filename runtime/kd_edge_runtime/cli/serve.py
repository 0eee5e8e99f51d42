"""`kd-edge serve`: scores for other programs on the device, without starting Python each time."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from kd_edge_runtime import backends
from kd_edge_runtime.cli.options import first_only_option, root_option
from kd_edge_runtime.errors import InputError, KdEdgeError
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.serve.server import Server
from kd_edge_runtime.slots.allowed import open_allowed
from kd_edge_runtime.slots.installed import open_installed
from kd_edge_runtime.slots.root import default_root
from kd_edge_runtime.slots.slots import Slots

_LOOPBACK = "127.0.0.1"

# Connections that the system queues until they are accepted.
_WAITING = 128


@click.command()
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@root_option
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Unix socket to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="TCP port to listen on instead; 0: any free port."
)
@click.option(
    "--host", default=_LOOPBACK, show_default=True, help="Address to listen on, with --port."
)
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
def serve(
    bundle: Path | None,
    root: Path | None,
    path: Path | None,
    port: int | None,
    host: str,
    anyone: bool,
    backend: str,
    first_only: bool,
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
    if (path is None) == (port is None):
        raise InputError("say where to listen: either --socket PATH or --port N")
    if bundle and root:
        raise InputError("give a BUNDLE or --root, not both")

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

    with _unix_listener(path) if path else _tcp_listener(host, port or 0, anyone) as listener:
        server = Server(listener, load, version, _say)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(server, "stopping", True))
        where = str(path) if path else "{} port {}".format(*listener.getsockname()[:2])
        _say(f"{server.summary()}, on {where}")
        server.run()


def _say(message: str) -> None:
    click.echo(f"kd-edge serve: {message}", err=True)


@contextmanager
def _unix_listener(path: Path) -> Iterator[socket.socket]:
    """Listens on a Unix socket, for its owner and group, and removes it at the end."""
    if not hasattr(socket, "AF_UNIX"):
        raise InputError("this system has no Unix sockets: use --port")
    with socket.socket(socket.AF_UNIX) as listener:
        mask = os.umask(0o117)
        try:
            _remove_stale_socket(path)
            listener.bind(str(path))
            listener.listen(_WAITING)
            inode = path.stat().st_ino
        except OSError as error:
            raise _listen_error(str(path), error) from None
        finally:
            os.umask(mask)
        try:
            yield listener
        finally:
            with suppress(OSError):
                if path.stat().st_ino == inode:  # not the socket of another service
                    path.unlink()


def _remove_stale_socket(path: Path) -> None:
    """Removes the socket of a service that was killed; refuses anything else."""
    if not path.exists():
        return
    if not path.is_socket():
        raise InputError(f"'{path}' exists and is not a socket")
    with socket.socket(socket.AF_UNIX) as other:
        other.settimeout(2)
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise InputError(f"another service is listening on '{path}'")


@contextmanager
def _tcp_listener(host: str, port: int, anyone: bool) -> Iterator[socket.socket]:
    """Listens on a port."""
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        raise InputError(f"--host needs an IP address, such as {_LOOPBACK}") from None
    if not (address.is_loopback or anyone):
        raise InputError(
            f"other machines may be able to reach {host}, and there is no password: add --anyone "
            "if you want that"
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family) as listener:
        try:
            if os.name == "posix":  # elsewhere two services could share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_WAITING)
        except OSError as error:
            raise _listen_error(f"{host} port {port}", error) from None
        yield listener


def _listen_error(where: str, error: OSError) -> InputError:
    return InputError(f"cannot listen on {where} ({error.strerror or error})")
