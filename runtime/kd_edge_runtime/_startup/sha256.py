"""SHA-256 as Python itself has it: hashlib loads OpenSSL, at a tenth of what a score costs."""

from __future__ import annotations

from kd_edge_runtime._startup.dataclass import TYPE_CHECKING

__all__ = ["sha256"]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256
