"""Puts a bundle, and optionally a kit, onto a device reached by ssh."""

from __future__ import annotations

from kd_edge.console.progress import track
from kd_edge.flash.kit.payload import Kits, Payload
from kd_edge.flash.ssh import DeviceError, Remote
from kd_edge.flash.trust import UNCHANGED, Trust


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
    state = remote.ask("state")
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
    with track(name, len(bundle.data) + (len(kit.zipped) if kit else 0)) as tracker:
        if kit is not None:
            state = remote.ask("kit", kit.zipped, tracker)
            written += kit.size
        if state["bundle"] != bundle.sha256:
            how = {"command": state["command"], "allow_older": trust.allow_older}
            state = remote.ask("bundle", bundle.data, tracker, **how)
            written += len(bundle.data)
    if state["bundle"] != bundle.sha256:
        raise DeviceError("its disk returns other data than was written: use another card")
    return written
