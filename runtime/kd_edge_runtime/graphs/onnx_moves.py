"""The shapes of operators that pick, join and rearrange numbers; see `onnx_shapes`."""

from __future__ import annotations

from math import prod

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.graphs.limits import MAX_TENSOR
from kd_edge_runtime.graphs.onnx_model import Constant
from kd_edge_runtime.graphs.onnx_reading import FOLLOWED, Reading, Value, broadcast, spread

if TYPE_CHECKING:
    from typing import Callable


def _gather(reading: Reading) -> list[Value]:
    source, places = reading.value(0), reading.value(1)
    axis = reading.axis(reading.number("axis", 0), len(source.shape))
    ints = None
    if source.ints is not None and len(source.shape) == 1 and places.ints is not None:
        size = len(source.ints)
        if any(not -size <= place < size for place in places.ints):
            raise reading.wrong()
        ints = tuple(source.ints[place] for place in places.ints)
    return [Value((*source.shape[:axis], *places.shape, *source.shape[axis + 1 :]), ints)]


def _gather_elements(reading: Reading) -> list[Value]:
    source, places = reading.shape(0), reading.shape(1)
    axis = reading.axis(reading.number("axis", 0), len(source))
    if len(source) != len(places) or any(
        one > other for at, (one, other) in enumerate(zip(places, source)) if at != axis
    ):
        raise reading.wrong()
    return [Value(places)]


def _gather_nd(reading: Reading) -> list[Value]:
    source, places = reading.shape(0), reading.shape(1)
    shared = reading.number("batch_dims", 0)
    if not places or not 0 <= shared < min(len(source), len(places)):
        raise reading.wrong()
    depth = places[-1]
    if places[:shared] != source[:shared] or not 1 <= depth <= len(source) - shared:
        raise reading.wrong()
    return [Value((*places[:-1], *source[shared + depth :]))]


def _shape(reading: Reading) -> list[Value]:
    shape = reading.shape()
    sizes = shape[reading.number("start", 0) : reading.number("end", len(shape))]
    return [Value((len(sizes),), sizes)]


def _slice(reading: Reading) -> list[Value]:
    source = reading.value(0)
    starts, ends = reading.sizes(1), reading.sizes(2)
    axes = reading.sizes(3) if reading.has(3) else tuple(range(len(starts)))
    steps = reading.sizes(4) if reading.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise reading.wrong()
    shape, ints = list(source.shape), source.ints
    for start, end, axis, step in zip(starts, ends, axes, steps):
        at = reading.axis(axis, len(shape))
        size = shape[at]
        places = range(size)[_bounds(start, end, step, size)]
        shape[at] = len(places)
        ints = tuple(ints[place] for place in places) if ints and len(shape) == 1 else None
    return [Value(tuple(shape), ints)]


def _bounds(start: int, end: int, step: int, size: int) -> slice:
    """The slice; one that runs backwards to before the first has no end in Python."""
    if step < 0 and end < -size:
        return slice(start, None, step)
    return slice(start, end, step)


def _concat(reading: Reading) -> list[Value]:
    values = [reading.value(at) for at in range(len(reading.inputs))]
    shape = list(values[0].shape)
    axis = reading.axis(reading.number("axis", 0), len(shape))
    for value in values[1:]:
        other = list(value.shape)
        if len(other) != len(shape) or [*other[:axis], *other[axis + 1 :]] != [
            *shape[:axis],
            *shape[axis + 1 :],
        ]:
            raise reading.wrong()
        shape[axis] += other[axis]
    ints: tuple[int, ...] | None = ()
    for value in values:
        ints = None if ints is None or value.ints is None else ints + value.ints
    return [Value(tuple(shape), ints if len(shape) == 1 else None)]


