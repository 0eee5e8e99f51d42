"""A teacher for ONNX Runtime: its network as graphs, its tokenizer as a file."""

from __future__ import annotations

from collections.abc import Iterator

from tokenizers import Tokenizer

from kd_edge.teacher.batches import pad_id
from kd_edge.teacher.classifier import TeacherModel
from kd_edge_export.onnx.int8_matmul import int8_products
from kd_edge_export.onnx.weights import fp16_weights, int8_weights
from kd_edge_runtime.errors import InputError

TEACHER_FORMS = ("onnx-int8", "onnx-fp16", "onnx-fp32")


def candidate_graphs(form: str, fp32: bytes) -> Iterator[tuple[str, bytes]]:
    """The graphs that can be used for a form: the fastest first, the last closest to PyTorch.

    int8 products amplify differences in the last bit between processors or versions of ONNX
    Runtime, so that two of these may differ as much as either differs from PyTorch.

    Args:
        form: one of `TEACHER_FORMS`.
        fp32: the graph in floats.

    Yields:
        The arithmetic of its large products, "int8" or "fp32", and the graph.
    """
    if form == "onnx-int8":
        products = int8_products(fp32)
        if products is not fp32:  # it has large products
            yield "int8", int8_weights(products)
        yield "fp32", int8_weights(fp32)
    elif form == "onnx-fp16":
        yield "fp32", fp16_weights(fp32)
    else:
        yield "fp32", fp32


def tokenizer_file(model: TeacherModel) -> bytes:
    """The teacher's tokenizer.json, with the same padding and truncation as `predict`.

    Raises:
        InputError: the tokenizer is of a kind that has no such file.
    """
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise InputError(
            f"the teacher's tokenizer ({type(model.tokenizer).__name__}) is written in Python: "
            "there is no tokenizer.json for it"
        )
    tokenizer = Tokenizer.from_str(backend.to_str())
    longest = min(model.max_length, model.tokenizer.model_max_length)
    fill = pad_id(model.tokenizer)
    tokenizer.enable_padding(pad_id=fill, pad_token=tokenizer.id_to_token(fill) or "[PAD]")
    tokenizer.enable_truncation(longest, direction=model.tokenizer.truncation_side)
    return tokenizer.to_str().encode("utf-8")
