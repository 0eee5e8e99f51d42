"""`python -m benchmarks.emulated` builds the emulated devices."""

from __future__ import annotations

import sys

from benchmarks.emulated import build


def main() -> None:
    """Builds what is missing, with a line for each part."""
    try:
        build.build(lambda line: print(line, flush=True))
    except build.BuildError as error:
        sys.exit(f"Error: {error}")


main()
