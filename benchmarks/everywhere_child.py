"""Has every backend that is installed here score the golden rows of bundles.

    python benchmarks/everywhere_child.py BUNDLE ...

Needs Python 3.9 and the runtime. Prints one object of JSON.
"""

from __future__ import annotations

import json
import platform
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from kd_edge_runtime.backends.verify import verify
from kd_edge_runtime.bundle.archive import Bundle

PACKAGES = ("kd-edge-core", "numpy", "onnxruntime", "ai-edge-litert", "tflite-runtime")


def main(paths: list[str]) -> None:
    """Prints what is here, and for each backend the rows, those that differ, and by how much."""
    packages = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        with Bundle(path) as bundle:
            for one in verify(bundle):
                empty = {"rows": 0, "differing": 0, "greatest": 0.0, "failed": []}
                backend = found.setdefault(one.backend, empty)
                if one.rows:
                    backend["rows"] += one.rows
                    backend["differing"] += len(one.differing)
                    backend["greatest"] = max(backend["greatest"], one.greatest)
                else:
                    backend["failed"].append(f"{one.item_id} {one.form}: {one.error}")
    here = {"python": platform.python_version(), "machine": platform.machine()}
    print(json.dumps({**here, "packages": packages, "backends": found}))


main(sys.argv[1:])
