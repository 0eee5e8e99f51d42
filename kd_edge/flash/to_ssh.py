"""Puts a bundle, and optionally a kit, onto a device reached by ssh."""

from __future__ import annotations

import re
from typing import Any

from kd_edge.console.progress import track
from kd_edge.flash.kit.payload import Kits, Payload
from kd_edge.flash.ssh import DeviceError, Remote
from kd_edge.flash.trust import UNCHANGED, Trust
from kd_edge_runtime.errors import printable


def flash_over_ssh(
    name: str, remote: Remote, bundle: Payload, kits: Kits | None, trust: Trust = UNCHANGED
) -> int:
    """Switches a device to a bundle once the device has tested it, and reads it back.

    Files that are there and intact are not sent again. Whenever power or connection fail, the
    device scores with either the old or the new bundle.

    Args:
        name: the device's name.
        remote: the device.
        bundle: the bundle.
        kits: the kits with the runtime; None if the device has one.
        trust: what the device is to trust.

    Returns:
        The number of bytes sent to be written.

    Raises:
        KdEdgeError: the device cannot be reached or refuses, or the kit does not fit it.
    """
    if trust.signers:
        remote.ask("signers", signers=trust.signers.decode("utf-8"))
    state = _checked(remote.ask("state"), *_TEXTS, "bits", "command")
    kit = None
    if kits is not None:
        kit = kits.kit_for(state["python"], state["machine"], state["bits"])
        if state["kit"] == f"{kit.id}-{state['tag']}":
            kit = None
    if kit is None and not state["command"]:
        raise DeviceError("it has no kd-edge that can install bundles: use --with-runtime")
    if kit is None and state["bundle"] == bundle.sha256:
        return 0
    written = 0
    older = {"allow_older": trust.allow_older}
    with track(name, len(bundle.data) + (len(kit.zipped) if kit else 0)) as tracker:
        if kit is not None:
            state = {**state, **_checked(remote.ask("kit", kit.zipped, tracker, **older))}
            written += kit.size
        if state["bundle"] != bundle.sha256:
            how = {"command": state["command"], **older}
            state = _checked(remote.ask("bundle", bundle.data, tracker, **how), "bundle")
            written += len(bundle.data)
    if state["bundle"] != bundle.sha256:
        raise DeviceError("its disk returns other data than was written: use another card")
    return written


# The fields of a reply: text has to be of this form, and there is no other field.
_TEXTS = {
    "python": re.compile(r"[0-9]{1,3}\.[0-9]{1,3}"),
    "machine": re.compile(r"[\w.-]{0,64}", re.ASCII),
    "tag": re.compile(r"[\w.+-]{0,64}", re.ASCII),
    "kit": re.compile(r"[\w.+-]{0,128}", re.ASCII),
    "bundle": re.compile(r"(?:[0-9a-f]{64})?"),
}


def _checked(reply: dict[str, Any], *needed: str) -> dict[str, Any]:
    """A reply as kd-edge gives it: the workshop chooses packages by what a device says."""
    for name, value in reply.items():
        if name in _TEXTS:
            right = isinstance(value, str) and _TEXTS[name].fullmatch(value) is not None
        elif name == "bits":
            right = value in (32, 64)
        elif name == "command":
            right = isinstance(value, list) and all(isinstance(word, str) for word in value)
        else:
            right = False
        if not right:
            raise DeviceError(f"its answer is not one of kd-edge ('{printable(name)[:40]}')")
    if missing := set(needed) - set(reply):
        raise DeviceError(f"its answer is not one of kd-edge (it has no '{min(missing)}')")
    return reply
