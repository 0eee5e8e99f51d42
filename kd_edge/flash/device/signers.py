"""A device's list of signers: puts one where there is none, and holds kits to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from kd_edge.flash.device.disk import SIGNATURE, SUMS, Refused, share, sync_folder, write_synced

# As in `kd_edge_runtime.signatures.check`, which no kit can import before it is unpacked.
ALLOWED, REVOKED = "allowed_signers", "revoked_keys"


def put_signers(root: Path, text: bytes) -> None:
    """Gives a device its list of signers.

    Args:
        root: the device's folder, which exists.
        text: the list; b"" for none.

    Raises:
        Refused: it has another one, which only somebody at the device may change.
        OSError: the disk fails.
    """
    place = root / ALLOWED
    if not text or (place.is_file() and place.read_bytes() == text):
        return
    # lexists: what a broken link stands for is not to be replaced either.
    if os.path.lexists(place):
        raise Refused(f"it has another {ALLOWED}: change '{place}' on the device itself")
    new = root / f".{ALLOWED}.new"
    write_synced(new, text)
    new.replace(place)
    share(place)
    sync_folder(root)


def require_signed(kit: dict[str, bytes], root: Path) -> None:
    """Refuses a kit whose list of hashes nobody signed whom the device allows, if it has a list.

    Args:
        kit: from `kit.open_kit`.
        root: the device's folder.

    Raises:
        Refused: with the reason.
    """
    allowed, revoked = root / ALLOWED, root / REVOKED
    if not os.path.lexists(allowed):
        return
    for path in (root, allowed, revoked):
        if os.name == "posix" and path.exists() and path.stat().st_mode & 0o002:
            raise Refused(
                f"anybody may write into '{path}', so that '{allowed}' does not say whom to trust: "
                f"'chmod o-w {path}'"
            )
    if SIGNATURE not in kit:
        raise Refused(f"the kit is not signed, but there is a list '{allowed}': flash with --key")
    without = ["-r", str(revoked)] if os.path.lexists(revoked) else []
    if revoked.is_file():
        # OpenSSH passes over bytes of zero, which a power cut leaves: no key would be revoked.
        keys = revoked.read_bytes()
        if b"\0" in keys and not keys.startswith(b"SSHKRL\n"):
            raise Refused(f"'{revoked}' is damaged: write the list of revoked keys again")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "signature")
        file.write_bytes(kit[SIGNATURE])
        given = ["-f", str(allowed), "-s", str(file)]
        for name in _keygen("find-principals", *given).splitlines():
            if _keygen("verify", *given, "-I", name, "-n", "kd-edge", *without, text=kit[SUMS]):
                return
    raise Refused(f"the kit is not signed by anybody whom '{allowed}' allows")


def _keygen(*words: str, text: bytes = b"") -> str:
    """What `ssh-keygen -Y` says if it agrees, and "" if not."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Refused("this device has no ssh-keygen to check the kit: install openssh-client")
    done = subprocess.run([program, "-Y", *words], input=text, capture_output=True, check=False)  # noqa: S603
    return "" if done.returncode else done.stdout.decode("utf-8", "replace")