def _split(reading: Reading) -> list[Value]:
    shape, parts = reading.shape(), len(reading.node.outputs)
    axis = reading.axis(reading.number("axis", 0), len(shape))
    sizes = reading.numbers("split", 1)
    if sizes is None:
        size = -(-shape[axis] // parts)
        sizes = (size,) * (parts - 1) + (shape[axis] - size * (parts - 1),)
    if len(sizes) != parts or sum(sizes) != shape[axis] or min(sizes) < 0:
        raise reading.wrong()
    return [Value((*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]


def _reshape(reading: Reading) -> list[Value]:
    source, sizes = reading.value(0), list(reading.sizes(1))
    if not reading.number("allowzero", 0):
        for at, size in enumerate(sizes):
            if size == 0:
                if at >= len(source.shape):
                    raise reading.wrong()
                sizes[at] = source.shape[at]
    if sizes.count(-1) == 1:
        others = -prod(sizes)
        if not others or prod(source.shape) % others:
            raise reading.wrong()
        sizes[sizes.index(-1)] = prod(source.shape) // others
    if any(size < 0 for size in sizes) or prod(sizes) != prod(source.shape):
        raise reading.wrong()
    return [Value(tuple(sizes), source.ints)]


def _transpose(reading: Reading) -> list[Value]:
    shape = reading.shape()
    order = reading.numbers("perm", len(reading.inputs))
    order = tuple(range(len(shape)))[::-1] if order is None else order
    if sorted(order) != [*range(len(shape))]:
        raise reading.wrong()
    return [Value(tuple(shape[at] for at in order))]


def _unsqueeze(reading: Reading) -> list[Value]:
    source, axes = reading.value(0), reading.numbers("axes", 1) or ()
    rank = len(source.shape) + len(axes)
    new = {reading.axis(axis, rank) for axis in axes}
    if len(new) != len(axes):
        raise reading.wrong()
    left = iter(source.shape)
    return [Value(tuple(1 if at in new else next(left) for at in range(rank)), source.ints)]


def _squeeze(reading: Reading) -> list[Value]:
    source, axes = reading.value(0), reading.numbers("axes", 1)
    shape = source.shape
    gone = (
        {at for at, size in enumerate(shape) if size == 1}
        if axes is None
        else {reading.axis(axis, len(shape)) for axis in axes}
    )
    if any(shape[at] != 1 for at in gone):
        raise reading.wrong()
    return [Value(tuple(size for at, size in enumerate(shape) if at not in gone), source.ints)]


def _expand(reading: Reading) -> list[Value]:
    source, sizes = reading.value(0), reading.sizes(1)
    if any(size < 0 for size in sizes):
        raise reading.wrong()
    shape = broadcast(reading, source.shape, sizes)
    ints = None if source.ints is None else spread(source.ints, prod(shape))
    return [Value(shape, ints)]


def _tile(reading: Reading) -> list[Value]:
    shape, times = reading.shape(), reading.sizes(1)
    if len(times) != len(shape) or any(one < 0 for one in times):
        raise reading.wrong()
    return [Value(tuple(size * one for size, one in zip(shape, times)))]


def _range(reading: Reading) -> list[Value]:
    bounds = [reading.sizes(at) for at in range(3)]
    if [len(one) for one in bounds] != [1, 1, 1] or not bounds[2][0]:
        raise reading.wrong()
    numbers = range(bounds[0][0], bounds[1][0], bounds[2][0])
    if len(numbers) > MAX_TENSOR:
        raise reading.wrong()
    return [Value((len(numbers),), tuple(numbers) if len(numbers) <= FOLLOWED else None)]


def _filled(reading: Reading) -> list[Value]:
    """ConstantOfShape."""
    shape, value = reading.sizes(0), reading.node.attributes.get("value")
    if any(size < 0 for size in shape):
        raise reading.wrong()
    ints = value.ints if isinstance(value, Constant) else None
    return [Value(shape, spread(ints, prod(shape)) if ints else None)]


def _constant(reading: Reading) -> list[Value]:
    value = reading.node.attributes.get("value")
    if not isinstance(value, Constant) or reading.inputs:
        raise reading.wrong()
    return [Value(value.shape, value.ints)]


MOVES: dict[str, Callable[[Reading], list[Value]]] = {
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Range": _range,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""A rule for each of these operators."""
