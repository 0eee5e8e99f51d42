"""Which layers of a teacher a student keeps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import index

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


def in_order(layers: Sequence[int]) -> tuple[int, ...]:
    """The numbers of layers, as far as can be told without a teacher; see `check_layers`.

    Raises:
        InputError: they are no whole numbers from 0, or not in ascending order, each once; or there
            are none.
    """
    try:
        numbers = tuple(map(index, layers))
    except TypeError:
        numbers = ()
    if not numbers or numbers[0] < 0 or any(one >= after for one, after in pairwise(numbers)):
        raise InputError(
            f"the layers to keep cannot be {_listed(layers)}: name them by their numbers from 0, "
            "each once and in ascending order, like 1,3,5 (a model reads them in this order)"
        )
    return numbers


def check_layers(layers: Sequence[int], total: int) -> None:
    """Refuses layers that a model of `total` does not have, or that are not in their order.

    Raises:
        InputError: it says which there are.
    """
    absent = [layer for layer in in_order(layers) if layer >= total]
    if absent:
        raise InputError(
            f"there is no layer {', '.join(map(str, absent))}: the teacher has {total} layers, 0 "
            f"to {total - 1}, and those to keep were to be {_listed(layers)} (--layers)"
        )


def _listed(layers: object) -> str:
    return ",".join(map(str, layers)) if isinstance(layers, (tuple, list)) else str(layers)
