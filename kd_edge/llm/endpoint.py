"""Where responses are sent: this machine, or a host that the user named for it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from kd_edge_runtime.errors import InputError, printable
from kd_edge_runtime.system.whole_file import read_whole

_HOST = re.compile(r"[a-z0-9._-]+")
_PATH = re.compile(r"[A-Za-z0-9._~/%+=@:-]*")
_CALLS = ("/chat/completions", "/completions")
_OWN_KEY, _OPENAI_KEY, _OPENAI = "KD_EDGE_API_KEY", "OPENAI_API_KEY", "api.openai.com"
_KEY_BYTES = 1 << 16
_EXAMPLE = "http://localhost:11434/v1"


@dataclass(frozen=True)
class Endpoint:
    """The base of an API.

    Attributes:
        scheme: "http" or "https".
        host: lower-case; an IPv6 address without brackets.
        port: None for the scheme's own.
        path: such as "/v1", without a slash at the end.
    """

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def loopback(self) -> bool:
        """Whether it is this machine: localhost, 127.0.0.0/8 or ::1 as written, not looked up."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """Host and port as a URL and the header Host have them."""
        return self._at(self.host)

    @property
    def bases(self) -> tuple[str, ...]:
        """The URLs to try, in this order.

        "localhost" is never looked up, since a name server or a file could lead elsewhere.
        """
        hosts = ("127.0.0.1", "::1") if self.host == "localhost" else (self.host,)
        return tuple(f"{self.scheme}://{self._at(host)}{self.path}" for host in hosts)

    def _at(self, host: str) -> str:
        host = f"[{host}]" if ":" in host else host
        return host if self.port is None else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_endpoint(url: str) -> Endpoint:
    """The endpoint that a user wrote; without a path it is /v1, and a call's own path is cut off.

    Raises:
        InputError: it is no http(s) URL, or one with a key, a query or a fragment.
    """
    shown = f"--llm {printable(re.sub('//.*@', '//…@', url, count=1))}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    if parts.username is not None or parts.password is not None:
        raise InputError(
            f"{shown}: a name or key in an address can be read by others on this machine: put "
            f"the key into the environment variable {_OWN_KEY}"
        )
    host = (parts.hostname or "").lower()
    path = parts.path.rstrip("/")
    for call in _CALLS:
        path = path.removesuffix(call)
    sound = parts.scheme in ("http", "https") and _is_host(host) and _PATH.fullmatch(path)
    if not sound or parts.query or parts.fragment or url != url.strip():
        raise InputError(f"{shown}: not the address of an API: write it like {_EXAMPLE}")
    return Endpoint(parts.scheme, host, port, path or "/v1")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST.fullmatch(host))
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def refuse_unnamed(endpoint: Endpoint, allowed: str | None) -> None:
    """Refuse a server that is not this machine, unless the user named exactly that host.

    Args:
        endpoint: where responses would be sent.
        allowed: the value of --send-responses-to, if it was given.

    Raises:
        InputError: the host was not named, or another one was.
    """
    named = None if allowed is None else allowed.strip().lower().strip("[]")
    if named is None and endpoint.loopback:
        return
    if named is None:
        raise InputError(
            f"{endpoint.host} is not this machine: every response would be sent there. If that is "
            f"allowed for these responses, add --send-responses-to {endpoint.host}"
        )
    if named != endpoint.host:
        raise InputError(
            f"--send-responses-to names '{printable(allowed)}', and --llm leads to "
            f"'{endpoint.host}': nothing was sent"
        )


def api_key(file: Path | None, endpoint: Endpoint, environment: Mapping[str, str]) -> str | None:
    """The key to send, from a file or the environment; None for none.

    OPENAI_API_KEY is for OpenAI alone: another server has no business with it.

    Raises:
        InputError: the file cannot be read, or holds no key.
    """
    if file is not None:
        try:
            key, source = read_whole(file, _KEY_BYTES).decode("utf-8"), str(file)
        except UnicodeDecodeError:
            key, source = "", str(file)
    elif environment.get(_OWN_KEY):
        key, source = environment[_OWN_KEY], _OWN_KEY
    elif endpoint.host == _OPENAI and environment.get(_OPENAI_KEY):
        key, source = environment[_OPENAI_KEY], _OPENAI_KEY
    else:
        return None
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise InputError(f"{source}: this is no API key (one word of ASCII characters)")
    return key
