"""Any ONNX graph with its weights in 8 bits, by ONNX Runtime's dynamic quantization."""

from __future__ import annotations

import tempfile
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic

from kd_edge_export.quiet import quiet


def quantized(fp32: bytes) -> bytes:
    """The same graph with its weights in 8 bits, quantized by ONNX Runtime as it runs.

    Unsigned weights: signed ones are several times slower on x86-64 (`benchmarks/README.md`).
    """
    with tempfile.TemporaryDirectory() as folder, quiet():
        before, after = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(fp32)
        quantize_dynamic(before, after, weight_type=QuantType.QUInt8)
        return after.read_bytes()
