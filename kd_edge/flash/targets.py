"""Where a bundle is put: a folder here, or a folder of a machine reached by ssh."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from kd_edge_runtime.errors import InputError, printable

# With a ProxyCommand ssh passes both to a shell; and it reads a leading '-' as an option.
# A directory's users are DOMAIN\\name or name@domain.
_USER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.+@\\-]*[A-Za-z0-9_.+@-])?")
_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:%-]*")

_ADDRESS = re.compile(r"ssh://(?:([^/]*)@)?(\[[^]/]*\]|[^@:/]*)(?::([0-9]{1,5}))?(/.*)?")


@dataclass(frozen=True)
class FolderTarget:
    """A folder of this machine: a mounted card or stick, or any other.

    Attributes:
        path: the folder, with links resolved.
    """

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class SshTarget:
    """A folder of another machine.

    Attributes:
        host: name, address, or an alias of the user's ssh configuration.
        user: login name; None leaves it to ssh.
        port: 1 to 65535; None leaves it to ssh.
        folder: absolute path there.
    """

    host: str
    user: str | None
    port: int | None
    folder: str

    @property
    def login(self) -> str:
        """The machine as arguments of ssh, e.g. "-p 2222 pi@class-7"."""
        port = f"-p {self.port} " if self.port else ""
        return port + shlex.quote((f"{self.user}@" if self.user else "") + self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"ssh://{user}{host}{port}{quote(self.folder)}"


Target = FolderTarget | SshTarget


def parse_target(text: str) -> Target:
    """Reads a target as a user writes it.

    Args:
        text: a folder's path, or `ssh://user@host[:port]/dir`.

    Raises:
        InputError: it is neither.
    """
    scheme, separator, _ = text.partition("://")
    if not separator:
        if not text.strip():
            raise InputError("a target is empty: name a folder, or ssh://user@host/dir")
        if text == "-":
            raise InputError("a bundle is not put onto '-': name a folder, or ssh://user@host/dir")
        if "\0" in text:
            raise InputError("a target's folder has a control character in its name")
        try:
            return FolderTarget(Path(os.path.expanduser(text)).resolve())  # noqa: PTH111
        except (OSError, RuntimeError):  # links that lead in a circle
            raise InputError(f"'{printable(text)}' leads to no folder") from None
    if scheme != "ssh":
        raise InputError(
            f"'{printable(text)}': a target is a folder, or ssh://user@host[:port]/dir"
        )
    return _ssh(text)


def _ssh(text: str) -> SshTarget:
    shown = printable(text)
    parts = _ADDRESS.fullmatch(text)
    user, host, port, folder = parts.groups() if parts else (None, "", None, "")
    if user and ":" in user:
        raise InputError(
            "a target holds a password: ssh logs in with keys ('ssh-copy-id' puts one on a device)"
        )
    user = unquote(user) if user is not None else None
    host = host.strip("[]")
    if not _HOST.fullmatch(host):
        raise InputError(
            f"'{shown}': '{printable(host)}' is not a host: write ssh://user@host[:port]/dir"
        )
    if user is not None and not _USER.fullmatch(user):
        raise InputError(f"'{shown}': '{printable(user)}' is not a user name")
    if port is not None and not 0 < int(port) < 1 << 16:
        raise InputError(f"'{shown}': there is no port {port}")
    folder = re.sub("/+", "/", "/" + unquote(folder or "")).rstrip("/") or "/"
    if folder == "/":
        raise InputError(f"'{shown}' names no folder, as ssh://user@host/home/pi/kd-edge does")
    if not folder.isprintable():
        raise InputError("a target's folder has a control character in its name")
    return SshTarget(host, user, int(port) if port else None, folder)
