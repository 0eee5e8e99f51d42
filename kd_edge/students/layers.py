"""Which layers of a teacher a student keeps."""

from __future__ import annotations

from collections.abc import Sequence

from kd_edge_runtime.errors import InputError


def usual_layers(total: int) -> tuple[int, ...]:
    """The layers that are kept by default, of so many: the first and the last.

    A third one would take half as long again; what two layers give is in `benchmarks/README.md`.
    """
    return spread_layers(total, 2)


def spread_layers(total: int, count: int) -> tuple[int, ...]:
    """So many layers of `total`, evenly from the first to the last; fewer where there are fewer."""
    kept = min(count, total)
    return tuple(at * (total - 1) // max(1, kept - 1) for at in range(kept))


def check_layers(layers: Sequence[int], total: int) -> None:
    """Refuses layers that a model of `total` does not have, or that are not in their order."""
    numbers = f"the teacher has {total} layers, 0 to {total - 1}"
    if not layers or [*layers] != sorted({*layers}):
        raise InputError(f"layers must be named once each and in ascending order: {numbers}")
    absent = [layer for layer in layers if not 0 <= layer < total]
    if absent:
        raise InputError(f"there is no layer {', '.join(map(str, absent))}: {numbers}")
