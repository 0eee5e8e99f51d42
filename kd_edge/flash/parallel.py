"""Flashes several devices at a time; one that fails keeps its bundle and stops no other."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from kd_edge.console.progress import track
from kd_edge.flash.fleet import Device
from kd_edge.flash.kit.payload import Kits, Payload
from kd_edge.flash.outcome import ALREADY_THERE, FAILED, INSTALLED, FlashOutcome
from kd_edge.flash.ssh import Connections, Remote
from kd_edge.flash.targets import FolderTarget
from kd_edge.flash.to_folder import DEFAULT_PYTHON, flash_folder
from kd_edge.flash.to_ssh import flash_over_ssh
from kd_edge_runtime.errors import KdEdgeError


def flash(
    bundle: Payload, devices: Sequence[Device], kits: Kits | None, jobs: int
) -> list[FlashOutcome]:
    """Puts a bundle onto devices.

    Args:
        bundle: the bundle.
        devices: the devices, each once.
        kits: the kits with their runtime; None leaves the runtime as it is.
        jobs: number of devices at a time.

    Returns:
        The outcome of each, in the order given.
    """
    connections = Connections()
    with track("flashing", len(devices)) as all_, ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_flash_one, bundle, device, kits, connections) for device in devices]
        try:
            for _ in as_completed(futures):
                all_.advance()
            return [future.result() for future in futures]
        except BaseException:  # Ctrl-C
            _stop(futures, connections)
            raise


def _flash_one(
    bundle: Payload, device: Device, kits: Kits | None, connections: Connections
) -> FlashOutcome:
    started = time.monotonic()
    written, reason = 0, ""
    try:
        written = _written(bundle, device, kits, connections)
    except KdEdgeError as error:
        reason = str(error)
    except Exception as error:
        if os.environ.get("KD_EDGE_DEBUG"):
            raise
        # One device must not stop the others; the message may hold anything.
        reason = f"something unforeseen happened ({type(error).__name__})"
    return FlashOutcome(
        name=device.name,
        target=str(device.target),
        outcome=FAILED if reason else INSTALLED if written else ALREADY_THERE,
        reason=reason,
        bytes=written,
        seconds=round(time.monotonic() - started, 1),
        sha256="" if reason else bundle.sha256,
    )


def _written(bundle: Payload, device: Device, kits: Kits | None, connections: Connections) -> int:
    name, target = device.name, device.target
    if isinstance(target, FolderTarget):
        kit = kits.kit(DEFAULT_PYTHON) if kits else None
        return flash_folder(name, target.path, bundle, kit)
    return flash_over_ssh(name, Remote(target, connections), bundle, kits)


def _stop(futures: Sequence[Future[FlashOutcome]], connections: Connections) -> None:
    for future in futures:
        future.cancel()
    connections.end()
