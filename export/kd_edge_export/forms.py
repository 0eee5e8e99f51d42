"""The forms of each kind of student, as a bundle carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch

from kd_edge_export.onnx import bag as onnx_bag
from kd_edge_export.onnx import rnn, transformer
from kd_edge_export.onnx.weights import fp16_weights, int8_weights
from kd_edge_export.tflite import bag as tflite_bag
from kd_edge_runtime.students import bag

Forms = Mapping[str, tuple[str, bytes]]

_OfBag = Callable[[bag.BagWeights, str, str], bytes]

_BAG: Mapping[str, tuple[str, _OfBag]] = {
    bag.FORM: ("bag.int8", lambda weights, *_: weights.to_bytes()),
    "onnx-int8": ("int8.onnx", onnx_bag.onnx_int8),
    "tflite-int8": ("int8.tflite", tflite_bag.tflite_int8),
    "onnx-fp32": ("fp32.onnx", onnx_bag.onnx_fp32),
    "tflite-fp32": ("fp32.tflite", tflite_bag.tflite_fp32),
}

BAG_FORMS = tuple(_BAG)
# The others hold the same numbers in four times the bytes.
BAG_DEFAULT = (bag.FORM, "onnx-int8", "tflite-int8")


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
    return {
        name: (_BAG[name][0], _BAG[name][1](weights, item_id, vectorizer_sha256)) for name in names
    }


_OfFloats = Callable[[bytes], bytes]

# Weights in 8 bits and not products (`onnx_rows`), which depend on the last bits of floats: a
# student is held to its golden rows on every device.
_TOKEN: Mapping[str, tuple[str, _OfFloats]] = {
    "onnx-int8": ("int8.onnx", int8_weights),
    "onnx-fp16": ("fp16.onnx", fp16_weights),
    "onnx-fp32": ("fp32.onnx", lambda fp32: fp32),
}

TOKEN_FORMS = tuple(_TOKEN)
# The others are there for when 8 bits are not enough.
TOKEN_DEFAULT = ("onnx-int8",)


def rnn_forms(
    state: Mapping[str, npt.NDArray[np.float32]],
    item_id: str,
    vectorizer_sha256: str,
    names: Sequence[str],
) -> Forms:
    """File name and bytes by form.

    Args:
        state: the network's numbers, see `onnx_rnn.onnx_fp32`.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: forms to make, of `TOKEN_FORMS`.
    """
    return _of_floats(rnn.onnx_fp32(state, item_id, vectorizer_sha256), names)


def transformer_forms(
    network: torch.nn.Module, item_id: str, vectorizer_sha256: str, names: Sequence[str]
) -> Forms:
    """File name and bytes by form.

    Args:
        network: see `onnx_torch.onnx_fp32`.
        item_id: the item.
        vectorizer_sha256: of the vectorizer member.
        names: forms to make, of `TOKEN_FORMS`.
    """
    return _of_floats(transformer.onnx_fp32(network, item_id, vectorizer_sha256), names)


def _of_floats(fp32: bytes, names: Sequence[str]) -> Forms:
    return {name: (_TOKEN[name][0], _TOKEN[name][1](fp32)) for name in names}
