"""Where the service listens: a Unix socket or a TCP port."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Callable

from kd_edge_runtime.errors import InputError
from kd_edge_runtime.system.open_folders import writable_by_all

LOOPBACK = "127.0.0.1"

# Connections that the system queues until they are accepted.
_WAITING = 128

# Seconds to wait for another service that is just starting at the same path.
_STARTING = 2.0


@contextmanager
def unix_listener(path: Path) -> Iterator[socket.socket]:
    """Listens on a Unix socket, for its owner and group, and removes it at the end.

    Args:
        path: of the socket. What is there is replaced only if it is a socket of this user on which
            nobody listens.

    Raises:
        InputError: there is something else, or the system refuses.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise InputError("this system has no Unix sockets: use --port")
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            with _alone(path.parent):
                _remove_stale_socket(path)
                # A socket has its mode from the start: there is no moment for others to connect.
                mask = os.umask(0o117)
                try:
                    listener.bind(str(path))
                finally:
                    os.umask(mask)
                listener.listen(_WAITING)
                ours = path.lstat()
        except OSError as error:
            raise _listen_error(str(path), error) from None
        try:
            yield listener
        finally:
            with suppress(OSError):
                if os.path.samestat(path.lstat(), ours):  # not the socket of another service
                    path.unlink()


def warn_of_open_place(path: Path, say: Callable[[str], object]) -> None:
    """Warns where anybody could put a socket of their own in the place of one."""
    folder = writable_by_all(path.parent, sticky_is_safe=True)
    if folder is not None:
        say(
            f"Warning: anybody may replace files in '{folder}', and so put a socket of their own "
            "in the place of this one: use a folder that only you may write into"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one service start at a time, so that none removes the socket of another.

    Whoever holds the lock for longer is no service that is starting, and is passed over.
    """
    import fcntl

    number = os.open(folder, os.O_RDONLY)
    try:
        end = monotonic() + _STARTING
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:  # a file system may have no locks
                if not isinstance(error, BlockingIOError) or monotonic() >= end:
                    break
                sleep(0.05)
        yield
    finally:
        os.close(number)


def _remove_stale_socket(path: Path) -> None:
    """Removes the socket of a service that was killed; refuses anything else."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise InputError(f"'{path}' is a link: name the place of the socket itself")
    if not stat.S_ISSOCK(found.st_mode):
        raise InputError(f"'{path}' exists and is not a socket")
    if found.st_uid != os.geteuid():
        raise InputError(f"'{path}' is another user's socket: remove it, or name another place")
    with socket.socket(socket.AF_UNIX) as other:
        other.settimeout(2)
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except TimeoutError:  # it listens, and has no time
            pass
    raise InputError(f"another service is listening on '{path}'")


@contextmanager
def tcp_listener(host: str, port: int, anyone: bool) -> Iterator[socket.socket]:
    """Listens on a port.

    Args:
        host: an IP address.
        port: 0 for any that is free.
        anyone: whether other machines may reach it.

    Raises:
        InputError: other machines could reach it and may not, or the system refuses.
    """
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        raise InputError(f"--host needs an IP address, such as {LOOPBACK}") from None
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
