"""How large a teacher is, without loading it."""

from __future__ import annotations

import math
from pathlib import Path

from safetensors import safe_open

# What scoring with a teacher needs: its numbers and its tokenizer.
_NEEDED = ("*.safetensors", "tokenizer.json")


def teacher_size(folder: Path) -> tuple[int, int]:
    """Parameters of a teacher and the bytes that scoring with it needs.

    Args:
        folder: a finished teacher.
    """
    parameters = 0
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (not a mapping)
                parameters += math.prod(tensors.get_slice(name).get_shape())
    size = sum(file.stat().st_size for pattern in _NEEDED for file in folder.glob(pattern))
    return parameters, size
