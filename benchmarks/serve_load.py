"""`kd-edge serve` under load: honest clients beside all kinds that take what is not theirs.

    python -m benchmarks.serve_load [--clients 200] [--seconds 60]

Every answer is compared with what the scorer gives in another process. The service, its clients and
whatever else goes on share the machine's cores, so the latencies are those of a service that always
has more to do. Writes `results/serve_load.json`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks import record, untrained_bundle
from benchmarks.serve_answers import Answers, Counts
from benchmarks.serve_clients import KINDS, honest
from kd_edge.console.tables import markdown

CLIENTS, SECONDS = 200, 60.0
SEED = 0
_LAST = 50
_SETTLE_S = 20.0


@click.command()
@click.option("--clients", default=CLIENTS, show_default=True)
@click.option("--seconds", default=SECONDS, show_default=True)
def main(clients: int, seconds: float) -> None:
    """Serve many clients at once, among them slow, broken and hostile ones."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), clients, seconds)
    click.echo(str(record.write("serve_load", figures, SEED)))


def measure(folder: Path, clients: int, seconds: float) -> dict[str, Any]:
    """All figures of one run.

    Args:
        folder: an empty one.
        clients: how many there are at a time, of all kinds.
        seconds: how long they ask.
    """
    bundle, path = folder / "made.kdz", folder / "socket"
    untrained_bundle.write(bundle)
    answers = Answers(bundle, untrained_bundle.sample_texts()[:200])
    command = [sys.executable, "-m", "kd_edge_runtime", "serve", bundle, "--socket", path]
    # To a file: a pipe that nobody reads would stop a service that has much to say.
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(list(map(str, command)), stderr=said)
    try:
        while b"\n" not in (folder / "said").read_bytes():  # its socket may be there before it is
            if process.poll() is not None:
                raise RuntimeError((folder / "said").read_text(encoding="utf-8"))
            time.sleep(0.05)
        figures = asyncio.run(_load(process, path, answers, clients, seconds))
        figures["exit_code"] = process.wait(30)
    finally:
        process.kill()
        process.wait()
    figures["said"] = (folder / "said").read_text(encoding="utf-8").count("\n")
    return figures


async def _load(
    process: subprocess.Popen[bytes], path: Path, answers: Answers, clients: int, seconds: float
) -> dict[str, Any]:
    counts = Counts()
    await honest(str(path), answers, counts, until=time.monotonic() + 0.5)  # has it all in memory
    counts = Counts()
    before = _state(process)
    until = time.monotonic() + seconds
    # The shares of the kinds, rounded so that each has a client where there are enough.
    numbers = {kind: max(1, round(share * clients)) for kind, (_, share) in KINDS.items()}
    tasks = [
        KINDS[kind][0](str(path), answers, counts, until)
        for kind, number in numbers.items()
        for _ in range(number)
    ]
    watched = asyncio.create_task(_greatest(process, until))
    await asyncio.gather(*tasks)
    greatest = await watched
    after = await _settled(process, before)
    at_stop = await _stop(process, str(path), answers)
    return {
        "clients": numbers,
        "seconds": seconds,
        **counts.figures(),
        "memory_mib": {
            "start": before["memory"],
            "greatest": greatest["memory"],
            "end": after["memory"],
        },
        "descriptors": {
            "start": before["descriptors"],
            "greatest": greatest["descriptors"],
            "end": after["descriptors"],
        },
        "at_stop": at_stop,
    }


async def _greatest(process: subprocess.Popen[bytes], until: float) -> dict[str, float]:
    greatest = _state(process)
    while time.monotonic() < until:
        await asyncio.sleep(0.25)
        greatest = {name: max(greatest[name], now) for name, now in _state(process).items()}
    greatest["memory"] = _status(process, "VmHWM")
    return greatest


async def _settled(process: subprocess.Popen[bytes], before: dict[str, float]) -> dict[str, float]:
    """The state once all clients have left and the service has seen it."""
    end = time.monotonic() + _SETTLE_S
    while _state(process)["descriptors"] > before["descriptors"] and time.monotonic() < end:
        await asyncio.sleep(0.1)
    return _state(process)


async def _stop(process: subprocess.Popen[bytes], path: str, answers: Answers) -> dict[str, int]:
    """Stops the service while it has requests to answer: how many of them are answered."""
    links = [await asyncio.open_unix_connection(path, limit=1 << 24) for _ in range(_LAST)]
    for at, (_, writer) in enumerate(links):
        writer.write(answers.request(at, 40))
        await writer.drain()
    process.send_signal(signal.SIGTERM)
    right = 0
    for at, (reader, writer) in enumerate(links):
        line = await asyncio.wait_for(reader.readline(), 60)
        right += answers.right(line, at, 40) and await reader.read() == b""
        writer.close()
    return {"asked": _LAST, "right": right}


def _state(process: subprocess.Popen[bytes]) -> dict[str, float]:
    descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))  # noqa: PTH208
    return {"memory": _status(process, "VmRSS"), "descriptors": descriptors}


def _status(process: subprocess.Popen[bytes], name: str) -> float:
    """MiB, by the kernel's name for it."""
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def table() -> str:
    """What clients met, and what it cost the service."""
    found = record.read("serve_load")["figures"]
    memory, files = found["memory_mib"], found["descriptors"]
    latency, stop = found["latency_ms"], found["at_stop"]
    refused = ", ".join(f"{count:,} {code}" for code, count in found["refused"].items())
    rows = [
        [f"clients at a time, for {found['seconds']:g} s", str(sum(found["clients"].values()))],
        *([f"… {kind}", str(number)] for kind, number in found["clients"].items()),
        ["connections made", f"{found['connections']:,}"],
        ["requests that wait for an answer", f"{found['asked']:,}"],
        ["right answers", f"{found['right']:,}"],
        ["wrong answers", str(found["wrong"])],
        ["missing answers", str(found["missing"])],
        ["refused with a reason", refused],
        [
            "latency of a request with one response, ms: median, 90 %, 99 %, greatest",
            ", ".join(f"{latency[name]:.0f}" for name in ("p50", "p90", "p99", "greatest")),
        ],
        ["memory, MiB: before, greatest, after", _three(memory)],
        ["open files: before, greatest, after", _three(files)],
        ["stopped with so many requests, answered right", f"{stop['asked']}, {stop['right']}"],
    ]
    return markdown(["figure", "value"], rows)


def _three(figures: dict[str, float]) -> str:
    return ", ".join(f"{figures[name]:g}" for name in ("start", "greatest", "end"))


TABLES = {"serve-load": table}

if __name__ == "__main__":
    main()
