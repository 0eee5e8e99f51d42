"""What a page or a program in JavaScript needs to score: the module, its types and the core.

`core/kd_edge.mjs` and the modules beside it are the sources. Here they become one module, which
a page can have within itself. `kd_edge.wasm` is built by `make wasm`, and lies in the package so
that neither a compiler nor a network is needed.
"""

from __future__ import annotations

import re
from pathlib import Path

CORE = Path(__file__).with_name("core")

PARTS = (
    *("errors.mjs", "zip.mjs", "manifest.mjs", "markup.mjs", "instance.mjs", "items.mjs"),
    "kd_edge.mjs",
)
"""The modules, each after those that it imports."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?(function|class|const) )", re.MULTILINE)


def module() -> str:
    """All modules as one ES module, with the exports that `kd_edge.d.mts` declares."""
    parts = []
    for name in PARTS:
        text = _IMPORT.sub("", (CORE / name).read_text(encoding="utf-8"))
        parts.append(text if name == PARTS[-1] else _EXPORT.sub("", text))
    return "\n".join(parts)


def types() -> str:
    """The module's types for TypeScript."""
    return (CORE / "kd_edge.d.mts").read_text(encoding="utf-8")


def wasm() -> bytes:
    """The core as WebAssembly."""
    return (CORE / "kd_edge.wasm").read_bytes()
