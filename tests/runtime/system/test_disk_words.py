"""What the system refuses is told in plain words."""

from __future__ import annotations

import pytest

from kd_edge_runtime.errors import guarded
from kd_edge_runtime.system.disk_words import is_out_of_memory


class RuntimeException(Exception):  # noqa: N818
    """As ONNX Runtime calls its own."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeException("Failed to allocate memory for requested buffer of size 8000000"),
    ],
)
def test_memory_that_is_used_up_has_a_name(error, capsys):
    def run():
        raise error

    assert is_out_of_memory(error)
    assert guarded(run) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: this computer's memory is used up. Existing files are unchanged")
    assert "allocate" not in said


@pytest.mark.parametrize("error", [RuntimeError("shape mismatch"), ValueError("out of memory")])
def test_other_errors_are_not_about_memory(error):
    assert not is_out_of_memory(error)
