"""Builds the extension; everything else is in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import Extension, setup

# Products and sums must be rounded one by one, as Python does, or scores differ in their last bits.
# Debug information, for which Python asks, would make the file three times as large.
EXACT = ["/fp:precise"] if sys.platform == "win32" else ["-O2", "-g0", "-ffp-contract=off"]

setup(
    ext_modules=[
        Extension(
            "kd_edge_core._core",
            ["module.c", "kd_edge.c"],
            depends=[*map(str, Path(__file__).parent.glob("*.h"))],
            extra_compile_args=EXACT,
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp39"}},
)
