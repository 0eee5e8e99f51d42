"""Joins JavaScript modules to one script, as text.

Each module becomes a function that gives what it exports, and the modules that import from it take
it from there, so that no name of one meets one of another. That is possible because they keep to a
few rules: they import names from relative modules, in statements of their own, they export
declarations or lists of names, and none changes what it has exported. `tsc` and the tests check
them as they are.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(
    r'^import \{(?P<names>[\w\s,]*)\} from "(?P<path>\.{1,2}/[\w./-]+\.mjs)";\n', re.MULTILINE
)
_EXPORT = re.compile(
    r"^export (?P<what>(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_LIST = re.compile(r"^export \{(?P<names>[\w\s,]*)\};\n", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)


def joined(start: Path) -> str:
    """A module and all that it imports, as one script without imports and exports.

    The start itself is no function in it, so that it may wait for what takes time.

    Raises:
        ValueError: a module breaks the rules above.
    """
    parts: dict[Path, str] = {}
    _add(start.resolve(), parts, [])
    return "".join(parts.values())


def _add(path: Path, parts: dict[Path, str], above: list[Path]) -> None:
    if path in parts:
        return
    if path in above:
        raise ValueError(f"{path.name} imports itself, through {above[-1].name}")
    text = path.read_text(encoding="utf-8")
    for found in _IMPORT.finditer(text):
        _add((path.parent / found["path"]).resolve(), parts, [*above, path])
    places = {module: f"$module{place}" for place, module in enumerate(parts)}

    def taken(found: re.Match[str]) -> str:
        names = ", ".join(_names(found))
        return f"const {{ {names} }} = {places[(path.parent / found['path']).resolve()]};\n"

    exported = [found["name"] for found in _EXPORT.finditer(text)]
    exported += [name for found in _LIST.finditer(text) for name in _names(found)]
    text = _LIST.sub("", _EXPORT.sub(r"\g<what>", _IMPORT.sub(taken, text)))
    left = _LEFT.search(text)
    if left:
        raise ValueError(f"{path.name}: '{left[0]}' cannot be joined")
    if above:
        names = ", ".join(exported)
        text = f"const $module{len(parts)} = (() => {{\n{text}return {{ {names} }};\n}})();\n"
    parts[path] = text


def _names(found: re.Match[str]) -> list[str]:
    return [name for name in re.split(r"[\s,]+", found["names"]) if name]


def packed(script: str) -> str:
    """A script without the lines that are comments alone, and without indentation.

    Raises:
        ValueError: a text between backticks goes over several lines: its own would be lost.
    """
    lines = [line.lstrip(" \t") for line in _COMMENT.sub("", script).splitlines()]
    for line in lines:
        if line.count("`") % 2:
            raise ValueError(f"'{line}': a text between backticks must end on its line")
    return "\n".join(lines) + "\n"
