"""The compiler of all targets, and the script that builds wheels with it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "runtime" / "core"


def build_wheels():
    """The module runtime/core/build_wheels.py, which is in no package."""
    name = "build_wheels"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, CORE / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def need(there, what):
    """Skips a test where a program is missing; where all devices have to be there, it fails."""
    if not there:
        required = os.environ.get("KD_EDGE_DEVICES") == "required"
        (pytest.fail if required else pytest.skip)(f"not installed: {what}")


def need_zig():
    need(importlib.util.find_spec("ziglang"), "ziglang (make wheels)")
