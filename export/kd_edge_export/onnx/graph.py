"""Shared by all ONNX graphs: operator set, names, metadata, checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from kd_edge_export.metadata import PRODUCER, VERSION, metadata

# Supported by onnxruntime 1.19, the last version for Python 3.9.
OPSET = 17
IR_VERSION = 8

OUTPUT = "probabilities"


def graph_bytes(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    classes: int,
    constants: Mapping[str, npt.NDArray[Any]],
    item_id: str,
    vectorizer_sha256: str = "",
) -> bytes:
    """A checked ONNX model with one output, `probabilities` [N, classes].

    Args:
        nodes: the graph's nodes, in order.
        inputs: its inputs.
        classes: K.
        constants: initializers by name.
        item_id: the item, for the model's metadata.
        vectorizer_sha256: see `metadata.metadata`.
    """
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", classes])
    initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(list(nodes), "student", list(inputs), [output], initializers)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    set_metadata(model, item_id, vectorizer_sha256)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def set_metadata(model: onnx.ModelProto, item_id: str, vectorizer_sha256: str = "") -> None:
    """Writes the producer and the entries of `metadata.metadata` into a model."""
    model.producer_name, model.producer_version = PRODUCER, VERSION
    helper.set_model_props(model, metadata(item_id, vectorizer_sha256))


def head(weight: str, bias: str, values: str) -> list[onnx.NodeProto]:
    """The last layer: `values` [N, D] times `weight` [K, D], plus `bias`, softmax."""
    return [
        helper.make_node("Gemm", [values, weight, bias], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], [OUTPUT], axis=-1),
    ]
