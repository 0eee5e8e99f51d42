"""The forms of each kind of student, as a bundle carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kd_edge_export.onnx import bag as onnx_bag
from kd_edge_export.onnx.weights import fp16_weights, int8_weights
from kd_edge_export.tflite import bag as tflite_bag
from kd_edge_runtime.students import bag

Forms = Mapping[str, tuple[str, bytes]]


class Form(NamedTuple):
    """A form of a kind of student.

    Attributes:
        file: its member's name.
        write: gives its bytes from what all forms of the kind are made of, the item's id and
            the sha256 of the vectorizer.
        exact: whether it computes with the very numbers that PyTorch computes with.
        default: whether it is made where no form is named.
    """

    file: str
    write: Callable[[Any, str, str], bytes]
    exact: bool = False
    default: bool = False


# A line a form, made of a quantized table (`BagWeights`).
BAG: Mapping[str, Form] = {
    bag.FORM: Form("bag.int8", lambda weights, *_: weights.to_bytes(), exact=True, default=True),
    "onnx-int8": Form("int8.onnx", onnx_bag.onnx_int8, exact=True, default=True),
    "tflite-int8": Form("int8.tflite", tflite_bag.tflite_int8, exact=True, default=True),
    # These hold the same numbers in four times the bytes.
    "onnx-fp32": Form("fp32.onnx", onnx_bag.onnx_fp32, exact=True),
    "tflite-fp32": Form("fp32.tflite", tflite_bag.tflite_fp32, exact=True),
}

# A line a form, made of the graph in floats. Weights in 8 bits and not products
# (`int8_matmul`), which depend on the last bits of floats: a student is held to its golden rows
# on every device.
TOKEN: Mapping[str, Form] = {
    "onnx-int8": Form("int8.onnx", lambda fp32, *_: int8_weights(fp32), default=True),
    # These are there for when 8 bits are not enough.
    "onnx-fp16": Form("fp16.onnx", lambda fp32, *_: fp16_weights(fp32)),
    "onnx-fp32": Form("fp32.onnx", lambda fp32, *_: fp32, exact=True),
}


def default(forms: Mapping[str, Form]) -> tuple[str, ...]:
    """The forms that are made where none is named."""
    return tuple(name for name, form in forms.items() if form.default)


BAG_FORMS, BAG_DEFAULT = tuple(BAG), default(BAG)
TOKEN_FORMS, TOKEN_DEFAULT = tuple(TOKEN), default(TOKEN)


def bag_forms(
    weights: bag.BagWeights, item_id: str, vectorizer_sha256: str, names: Sequence[str]
) -> Forms:
    """File name and bytes by form, all from one quantized table.

    Args:
        weights: the bag.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: forms to make, of `BAG_FORMS`.
    """
    return _written(BAG, weights, item_id, vectorizer_sha256, names)


def token_forms(fp32: bytes, item_id: str, vectorizer_sha256: str, names: Sequence[str]) -> Forms:
    """File name and bytes by form, all from one graph.

    Args:
        fp32: the graph in floats: `onnx.rnn.onnx_fp32` or `onnx.transformer.onnx_fp32`.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: forms to make, of `TOKEN_FORMS`.
    """
    return _written(TOKEN, fp32, item_id, vectorizer_sha256, names)


def _written(
    known: Mapping[str, Form],
    source: Any,
    item_id: str,
    vectorizer_sha256: str,
    names: Sequence[str],
) -> Forms:
    return {
        name: (known[name].file, known[name].write(source, item_id, vectorizer_sha256))
        for name in names
    }
