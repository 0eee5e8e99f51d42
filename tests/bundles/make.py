"""Makes the sample bundles of what is written today: the protocol's, and those of what came in it.

Run once, by hand, when a protocol or an optional field is new, and commit what it makes:

    python tests/bundles/make.py

A sample that is committed is never made again: it stands for the bundles that devices hold.
This script refuses to replace one. `tests/test_protocol.py` reads every sample for ever.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from kd_edge_runtime.bundle.held_out import HeldOut
from kd_edge_runtime.bundle.manifest import PROTOCOL

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import bundles_made  # noqa: E402 - found by the line above
import cross_made  # noqa: E402
import seconds_made  # noqa: E402
from kd_edge_export.bundle import ItemParts  # noqa: E402

RECORD = HeldOut(
    responses=40,
    score=(12, 15, 9, 4),
    confidence=(0, 0, 0, 3, 8, 10, 9, 6, 4, 0),
    flag={"": 31, "review": 6},
    unknown=(0, 0, 0, 0, 4, 7, 9, 8, 5, 4, 3, *(0,) * 9),
)


def recorded() -> tuple[ItemParts, ItemParts]:
    """Two items, of the first of which there is a record of held-out responses."""
    first, second = bundles_made.two_items()
    return replace(first, held_out=RECORD.to_json()), second


SAMPLES = {
    f"protocol-{PROTOCOL}.kdz": bundles_made.two_items,
    # The second student of an item (FORMAT.md, section 15).
    "cascade-1.kdz": lambda: (seconds_made.item(), bundles_made.two_items()[1]),
    # Two questions that share the networks of both students, which read reference answers
    # (FORMAT.md, sections 12 and 19).
    "cross-1.kdz": cross_made.items,
    # How held-out responses were scored (FORMAT.md, section 18).
    "held-out-1.kdz": recorded,
}


def main() -> None:
    """Writes the samples that are not there yet beside this script."""
    made = 0
    for name, items in SAMPLES.items():
        path = HERE / name
        if not path.exists():
            bundles_made.write(path, items())
            sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")
            made += 1
    if not made:
        sys.exit("all samples are there already and may never change")


if __name__ == "__main__":
    main()
