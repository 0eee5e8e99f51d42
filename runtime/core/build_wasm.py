"""Builds the core for web pages: `make wasm`.

The compiler is the package `ziglang`, as for the wheels; the same version of it gives the same
bytes.

    python runtime/core/build_wasm.py [--output kd_edge/page/core/kd_edge.wasm]
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from pathlib import Path

from build_wheels import EXACT, HERE, BuildError, zig

OUTPUT = HERE.parents[1] / "kd_edge" / "page" / "core" / "kd_edge.wasm"

# What browsers of 2021 and later have.
_CPU = "-mcpu=generic+bulk_memory+bulk_memory_opt+nontrapping_fptoint+sign_ext"
_OPTIONS = ("-DKD_PACKED", "-DKD_NO_POW", "-Wall", "-Wextra", "-Werror", f"-I{HERE / 'wasm'}")
# Small first: functions that are called once stay functions.
_SMALL = ("-Oz", "-mllvm", "-inline-threshold=0")
# zig's own driver does not know --compress-relocations, without which each call takes six bytes.
_LINK = ("--no-entry", "--strip-all", "--gc-sections", "--compress-relocations", "-O2")
_MEMORY = ("-z", "stack-size=65536", "--max-memory=2147418112")


def build(path: Path) -> None:
    """Writes the core as WebAssembly.

    Raises:
        BuildError: there is no compiler, or it does not take the source.
    """
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch) / "kd_wasm.o"
        source = HERE / "wasm" / "kd_wasm.c"
        exact = [option for option in EXACT if option != "-O2"]
        target = ("-target", "wasm32-freestanding", _CPU)
        zig(["cc", "-c", *target, *exact, *_SMALL, *_OPTIONS, "-o", part, source])
        zig(["wasm-ld", *_LINK, *_MEMORY, "-o", path, part])


def main() -> None:
    """Builds it."""
    parser = argparse.ArgumentParser(description="Builds the core for web pages.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the file")
    options = parser.parse_args()
    try:
        build(options.output)
    except BuildError as error:
        sys.exit(f"Error: {error}")
    data = options.output.read_bytes()
    packed = len(gzip.compress(data, 9))
    print(f"{options.output}: {len(data):,} bytes, {packed:,} packed")  # noqa: T201


if __name__ == "__main__":
    main()
