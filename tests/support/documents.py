"""The documents, and the commands that stand in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    *(ROOT / folder / "README.md" for folder in (".", "kd_edge", "runtime", "benchmarks")),
    ROOT / "runtime" / "FORMAT.md",
    ROOT / "kd_edge" / "sample" / "README.md",
    ROOT / "CHANGELOG.md",
    *(ROOT / ".github" / f"{name}.md" for name in ("CONTRIBUTING", "SECURITY")),
)
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?:!?\[[^\]]*\]\(|<img src=\")([^)\s\"]+)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its lines."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Command lines, each as it is written; one that goes on in the next line is one."""
        joined = self.text.replace("\\\n", " ")
        return [line for line in joined.splitlines() if line.strip()]


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a document, in order."""
    text = path.read_text(encoding="utf-8")
    return [Block(language.strip(), body) for language, body in _FENCE.findall(text)]


def words(command: str) -> list[str]:
    """The words of a command line, without its comment."""
    return shlex.split(command, comments=True)


def links(path: Path) -> Iterator[str]:
    """The targets of a document's links and images."""
    yield from _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))


def anchors(path: Path) -> set[str]:
    """What a link may have after `#`: a document's headings, as GitHub writes them."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    found = set()
    for title in re.findall(r"^#+ +(.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", title).lower())
        found.add(plain.strip().replace(" ", "-"))
    return found
