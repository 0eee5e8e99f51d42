"""A network that reads tokens as ONNX, written by PyTorch's own exporter."""

from __future__ import annotations

import onnx
import torch

from kd_edge_export.onnx.graph import OUTPUT, set_metadata
from kd_edge_export.quiet import quiet

OPSET = 18
_LONGEST = 512


class _WithSoftmax(torch.nn.Module):
    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        probabilities: torch.Tensor = self.network(ids, mask).softmax(-1)
        return probabilities


def onnx_fp32(network: torch.nn.Module, item_id: str, vectorizer_sha256: str = "") -> bytes:
    """The graph in floats: ids and mask [N, T] in, probabilities [N, K] out.

    Args:
        network: computes logits from ids and mask; in evaluation mode.
        item_id: the item, for the model's metadata.
        vectorizer_sha256: see `metadata.metadata`.
    """
    # Two different sizes, so that the exporter treats neither as a constant of the network.
    example = (torch.ones((2, 7), dtype=torch.int64), torch.ones((2, 7), dtype=torch.int64))
    dims = {0: torch.export.Dim("N"), 1: torch.export.Dim("T", max=_LONGEST)}
    with quiet():
        program = torch.onnx.export(
            _WithSoftmax(network).eval(),
            example,
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["ids", "mask"],
            output_names=[OUTPUT],
            dynamic_shapes={"ids": dims, "mask": dims},
        )
    assert program is not None
    model = program.model_proto
    _strip(model)
    set_metadata(model, item_id, vectorizer_sha256)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _strip(model: onnx.ModelProto) -> None:
    """Removes the exporter's debugging information: half a megabyte, with paths of this machine."""
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    graph.doc_string = ""
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
