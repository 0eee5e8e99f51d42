"""Opens bundles that are not installed as this device allows it."""

from __future__ import annotations

from pathlib import Path

from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.signatures.check import check_signature, fingerprint
from kd_edge_runtime.slots.root import default_root


def open_allowed(path: str | Path) -> Bundle:
    """Opens a bundle that is not installed; refuses one that this device's root does not allow.

    Raises:
        InputError, BundleError: see `Bundle`.
        SignatureError: the root has a list of signers, and none of them signed the bundle.
    """
    bundle = Bundle(path)
    try:
        check_signature(bundle, default_root())
    except BaseException:
        bundle.close()
        raise
    return bundle


def signed_by(bundle: Bundle) -> str:
    """Who signed a bundle, for people to read; "" if nobody did.

    The signer's name, where this device has a list of signers; else the keys, which prove nothing
    by themselves.

    Raises:
        SignatureError: the device has a list, and none of its signers signed the bundle.
    """
    name = check_signature(bundle, default_root())
    if name or not bundle.signatures:
        return name
    keys = [fingerprint(bundle.manifest_bytes, one) for one in bundle.signatures]
    good = [key for key in keys if key]
    bad = [] if len(good) == len(keys) else [f"{len(keys) - len(good)} that cannot be checked here"]
    return f"{', '.join([*good, *bad])} (this device has no list of signers to compare with)"
