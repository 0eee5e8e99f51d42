"""Flashes several devices at a time; one that fails keeps its bundle and stops no other."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial

from kd_edge.console.progress import track
from kd_edge.console.tables import TerminalTable
from kd_edge.flash.fleet import Device
from kd_edge.flash.kit.payload import Kits, Payload
from kd_edge.flash.ssh import Connections, Remote
from kd_edge.flash.targets import FolderTarget
from kd_edge.flash.to_folder import DEFAULT_PYTHON, flash_folder
from kd_edge.flash.to_ssh import flash_over_ssh
from kd_edge.flash.trust import UNCHANGED, Trust
from kd_edge_runtime.errors import KdEdgeError, printable, shown

INSTALLED = "installed"
ALREADY_THERE = "already there"
FAILED = "failed"

_HEADER = ("device", "outcome", "bytes written", "seconds", "target, or why it failed")


@dataclass(frozen=True)
class FlashOutcome:
    """The result for one device.

    Attributes:
        name: the device's name.
        target: the folder for its bundle.
        outcome: `INSTALLED`, `ALREADY_THERE` or `FAILED`.
        reason: why it failed, "" otherwise.
        bytes: number of bytes written to it.
        seconds: time taken.
        sha256: hash (hex) of the bundle read back from it, "" if it failed.
    """

    name: str
    target: str
    outcome: str
    reason: str
    bytes: int
    seconds: float
    sha256: str


def flash(
    bundle: Payload,
    devices: Sequence[Device],
    kits: Kits | None,
    jobs: int,
    trust: Trust = UNCHANGED,
) -> list[FlashOutcome]:
    """Puts a bundle onto devices.

    Args:
        bundle: the bundle.
        devices: the devices, each once.
        kits: the kits with the runtime; None leaves the devices' runtime unchanged.
        jobs: number of devices at a time.
        trust: what the devices are to trust.

    Returns:
        The outcome of each, in the order given.
    """
    connections = Connections()
    with track("flashing", len(devices)) as all_, ThreadPoolExecutor(jobs) as pool:
        flash_one = partial(_flash_one, bundle, kits, trust, connections)
        futures: list[Future[FlashOutcome]] = []
        try:
            futures += (pool.submit(flash_one, device) for device in devices)
            for _ in as_completed(futures):
                all_.advance()
            return [future.result() for future in futures]
        except BaseException:  # Ctrl-C
            for future in futures:
                future.cancel()
            connections.end()
            raise


def outcome_table(outcomes: Sequence[FlashOutcome]) -> TerminalTable:
    """A table with one row for each device."""
    rows = [
        (
            outcome.name,
            outcome.outcome,
            f"{outcome.bytes:,}",
            f"{outcome.seconds:.1f}",
            shown(outcome.reason)
            or (printable(outcome.target) if outcome.target != outcome.name else ""),
        )
        for outcome in outcomes
    ]
    return TerminalTable("", _HEADER, rows)


def summary(outcomes: Sequence[FlashOutcome]) -> str:
    """The number of devices by outcome, in one line."""
    counts = [
        (sum(each.outcome == outcome for each in outcomes), outcome)
        for outcome in (INSTALLED, ALREADY_THERE, FAILED)
    ]
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count)


def _flash_one(
    bundle: Payload, kits: Kits | None, trust: Trust, connections: Connections, device: Device
) -> FlashOutcome:
    started = time.monotonic()
    written, reason, target = 0, "", device.target
    try:
        if isinstance(target, FolderTarget):
            kit = kits.kit(DEFAULT_PYTHON) if kits else None
            written = flash_folder(device.name, target.path, bundle, kit, trust)
        else:
            written = flash_over_ssh(device.name, Remote(target, connections), bundle, kits, trust)
    except KdEdgeError as error:
        reason = str(error)
    except Exception as error:
        if os.environ.get("KD_EDGE_DEBUG"):
            raise
        # One device must not stop the others; the message may hold anything.
        reason = f"an unexpected error ({type(error).__name__})"
    return FlashOutcome(
        name=device.name,
        target=str(target),
        outcome=FAILED if reason else INSTALLED if written else ALREADY_THERE,
        reason=reason,
        bytes=written,
        seconds=round(time.monotonic() - started, 1),
        sha256="" if reason else bundle.sha256,
    )
