"""Clients of `kd-edge serve`, honest and other."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.serve_answers import Answers, Counts

_ANSWER_S = 120.0
_CONNECTING = ThreadPoolExecutor(32)
_MOST = 1 << 24

# Of a line that is longer than a request may be.
_HUGE = b'{"text": "' + b"a" * (2 << 20)

_POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n"


@dataclass
class _Link:
    """A connection to the service."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def line(self) -> bytes:
        """The next line; b"" at the end, or where none comes."""
        try:
            line = await asyncio.wait_for(self.reader.readline(), _ANSWER_S)
        except (OSError, asyncio.TimeoutError):
            return b""
        return line if line.endswith(b"\n") else b""

    async def send(self, data: bytes) -> None:
        """Sends all of it, or what the service takes of it until it closes."""
        with suppress(OSError):
            self.writer.write(data)
            await self.writer.drain()

    async def close(self) -> None:
        """Closes it."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


async def _connect(path: str, counts: Counts) -> _Link:
    def connected() -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        link.connect(path)  # waits where the system's queue is full
        return link

    link = await asyncio.get_running_loop().run_in_executor(_CONNECTING, connected)
    counts.connections += 1
    return _Link(*await asyncio.open_unix_connection(sock=link, limit=_MOST))


async def _ask(
    link: _Link, answers: Answers, counts: Counts, sizes: Sequence[int], long: bool = False
) -> bool:
    """Sends requests ahead, and compares their answers; whether the connection goes on."""
    numbers = [counts.asked + at for at in range(len(sizes))]
    began = time.monotonic()
    await link.send(b"".join(map(answers.request, numbers, sizes, [long] * len(sizes))))
    for at, (number, size) in enumerate(zip(numbers, sizes, strict=True)):
        line = await link.line()
        if at == 0 and _refusal(line) == "busy":  # it was not let in
            counts.refused["busy"] += 1
            return False
        counts.asked += 1
        if answers.right(line, number, size, long):
            counts.right += 1
        elif line:
            counts.wrong += 1
        else:
            counts.asked += len(sizes) - at - 1
            counts.missing += len(sizes) - at
            return False
    if len(sizes) == 1 and sizes[0] == 1:
        counts.latencies.append(time.monotonic() - began)
    return True


def _refusal(line: bytes) -> str:
    with suppress(ValueError, LookupError, TypeError):
        return str(json.loads(line)["error"]["code"])
    return ""


async def honest(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Asks and waits, mostly for one response; now and then sends ahead, and connects again."""
    rng = random.Random(counts.connections)
    while time.monotonic() < until:
        link = await _connect(path, counts)
        for _ in range(rng.randrange(1, 30)):
            sizes = rng.choice([[1], [1], [1], [1], [1, 1, 1], [40], [1, 200, 1]])
            if time.monotonic() >= until or not await _ask(link, answers, counts, sizes):
                break
            await asyncio.sleep(rng.random() * 0.2)
        await link.close()
        await asyncio.sleep(0.05)


async def slow(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Asks for much, and takes the answer slowly."""
    while time.monotonic() < until:
        link = await _connect(path, counts)
        number = counts.asked
        counts.asked += 1
        await link.send(answers.request(number, 1000))
        parts = [await link.line()] if link.reader.at_eof() else []
        with suppress(OSError):
            while not parts or not parts[-1].endswith(b"\n"):
                part = await asyncio.wait_for(link.reader.read(4096), _ANSWER_S)
                if not part:
                    break
                parts.append(part)
                await asyncio.sleep(0.05)
        line = b"".join(parts)
        if _refusal(line) == "busy":
            counts.asked -= 1
            counts.refused["busy"] += 1
        elif answers.right(line, number, 1000):
            counts.right += 1
        elif line.endswith(b"\n"):
            counts.wrong += 1
        else:
            counts.missing += 1
        await link.close()


async def half(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Sends a part of a request and waits, or leaves."""
    while time.monotonic() < until:
        link = await _connect(path, counts)
        request = answers.request(counts.connections, 1)
        await link.send(request[: 1 + counts.connections % (len(request) - 1)])
        await asyncio.sleep(2 * (counts.connections % 2))
        await link.close()
        await asyncio.sleep(0.1)


async def huge(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Sends requests of nearly a megabyte, and lines that are longer than any request may be."""
    while time.monotonic() < until:
        link = await _connect(path, counts)
        if await _ask(link, answers, counts, [1000], long=True):
            await link.send(_HUGE)
            counts.refused[_refusal(await link.line()) or "closed"] += 1
        await link.close()
        await asyncio.sleep(0.5)


async def trickle(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Sends a byte now and then."""
    while time.monotonic() < until:
        link = await _connect(path, counts)
        for byte in answers.request(0, 40):
            # The service closes it in the middle, when the time of a line is up.
            if time.monotonic() >= until or link.reader.at_eof() or link.writer.is_closing():
                break
            await link.send(bytes([byte]))
            await asyncio.sleep(0.2)
        await link.close()


async def flood(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Connects, asks, and leaves at once, again and again."""
    while time.monotonic() < until:
        link = await _connect(path, counts)
        if counts.connections % 2:
            await link.send(answers.request(0, 100))
        await link.close()
        await asyncio.sleep(0.01)


async def browser(path: str, answers: Answers, counts: Counts, until: float) -> None:
    """Posts requests, as a page can have a browser do: nothing of them may be answered."""
    while time.monotonic() < until:
        link = await _connect(path, counts)
        await link.send(_POST + answers.request(0, 1))
        line = await link.line()
        counts.refused[_refusal(line) or "closed"] += 1
        counts.wrong += bool(await link.line())
        await link.close()
        await asyncio.sleep(0.2)


async def junk(path: str, answers: Answers, counts: Counts, until: float) -> None:  # noqa: ARG001
    """Sends lines that are no requests; each has to be answered by an error."""
    rng = random.Random(0)
    while time.monotonic() < until:
        link = await _connect(path, counts)
        for _ in range(20):
            await link.send(b"{" + rng.randbytes(200).replace(b"\n", b"") + b"\n")
            code = _refusal(await link.line())
            if code != "json":
                counts.wrong += code != "busy"
                counts.refused["busy"] += code == "busy"
                break
        await link.close()
        await asyncio.sleep(0.2)


Client = Callable[[str, Answers, Counts, float], Awaitable[None]]

KINDS: dict[str, tuple[Client, float]] = {
    "honest": (honest, 0.60),
    "slow readers": (slow, 0.08),
    "half requests": (half, 0.08),
    "huge lines": (huge, 0.06),
    "a byte now and then": (trickle, 0.06),
    "floods of connections": (flood, 0.04),
    "browsers": (browser, 0.04),
    "no requests": (junk, 0.04),
}
"""The kinds of clients, and which share of all they are."""
