"""Signs bundles and kits' lists of hashes by OpenSSH, whose keys, agents and tokens it uses."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError, missing_file, printable, read_error
from kd_edge_runtime.files import atomic_write
from kd_edge_runtime.signatures.armor import NAMESPACE, comment_of, signatures_in
from kd_edge_runtime.signatures.check import fingerprint


@dataclass(frozen=True)
class Signed:
    """A bundle after it was signed.

    Attributes:
        bundle: its file.
        key: the key that signed, such as "ED25519 key SHA256:...".
        signatures: how many signatures it has now.
        allowed: a line for a device's `allowed_signers`, with NAME for the signer's; "" where the
            public key does not lie beside the key.
    """

    bundle: Path
    key: str
    signatures: int
    allowed: str


def sign_bundle(bundle: Path, key: Path, output: Path | None = None) -> Signed:
    """Adds a signature to a bundle: over its manifest's bytes, which hold the hashes of all else.

    The signatures that it has stay, so that a new key can be brought in before an old one goes.

    Args:
        bundle: the bundle.
        key: a private key, or a public one whose private key an agent or a token holds.
        output: where the signed bundle goes; None for in place of the unsigned one.

    Raises:
        InputError: a file cannot be read or written, or `ssh-keygen` did not sign.
        BundleError: the bundle is damaged.
    """
    with Bundle(bundle) as opened:
        opened.check()
        message, before = opened.manifest_bytes, opened.signatures
    signature = sign(message, key)
    kept = [one for one in before if one != signature]
    data = _commented(bundle.read_bytes(), [*kept, signature])
    with atomic_write(output or bundle, binary=True) as file:
        file.write(data)
    return Signed(
        output or bundle, fingerprint(message, signature), len(kept) + 1, allowed_line(key)
    )


def sign(message: bytes, key: Path) -> bytes:
    """The armored signature of a message. A passphrase is asked for on the terminal.

    Raises:
        InputError: there is no such key, or `ssh-keygen` is not here or did not sign.
    """
    if not key.exists():
        raise missing_file(key, "key", "name one that 'ssh-keygen -t ed25519' wrote")
    tool = shutil.which("ssh-keygen")
    if tool is None:
        raise InputError(
            "signing needs ssh-keygen, which is not installed here: install OpenSSH's client"
        )
    done = subprocess.run(  # noqa: S603
        [tool, "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)],
        input=message,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    if done.returncode or signatures_in(done.stdout) != [done.stdout]:
        raise InputError(_why(key, done.stderr.decode("utf-8", "replace")))
    return done.stdout


def _why(key: Path, told: str) -> str:
    """Why a key does not sign, in words, from what `ssh-keygen` wrote."""
    shown = printable(key)
    if "incorrect passphrase" in told:
        if _terminal():
            return f"'{shown}' cannot sign: that is not its passphrase"
        return (
            f"'{shown}' cannot sign: it has a passphrase, and there is no terminal to ask for it. "
            f"Load it into an agent ('ssh-add {shown}') and name its public key, '{shown}.pub'"
        )
    why = told.strip().splitlines()
    return (
        f"'{shown}' cannot sign: {why[-1].rstrip('.') if why else 'ssh-keygen did not say why'}. "
        "Name a private key of OpenSSH, or the public key of one in your agent"
    )


def _terminal() -> bool:
    """Whether a person can be asked: `ssh-keygen` asks on the terminal, whatever stdin is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def allowed_line(key: Path) -> str:
    """A key's line for `allowed_signers`, with NAME for the signer's name; "" without its .pub."""
    public = key if key.suffix == ".pub" else key.with_name(key.name + ".pub")
    try:
        words = public.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise read_error(public, error) from None
    except ValueError:
        return ""
    return f'NAME namespaces="{NAMESPACE}" {" ".join(words[:2])}' if len(words) > 1 else ""


def _commented(data: bytes, signatures: list[bytes]) -> bytes:
    """A zip with other signatures in its comment, and else byte for byte as it was."""
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = comment_of(signatures)
    return file.getvalue()
