"""A benchmark's result on disk: figures with the machine, versions and command that made them."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kd_edge.files import write_json
from kd_edge.stages.record import versions

RESULTS = Path(__file__).parent / "results"


def write(name: str, figures: dict[str, Any], seed: int) -> Path:
    """Writes `results/<name>.json`.

    Args:
        name: the result's name.
        figures: what was measured, JSON types.
        seed: of whatever was drawn at random.
    """
    path = RESULTS / f"{name}.json"
    module = Path(sys.argv[0]).stem
    write_json(
        path,
        {
            "command": " ".join(["python", "-m", f"benchmarks.{module}", *_portable(sys.argv[1:])]),
            "date": datetime.now(timezone.utc).date().isoformat(),
            "machine": _machine(),
            "versions": versions(),
            "seed": seed,
            "figures": figures,
        },
    )
    return path


def read(name: str) -> dict[str, Any]:
    """Reads `results/<name>.json`."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def _portable(arguments: Sequence[str]) -> list[str]:
    """Arguments without this machine's folders: an absolute path is cut to its last part."""
    return [Path(one).name if Path(one).is_absolute() else one for one in arguments]


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
