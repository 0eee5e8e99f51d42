"""What was chosen and why, and what the next larger limit would buy, in sentences."""

from __future__ import annotations

from kd_edge.size_search.search import Sized
from kd_edge.size_search.tried import Limits, Tried, Untrained


def reasons(sized: Sized, limits: Limits) -> str:
    """Two sentences, or three where transformers were not trained."""
    parts = [_chosen(sized, limits), _more(sized, limits)]
    if sized.untrained:
        parts.append(_untrained(min(sized.untrained, key=lambda one: one.bytes), limits))
    return " ".join(parts)


def _chosen(sized: Sized, limits: Limits) -> str:
    chosen = sized.chosen
    within = [size for size in sized.tried if size.fits]
    text = (
        f"Chosen: a {chosen.name}, {_cost(chosen)}. Its QWK on held-out responses, "
        f"{chosen.qwk:.3f}, "
    )
    if len(within) == 1:
        return f"{text}is that of the only one tried that is within {limits}."
    others = [size for size in within if _kind(size) != _kind(chosen)]
    text += f"is the highest of the {len(within)} tried that are within {limits}"
    if not others:
        return f"{text}."
    other = max(others, key=lambda size: size.qwk)
    return f"{text} (a {other.name}: {other.qwk:.3f})."


def _more(sized: Sized, limits: Limits) -> str:
    """What the nearest larger limit would buy, of what was trained."""
    chosen = sized.chosen
    better = [size for size in sized.tried if not size.fits and size.qwk > chosen.qwk]
    if not better:
        return "Nothing that was tried beyond the limits is better."
    # By the limit that is to be raised: that of time where the bytes would do.
    slow = [size for size in better if limits.within_bytes(size.bytes)]
    nearest = min(slow, key=lambda size: size.ms) if slow else min(better, key=lambda s: s.bytes)
    return f"With {_cost(nearest)}, a {nearest.name} would have {nearest.qwk:.3f}."


def _untrained(least: Untrained, limits: Limits) -> str:
    if limits.within_bytes(least.bytes) and least.ms is not None:
        return f"A {least.name} takes {least.ms:.3g} ms a response, and was not trained."
    size = f"{'at least' if least.ms is None else 'about'} {least.bytes:,} bytes"
    return f"A {least.name} takes {size}, and was not trained."


def _cost(size: Tried) -> str:
    return f"{size.bytes:,} bytes and {size.ms:.3g} ms a response"


def _kind(size: Tried) -> tuple[str, tuple[int, ...]]:
    return size.student, size.layers
