"""What one client, and all together, may take of the service."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import NamedTuple

# Descriptors that the service itself needs: standard streams, the listener, a bundle being loaded.
_OWN_FILES = 48

# Refused clients that may read why at the same time, while what they send is thrown away.
_REFUSED = 64


class Limits(NamedTuple):
    """Limits of the service.

    Attributes:
        connections: clients connected at a time.
        line_bytes: bytes of a request, without its "\n".
        texts: responses in a request.
        text_chars: characters of a response.
        id_bytes: bytes of a request's id, as JSON.
        line_seconds: from a request's first byte to its end.
        answer_seconds: for a client to take an answer.
        idle_seconds: between an answer and the next request.
        stop_seconds: for the answers that are still due when the service stops.
    """

    connections: int = 256
    line_bytes: int = 1 << 20
    texts: int = 1000
    text_chars: int = 100_000
    id_bytes: int = 1000
    line_seconds: float = 30.0
    answer_seconds: float = 60.0
    idle_seconds: float = 600.0
    stop_seconds: float = 10.0


def served_and_refused(connections: int, open_files: int | None) -> tuple[int, int]:
    """How many clients are served, and how many are told why not, at a time.

    Args:
        connections: as in `Limits`.
        open_files: descriptors that this process may have; None for any number.
    """
    if open_files is None:
        return connections, _REFUSED
    room = max(open_files - _OWN_FILES, 8)
    refused = min(_REFUSED, room // 4)
    return min(connections, room - refused), refused


def open_files() -> int | None:
    """How many descriptors this process may have; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft
