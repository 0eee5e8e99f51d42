"""Joins JavaScript modules to one script, as text.

That is possible because the modules keep to a few rules: they import names from relative modules
and rename none, export declarations, and no two of one page have the same name at their top.
`tsc` and the tests check them as they are.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w./-]+\.mjs)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) )", re.MULTILINE)
_AGAIN = re.compile(r"^export \{[^}]*\};\n", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_TOP = re.compile(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)


def joined(start: Path) -> str:
    """A module and all that it imports, as one script without imports and exports.

    Raises:
        ValueError: a module breaks the rules above.
    """
    parts: dict[Path, str] = {}
    _add(start.resolve(), parts, [])
    script = "".join(parts.values())
    names = _TOP.findall(script)
    for name in {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{start.name}: two of its modules have '{name}' at their top")
    return script


def _add(path: Path, parts: dict[Path, str], above: list[Path]) -> None:
    if path in parts:
        return
    if path in above:
        raise ValueError(f"{path.name} imports itself, through {above[-1].name}")
    text = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(text):
        _add((path.parent / name).resolve(), parts, [*above, path])
    text = _AGAIN.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
    left = _LEFT.search(text)
    if left:
        raise ValueError(f"{path.name}: '{left[0]}' cannot be joined")
    parts[path] = text


def without_comments(script: str) -> str:
    """A script without the lines that are comments alone."""
    return _COMMENT.sub("", script)
