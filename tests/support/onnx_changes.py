"""ONNX graphs that are changed by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper, numpy_helper

Change = Callable[[onnx.ModelProto], object]


def changed(change: Change, data: bytes) -> bytes:
    """A graph after one change."""
    model = onnx.load_from_string(data)
    change(model)
    return model.SerializeToString()


def node(operator: str, *names: str, at: int = 0, **attributes: object) -> Change:
    """Adds a node that reads and writes these names, the last of which it writes."""
    made = helper.make_node(operator, names[:-1], names[-1:], **attributes)
    return lambda model: model.graph.node.insert(at, made)


def number(name: str, value: object, kind: type = np.int64) -> Change:
    """Adds a constant."""
    tensor = numpy_helper.from_array(np.array(value, dtype=kind), name)
    return lambda model: model.graph.initializer.append(tensor)
