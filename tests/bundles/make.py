"""Makes the sample bundle of the protocol that is written today.

Run once, by hand, when a protocol is new, and commit what it makes:

    python tests/bundles/make.py

A sample that is committed is never made again: it stands for the bundles that devices hold.
This script refuses to replace one. `tests/test_protocol.py` reads every sample for ever.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kd_edge_runtime.bundle.manifest import PROTOCOL

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import bundles_made  # noqa: E402 - found by the line above


def main() -> None:
    """Writes `protocol-N.kdz` beside this script."""
    path = HERE / f"protocol-{PROTOCOL}.kdz"
    if path.exists():
        sys.exit(f"{path} is there already and may never change")
    bundles_made.write(path, bundles_made.two_items())
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
