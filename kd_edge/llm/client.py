"""Sends a request to an API until it is answered, or it is clear that it will not be."""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpx

from kd_edge.llm.endpoint import Endpoint
from kd_edge.llm.pace import Pace, backoff, retry_after
from kd_edge_runtime.errors import KdEdgeError, printable

FIRST_WAIT_S = 1.0
"""The most seconds between the first two tries."""

_TRIES = 8
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_MOST_BYTES = 4 << 20  # of an answer: a score needs some hundreds
_CONNECT_S = 10.0
_PATIENCE_S = 600.0  # what a server may ask to wait
_KEPT = "Answers so far are kept: start the same command again to go on"


class ServerError(KdEdgeError):
    """A request was not answered. The message holds nothing of request or answer.

    Attributes:
        status: the HTTP status; None where there was none.
        detail: what the server says, which may quote the request: to be shown only where that held
            no response.
    """

    def __init__(self, message: str, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.status, self.detail = status, detail


class _FailedError(Exception):
    """A try failed, and another may not; `wait` is what the server asks for, in seconds."""

    def __init__(
        self, why: str, wait: float = 0.0, status: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(why)
        self.why, self.wait, self.status, self.detail = why, wait, status, detail


class Client:
    """A connection to an API, for several threads.

    Responses and keys are in no message. Nothing of the environment is used for this machine;
    elsewhere the proxy for https alone, which sees no more than the host's name.

    Args:
        endpoint: where it is.
        key: the API key; None for none.
        pace: when requests may be sent.
        timeout_s: seconds in which an answer must be whole.
    """

    def __init__(self, endpoint: Endpoint, key: str | None, pace: Pace, timeout_s: float) -> None:
        self._endpoint, self._pace, self._timeout = endpoint, pace, timeout_s
        self._base: str | None = None  # that which answered
        headers = {"Host": endpoint.authority, "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._client = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
            follow_redirects=False,
            trust_env=False,
            proxy=_proxy(endpoint),
            verify=_certificates(),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def post(self, call: str, body: dict[str, Any], tries: int = _TRIES) -> dict[str, Any]:
        """Send a request, again after refusals that may pass.

        Args:
            call: the path below the endpoint's, such as "/chat/completions".
            body: JSON types.
            tries: how often at most.

        Returns:
            The answer, a JSON object.

        Raises:
            ServerError: it is refused, or not answered after all tries.
            HaltedError: the pace was halted.
        """
        for attempt in range(1, tries + 1):
            self._pace.take_turn()
            try:
                return self._try(call, body)
            except _FailedError as failed:
                if failed.wait > _PATIENCE_S:
                    raise ServerError(
                        f"{self._endpoint.authority} asks to wait {failed.wait / 60:.0f} minutes "
                        f"({failed.why}). {_KEPT} then",
                        failed.status,
                    ) from None
                if attempt == tries:
                    times = "" if tries == 1 else f" {tries} times, the last time"
                    raise ServerError(
                        f"{self._endpoint.authority} did not answer{times}: {failed.why}. {_KEPT}",
                        failed.status,
                        failed.detail,
                    ) from None
                if failed.wait:
                    self._pace.hold(failed.wait)
                self._pace.sleep(max(failed.wait, backoff(attempt, FIRST_WAIT_S)))
        raise AssertionError

    def _try(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        bases = (self._base,) if self._base else self._endpoint.bases
        for base in bases:
            try:
                status, headers, data = self._send(f"{base}{call}", body)
            except httpx.ConnectError as error:
                if base is bases[-1]:
                    raise self._unreachable(error) from None
                continue
            except httpx.TimeoutException:
                raise _FailedError(f"no answer within {self._timeout:.0f} seconds") from None
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                raise _FailedError(f"the connection broke off ({type(error).__name__})") from None
            self._base = base
            return self._read(status, headers, data)
        raise AssertionError

    def _send(self, url: str, body: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        """Status, headers and body of an answer, which has to be whole in time and of some size."""
        end, data = time.monotonic() + self._timeout, bytearray()
        content = json.dumps(body, ensure_ascii=True).encode("ascii")
        with self._client.stream(
            "POST",
            url,
            content=content,
            headers={"Content-Type": "application/json"},
            extensions={"sni_hostname": self._endpoint.host},
        ) as answer:
            for part in answer.iter_bytes():
                data += part
                if len(data) > _MOST_BYTES:
                    raise ServerError(f"{self._endpoint.authority}: an answer without end")
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("")
            return answer.status_code, answer.headers, bytes(data)

    def _read(self, status: int, headers: httpx.Headers, data: bytes) -> dict[str, Any]:
        where, detail = self._endpoint.authority, server_words(data)
        if status in _AGAIN:
            raise _FailedError(
                f"HTTP {status}", retry_after(headers.get("Retry-After")), status, detail
            )
        if 300 <= status < 400:
            to = urlsplit(headers.get("Location", "")).netloc.rpartition("@")[2]
            raise ServerError(
                f"{where} sends on to {printable(to) or 'another address'}, which is not followed: "
                "give --llm the address of the API itself",
                status,
            )
        if status in (401, 403):
            raise ServerError(
                f"{where} refuses the key, or wants one (HTTP {status}): set KD_EDGE_API_KEY, or "
                "name a file with --api-key-file",
                status,
            )
        if status != 200:
            raise ServerError(f"{where} refuses the request (HTTP {status})", status, detail)
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            if data.lstrip()[:1] == b"<":
                raise ServerError(
                    f"{where} answers with a page for people, not with JSON: --llm needs the "
                    "address of the API, which mostly ends with /v1",
                    status,
                ) from None
            raise _FailedError("an answer that is cut off, or no JSON", 0.0, status) from None
        if not isinstance(answer, dict):
            raise ServerError(f"{where}: an answer that is no JSON object: is this the API?")
        return answer

    def _unreachable(self, error: httpx.ConnectError) -> Exception:
        where = self._endpoint.authority
        if self._base is not None:  # it was there before, and may be again
            return _FailedError("the connection was refused")
        if "certificate" in str(error).lower():
            return ServerError(f"{where}: its certificate is not trusted on this machine")
        return ServerError(
            f"nothing answers at {where}: is the server running, and the port right?"
        )


def server_words(data: bytes) -> str:
    """What a server says of an error, in one short line; "" where it says nothing that is known."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(answer, dict) and name in answer:
            answer = answer[name]
    return printable(" ".join(str(answer).split()))[:300] if isinstance(answer, str) else ""


def _proxy(endpoint: Endpoint) -> str | None:
    if endpoint.loopback or endpoint.scheme != "https":
        return None
    if urllib.request.proxy_bypass(endpoint.host):
        return None
    return urllib.request.getproxies().get("https")


def _certificates() -> ssl.SSLContext:
    """The system's certificates, a school's own among them, and those that came with certifi."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
