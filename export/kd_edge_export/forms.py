"""The forms of each kind of student, as a bundle carries them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from kd_edge_export import onnx_bag, onnx_dynamic, onnx_rnn, onnx_torch
from kd_edge_runtime import bag

Forms = Mapping[str, tuple[str, bytes]]


def bag_forms(weights: bag.BagWeights, item_id: str) -> Forms:
    """File name and bytes by form, all from one quantized table."""
    return {
        bag.FORM: ("bag.int8", weights.to_bytes()),
        "onnx-fp32": ("fp32.onnx", onnx_bag.onnx_fp32(weights, item_id)),
        "onnx-int8": ("int8.onnx", onnx_bag.onnx_int8(weights, item_id)),
    }


def rnn_forms(state: Mapping[str, npt.NDArray[np.float32]], item_id: str) -> Forms:
    """File name and bytes by form; see `onnx_rnn.onnx_fp32` for `state`."""
    fp32 = onnx_rnn.onnx_fp32(state, item_id)
    return {
        "onnx-fp32": ("fp32.onnx", fp32),
        "onnx-int8": ("int8.onnx", onnx_dynamic.quantized(fp32)),
    }


def transformer_forms(network: torch.nn.Module, item_id: str) -> Forms:
    """File name and bytes by form; see `onnx_torch.onnx_fp32` for `network`."""
    fp32 = onnx_torch.onnx_fp32(network, item_id)
    return {
        "onnx-fp32": ("fp32.onnx", fp32),
        "onnx-int8": ("int8.onnx", onnx_dynamic.quantized(fp32)),
    }
