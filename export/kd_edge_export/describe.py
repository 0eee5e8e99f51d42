"""Describes ONNX and TFLite graphs for `kd-edge inspect`.

The runtime has no parser for either: it finds these functions through the entry point group
`kd_edge.describe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import onnx
from onnx import helper, numpy_helper

from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.describe import Graph, Tensor

# An ONNX file may also write it as an empty name.
_ONNX_DOMAIN = "ai.onnx"

# Shown for an axis of any length that has no name.
_OPEN = "N"


def onnx_graph(data: bytes) -> Graph:
    """Describes an ONNX model.

    Args:
        data: the file.

    Raises:
        BundleError: it is no such model, or damaged.
    """
    try:
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model)
        return _onnx(model)
    except Exception as error:  # protobuf and ONNX have no common base class
        why = " ".join(str(error).split())[:200]
        raise BundleError(f"not an ONNX graph, or damaged ({why})") from None


def tflite_graph(data: bytes) -> Graph:
    """Describes a TFLite model.

    Args:
        data: the file.

    Raises:
        BundleError: it is no such model, or damaged.
        BackendError: the schema, which comes with ai-edge-litert, is not installed.
    """
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ModuleNotFoundError:
        raise BackendError("this needs ai-edge-litert: pip install ai-edge-litert") from None
    except Exception as error:  # a half-installed one may raise anything
        why = f"{type(error).__name__}: {error}"[:300]
        raise BackendError(f"ai-edge-litert does not work here ({why})") from None
    try:
        if schema.Model.ModelBufferHasIdentifier(data, 0):
            return _tflite(schema, schema.ModelT.InitFromPackedBuf(data))
    except Exception:  # noqa: S110 - a damaged offset can raise any error
        pass
    raise BundleError("not a TFLite graph, or damaged")


def _onnx(model: onnx.ModelProto) -> Graph:
    graph = model.graph
    sets = {_domain(opset.domain): opset.version for opset in model.opset_import}
    return Graph(
        versions={
            **_producer(f"{model.producer_name} {model.producer_version}"),
            "IR": model.ir_version,
            **{domain or _ONNX_DOMAIN: version for domain, version in sets.items()},
        },
        tensors=(
            *(_onnx_value(value, "input") for value in graph.input),
            *map(_onnx_constant, graph.initializer),
            *(_onnx_value(value, "output") for value in graph.output),
        ),
        operators=dict(_onnx_operator(node, sets) for node in graph.node),
        metadata={entry.key: entry.value for entry in model.metadata_props},
    )


def _onnx_value(value: onnx.ValueInfoProto, role: str) -> Tensor:
    kind = value.type.tensor_type
    shape = [
        axis.dim_value if axis.HasField("dim_value") else axis.dim_param or _OPEN
        for axis in kind.shape.dim
    ]
    return Tensor(value.name, _onnx_type(kind.elem_type), tuple(shape), role=role)


def _onnx_constant(tensor: onnx.TensorProto) -> Tensor:
    size = numpy_helper.to_array(tensor).nbytes
    return Tensor(tensor.name, _onnx_type(tensor.data_type), tuple(tensor.dims), size)


def _onnx_type(number: int) -> str:
    return str(helper.tensor_dtype_to_np_dtype(number).name)


def _onnx_operator(node: onnx.NodeProto, sets: Mapping[str, int]) -> tuple[str, int]:
    """An operator's name, and its version in the graph's set of operators."""
    domain = _domain(node.domain)
    version = sets[domain]
    with suppress(onnx.defs.SchemaError):  # ONNX Runtime's own operators have none
        version = onnx.defs.get_schema(node.op_type, version, domain).since_version
    return f"{domain}.{node.op_type}".lstrip("."), version


def _domain(name: str) -> str:
    return "" if name == _ONNX_DOMAIN else name


def _tflite(schema: Any, model: Any) -> Graph:
    main = model.subgraphs[0]
    tensors = [_tflite_tensor(schema, model, tensor) for tensor in main.tensors]
    return Graph(
        versions={**_producer(_text(model.description)), "schema": model.version},
        tensors=(
            *(replace(tensors[at], role="input") for at in main.inputs),
            *(tensor for tensor in tensors if tensor.bytes),
            *(replace(tensors[at], role="output") for at in main.outputs),
        ),
        operators=_tflite_operators(schema, model),
        metadata=dict(_tflite_metadata(model)),
    )


def _tflite_tensor(schema: Any, model: Any, tensor: Any) -> Tensor:
    # The signature has -1 for an axis of any length; the shape has its initial length.
    axes = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
    shape = [] if axes is None else [int(axis) if axis >= 0 else _OPEN for axis in axes]
    data = model.buffers[tensor.buffer].data
    return Tensor(
        _text(tensor.name),
        _name(schema.TensorType, tensor.type).lower(),
        tuple(shape),
        0 if data is None else len(data),
    )


def _tflite_operators(schema: Any, model: Any) -> dict[str, int]:
    """The highest version of each operator: what an interpreter must support."""
    versions: dict[str, int] = {}
    for code in model.operatorCodes:
        # Older files have the code in a field that holds up to 127.
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        name = _text(code.customCode) or _name(schema.BuiltinOperator, builtin)
        versions[name] = max(code.version, versions.get(name, 0))
    return versions


def _tflite_metadata(model: Any) -> Iterator[tuple[str, str]]:
    for signature in model.signatureDefs or ():
        yield "signature", _text(signature.signatureKey)
    for entry in model.metadata or ():
        data = model.buffers[entry.buffer].data
        # Some writers pad texts with zeros.
        yield _text(entry.name), "" if data is None else _text(bytes(data)).rstrip("\0")


def _producer(name: str) -> dict[str, str]:
    return {"producer": name.strip()} if name.strip() else {}


def _name(kinds: type, number: int) -> str:
    return next(name for name, value in vars(kinds).items() if value == number)


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
