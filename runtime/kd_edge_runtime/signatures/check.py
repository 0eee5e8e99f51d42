"""Checks who signed a bundle, where a device has a list of those who may.

The folder of the installed bundles, the root, may hold

    allowed_signers  names and public keys, as `ssh-keygen` documents it (ALLOWED SIGNERS)
    revoked_keys     keys that no longer count: a KRL, or public keys, one on each line

With the first, nothing is installed or scored that none of its signers has signed.
"""

from __future__ import annotations

import os
from pathlib import Path

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.errors import BundleError, InputError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kd_edge_runtime.bundle.archive import Bundle

ALLOWED, REVOKED = "allowed_signers", "revoked_keys"

_TOOL = "ssh-keygen"
_SECONDS = 30


class SignatureError(BundleError):
    """A bundle is not signed by anybody whom this device allows."""


def check_signature(bundle: Bundle, root: Path) -> str:
    """Refuses a bundle that nobody signed whom a root allows.

    Args:
        bundle: the open bundle.
        root: the folder of the installed bundles.

    Returns:
        The signer's name; "" if the root has no list of signers, so that anything is allowed.

    Raises:
        SignatureError: the bundle is not signed, not by an allowed signer, or by a key that is
            revoked or expired; or this device has no `ssh-keygen`, so that nobody can know.
        InputError: the list cannot be read.
    """
    allowed = root / ALLOWED
    # lexists: a link that leads nowhere must not switch the check off.
    if not os.path.lexists(allowed):
        return ""
    _refuse_open(root, allowed)
    if not bundle.signatures:
        raise SignatureError(
            f"{bundle.path}: not signed, but '{allowed}' says that only signed bundles are used "
            "here: sign it with 'kd-edge sign', or ask who sent it"
        )
    return signer_of(bundle.manifest_bytes, bundle.signatures, root, str(bundle.path))


def signer_of(message: bytes, signatures: Sequence[bytes], root: Path, what: str) -> str:
    """The name of the allowed signer of a message.

    Args:
        message: what was signed.
        signatures: armored, of which one that counts is enough.
        root: the folder with the lists.
        what: the file, for errors.

    Raises:
        SignatureError, InputError: see `check_signature`.
    """
    from kd_edge_runtime.signatures.armor import NAMESPACE

    allowed, revoked = root / ALLOWED, root / REVOKED
    _readable(allowed)
    without: list[str] = []
    if os.path.lexists(revoked):
        keys = _readable(revoked)
        # OpenSSH passes over bytes of zero, which a power cut leaves: no key would be revoked.
        if b"\0" in keys and not keys.startswith(b"SSHKRL\n"):
            raise InputError(f"'{revoked}' is damaged: write the list of revoked keys again")
        without = ["-r", str(revoked)]
    reason = ""
    for signature in signatures:
        names, reason = _keygen(
            ["find-principals", "-f", str(allowed)], signature, b"", reason, what
        )
        for name in names.splitlines():
            verify = ["verify", "-f", str(allowed), "-I", name, "-n", NAMESPACE]
            if _keygen([*verify, *without], signature, message, "", what)[0]:
                return printable(name)
            # Only its exit code says that a key is revoked.
            if without and _keygen(verify, signature, message, "", what)[0]:
                reason = f"'{revoked}' revokes the key of '{printable(name)}', or is damaged"
    raise SignatureError(
        f"{what}: not signed by anybody whom '{allowed}' allows"
        + (f" ({reason})" if reason else "")
        + ": ask who sent it, or sign it with a key on that list"
    )


def fingerprint(message: bytes, signature: bytes) -> str:
    """The key of a signature, whoever's it is, such as "ED25519 key SHA256:..."; "" if unknown.

    It says nothing about trust: anybody can sign with a key of their own.
    """
    from kd_edge_runtime.signatures.armor import NAMESPACE

    try:
        answer, _ = _keygen(["check-novalidate", "-n", NAMESPACE], signature, message, "", "")
    except SignatureError:
        return ""
    return printable(answer.strip().partition(" signature with ")[2])


def _keygen(
    words: list[str], signature: bytes, message: bytes, reason: str, what: str
) -> tuple[str, str]:
    """What `ssh-keygen -Y` says if it agrees, "" if not; and why it does not, or the old reason."""
    import shutil
    import subprocess
    import tempfile

    tool = shutil.which(_TOOL)
    if tool is None:
        raise SignatureError(
            f"{what}: its signature cannot be checked, as this device has no {_TOOL}: install "
            "OpenSSH's client (Debian's openssh-client)"
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "signature")
        file.write_bytes(signature)
        try:
            done = subprocess.run(  # noqa: S603
                [tool, "-Y", *words, "-s", str(file)],
                input=message,
                capture_output=True,
                timeout=_SECONDS,
                env={**os.environ, "LC_ALL": "C"},
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return "", f"{_TOOL} does not work here"
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace"), reason
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines()]
    cause = next((line for line in lines if "expired" in line or "not yet valid" in line), "")
    return "", printable(cause) or reason


def _refuse_open(root: Path, allowed: Path) -> None:
    """Refuses a list that anybody may change: it says nothing about who may sign, as for ssh."""
    if os.name != "posix":  # there the mode says nothing
        return
    for path in (root, allowed, root / REVOKED):
        try:
            mode = path.stat().st_mode
        except OSError:  # met where it is read
            continue
        if mode & 0o002:
            raise SignatureError(
                f"anybody may write into '{path}', so that '{allowed}' does not say whom to trust: "
                f"'chmod o-w {path}', or mount its disk without write access for all"
            )


def _readable(path: Path) -> bytes:
    from kd_edge_runtime.errors import read_error

    # A pipe is not opened: it would wait for whoever writes into it.
    if path.exists() and not path.is_file():
        raise InputError(f"'{path}' is not a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise read_error(path, error) from None
