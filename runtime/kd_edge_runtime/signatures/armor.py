"""Where a bundle keeps its signatures: in the comment of its zip, as OpenSSH writes them."""

from __future__ import annotations

import re

NAMESPACE = "kd-edge"
"""What OpenSSH signs for: a signature for mail or git is none of a bundle."""

MOST = 16
"""So many signatures of a bundle are looked at, the last that were added."""

_BLOCK = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\n(?:[A-Za-z0-9+/=]{1,76}\n){1,400}"
    rb"-----END SSH SIGNATURE-----\n"
)
_LONGEST = 0xFFFF


def signatures_in(comment: bytes) -> list[bytes]:
    """The signatures in a zip's comment, each armored as `ssh-keygen -Y sign` writes it.

    Args:
        comment: the comment; whatever else it holds is passed over.
    """
    return _BLOCK.findall(comment)[-MOST:]


def comment_of(signatures: list[bytes]) -> bytes:
    """A zip's comment with signatures: the last `MOST`, and fewer if these do not fit.

    Raises:
        ValueError: one of them is not as OpenSSH writes it, or does not fit alone.
    """
    kept = signatures[-MOST:]
    while sum(map(len, kept)) > _LONGEST and len(kept) > 1:
        kept = kept[1:]
    comment = b"".join(kept)
    if len(comment) > _LONGEST or signatures_in(comment) != kept:
        raise ValueError("not a signature of OpenSSH")
    return comment
