"""What is in an ONNX or TFLite graph, for `kd-edge inspect` to show.

The runtime, which has no parser for either, finds these functions by the entry point group
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

# An ONNX file may write it as the empty name.
_ONNX_DOMAIN = "ai.onnx"

# An axis that takes any length and has no name of its own.
_OPEN = "N"


def onnx_graph(data: bytes) -> Graph:
    """Describes an ONNX model.

    Args:
        data: the file.

    Raises:
        BundleError: it is damaged.
    """
    try:
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model)
        return _onnx(model)
    except Exception as error:  # those of protobuf and of ONNX have no common base
        why = " ".join(str(error).split())[:200]
        raise BundleError(f"no ONNX graph, or damaged ({why})") from None


def tflite_graph(data: bytes) -> Graph:
    """Describes a TFLite model.

    Args:
        data: the file.

    Raises:
        BundleError: it is damaged.
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
    except Exception:  # noqa: S110 - flatbuffers reads whatever an offset points to
        pass
    raise BundleError("no TFLite graph, or damaged")


def _onnx(model: onnx.ModelProto) -> Graph:
    graph = model.graph
    sets = {_domain(one.domain): one.version for one in model.opset_import}
    return Graph(
        versions={
            **_producer(f"{model.producer_name} {model.producer_version}"),
            "IR": model.ir_version,
            **{domain or _ONNX_DOMAIN: version for domain, version in sets.items()},
        },
        tensors=(
            *(_onnx_value(one, "input") for one in graph.input),
            *map(_onnx_constant, graph.initializer),
            *(_onnx_value(one, "output") for one in graph.output),
        ),
        operators=dict(_onnx_operator(node, sets) for node in graph.node),
        metadata={one.key: one.value for one in model.metadata_props},
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
    """An operator's name, and the version of it that the graph's set of operators holds."""
    domain = _domain(node.domain)
    version = sets[domain]
    with suppress(onnx.defs.SchemaError):  # ONNX Runtime's own: their set is all there is to say
        version = onnx.defs.get_schema(node.op_type, version, domain).since_version
    return f"{domain}.{node.op_type}".lstrip("."), version


def _domain(name: str) -> str:
    return "" if name == _ONNX_DOMAIN else name


def _tflite(schema: Any, model: Any) -> Graph:
    main = model.subgraphs[0]
    found = [_tflite_tensor(schema, model, one) for one in main.tensors]
    return Graph(
        versions={**_producer(_text(model.description)), "schema": model.version},
        tensors=(
            *(replace(found[at], role="input") for at in main.inputs),
            *(one for one in found if one.bytes),
            *(replace(found[at], role="output") for at in main.outputs),
        ),
        operators=_tflite_operators(schema, model),
        metadata=dict(_tflite_metadata(model)),
    )


def _tflite_tensor(schema: Any, model: Any, tensor: Any) -> Tensor:
    # The signature has -1 for an open axis, where the shape has what it starts with.
    known = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
    shape = [] if known is None else [int(axis) if axis >= 0 else _OPEN for axis in known]
    data = model.buffers[tensor.buffer].data
    return Tensor(
        _text(tensor.name),
        _name(schema.TensorType, tensor.type).lower(),
        tuple(shape),
        0 if data is None else len(data),
    )


def _tflite_operators(schema: Any, model: Any) -> dict[str, int]:
    """The highest version of each operator, which is what an interpreter has to have."""
    versions: dict[str, int] = {}
    for code in model.operatorCodes:
        # Older files have their code in a field that holds no more than 127.
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        name = _text(code.customCode) or _name(schema.BuiltinOperator, builtin)
        versions[name] = max(code.version, versions.get(name, 0))
    return versions


def _tflite_metadata(model: Any) -> Iterator[tuple[str, str]]:
    for signature in model.signatureDefs or ():
        yield "signature", _text(signature.signatureKey)
    for one in model.metadata or ():
        data = model.buffers[one.buffer].data
        # Some writers fill a text up with zeros.
        yield _text(one.name), "" if data is None else _text(bytes(data)).rstrip("\0")


def _producer(name: str) -> dict[str, str]:
    return {"producer": name.strip()} if name.strip() else {}


def _name(kinds: type, number: int) -> str:
    return next(name for name, value in vars(kinds).items() if value == number)


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
