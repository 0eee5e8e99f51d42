"""The forms in which a bundle holds the networks of each kind of student, and their writers."""

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
        file: the name of its member in a bundle.
        write: returns its bytes; takes the source of all forms of the kind (a quantized table or
            a float graph), the item's id and the sha256 of the vectorizer.
        exact: whether it holds exactly the numbers that PyTorch computes with.
        default: whether it is written when no form is named.
    """

    file: str
    write: Callable[[Any, str, str], bytes]
    exact: bool = False
    default: bool = False


# One line for each form; the source is a quantized table (`BagWeights`).
BAG: Mapping[str, Form] = {
    bag.FORM: Form("bag.int8", lambda weights, *_: weights.to_bytes(), exact=True, default=True),
    "onnx-int8": Form("int8.onnx", onnx_bag.onnx_int8, exact=True, default=True),
    "tflite-int8": Form("int8.tflite", tflite_bag.tflite_int8, exact=True, default=True),
    # The same numbers in four times the bytes.
    "onnx-fp32": Form("fp32.onnx", onnx_bag.onnx_fp32, exact=True),
    "tflite-fp32": Form("fp32.tflite", tflite_bag.tflite_fp32, exact=True),
}

# One line for each form; the source is the graph in floats. Only weights are in 8 bits, not
# products (`int8_matmul`): those depend on the last bits of floats, and a student has to
# reproduce its golden rows on every device.
TOKEN: Mapping[str, Form] = {
    "onnx-int8": Form("int8.onnx", lambda fp32, *_: int8_weights(fp32), default=True),
    # For students for which 8 bits are not enough.
    "onnx-fp16": Form("fp16.onnx", lambda fp32, *_: fp16_weights(fp32)),
    "onnx-fp32": Form("fp32.onnx", lambda fp32, *_: fp32, exact=True),
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


def token_forms(fp32: bytes, item_id: str, vectorizer_sha256: str, names: Sequence[str]) -> Forms:
    """Writes forms of a network that reads tokens, all from one graph: file name and bytes by form.

    Args:
        fp32: the graph in floats: `onnx.rnn.onnx_fp32` or `onnx.transformer.onnx_fp32`.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: the forms to write, of `TOKEN_FORMS`.
    """
    return written(TOKEN, fp32, item_id, vectorizer_sha256, names)


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
