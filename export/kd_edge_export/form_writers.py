"""The forms in which a bundle holds the networks of each kind of student, and their writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kd_edge_export.onnx import bag as onnx_bag
from kd_edge_export.onnx.fuse import fused
from kd_edge_export.onnx.int8_static import Feed, static_products
from kd_edge_export.onnx.weights import fp16_weights, int8_weights
from kd_edge_export.tflite import bag as tflite_bag
from kd_edge_runtime.students import bag

Forms = Mapping[str, tuple[str, bytes]]


class Form(NamedTuple):
    """A form of a kind of student.

    Attributes:
        file: the name of its member in a bundle.
        write: returns its bytes; takes the source of all forms of the kind (a quantized table or
            a float graph), the item's id and the sha256 of the vectorizer.
        exact: whether it holds exactly the numbers that PyTorch computes with.
        default: whether it is written when no form is named.
        sampled: whether it is written otherwise, faster but less close to PyTorch, if a sample of
            responses is given.
    """

    file: str
    write: Callable[[Any, str, str], bytes]
    exact: bool = False
    default: bool = False
    sampled: bool = False


# One line for each form; the source is a quantized table (`BagWeights`).
BAG: Mapping[str, Form] = {
    bag.FORM: Form("bag.int8", lambda weights, *_: weights.to_bytes(), exact=True, default=True),
    "onnx-int8": Form("int8.onnx", onnx_bag.onnx_int8, exact=True, default=True),
    "tflite-int8": Form("int8.tflite", tflite_bag.tflite_int8, exact=True, default=True),
    # The same numbers in four times the bytes.
    "onnx-fp32": Form("fp32.onnx", onnx_bag.onnx_fp32, exact=True),
    "tflite-fp32": Form("fp32.tflite", tflite_bag.tflite_fp32, exact=True),
}


class TokenGraph(NamedTuple):
    """What the forms of a network that reads tokens are made from.

    Attributes:
        fp32: the graph in floats.
        feeds: inputs of a sample of responses, to set the scales of products in 8 bits by;
            with fewer than `LEAST_FEEDS`, products are computed in floats.
    """

    fp32: bytes
    feeds: Sequence[Feed] = ()


LEAST_FEEDS = 32

# One line for each form; the source is a `TokenGraph`. Only weights are in 8 bits, not products.
TOKEN: Mapping[str, Form] = {
    "onnx-int8": Form("int8.onnx", lambda graph, *_: int8_weights(graph.fp32), default=True),
    # For students for which 8 bits are not enough.
    "onnx-fp16": Form("fp16.onnx", lambda graph, *_: fp16_weights(graph.fp32)),
    "onnx-fp32": Form("fp32.onnx", lambda graph, *_: graph.fp32, exact=True),
}


def _int8_products(graph: TokenGraph, *_: str) -> bytes:
    fp32 = fused(graph.fp32)
    if len(graph.feeds) >= LEAST_FEEDS:
        fp32 = static_products(fp32, graph.feeds)
    return int8_weights(fp32)


# The same, but fused, and with products in 8 bits where a sample sets their scales.
TRANSFORMER: Mapping[str, Form] = {
    "onnx-int8": Form("int8.onnx", _int8_products, default=True, sampled=True),
    "onnx-fp16": Form("fp16.onnx", lambda graph, *_: fp16_weights(fused(graph.fp32))),
    "onnx-fp32": Form("fp32.onnx", lambda graph, *_: fused(graph.fp32), exact=True),
}


def default(forms: Mapping[str, Form]) -> tuple[str, ...]:
    """The forms that are written when none is named."""
    return tuple(name for name, form in forms.items() if form.default)


BAG_FORMS, BAG_DEFAULT = tuple(BAG), default(BAG)
TOKEN_FORMS, TOKEN_DEFAULT = tuple(TOKEN), default(TOKEN)


def bag_forms(
    weights: bag.BagWeights, item_id: str, vectorizer_sha256: str, names: Sequence[str]
) -> Forms:
    """Writes forms of a bag, all from one quantized table: file name and bytes by form.

    Args:
        weights: the bag.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: the forms to write, of `BAG_FORMS`.
    """
    return written(BAG, weights, item_id, vectorizer_sha256, names)


def token_forms(
    graph: TokenGraph,
    item_id: str,
    vectorizer_sha256: str,
    names: Sequence[str],
    known: Mapping[str, Form] = TOKEN,
) -> Forms:
    """Writes forms of a network that reads tokens, all from one graph: file name and bytes by form.

    Args:
        graph: the graph in floats: `onnx.rnn.onnx_fp32` or `onnx.transformer.onnx_fp32`.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: the forms to write.
        known: `TOKEN` or `TRANSFORMER`, which has them.
    """
    return written(known, graph, item_id, vectorizer_sha256, names)


def written(
    known: Mapping[str, Form],
    source: Any,
    item_id: str,
    vectorizer_sha256: str,
    names: Sequence[str],
) -> Forms:
    """File name and bytes by form: the forms `names`, all made from one source."""
    return {
        name: (known[name].file, known[name].write(source, item_id, vectorizer_sha256))
        for name in names
    }
