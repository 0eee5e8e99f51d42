"""Names and other words that may not get into a bundle, as a list of the user's says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kd_edge.stages.record import hash_json
from kd_edge_runtime.errors import Problem, TableError
from kd_edge_runtime.system.whole_file import read_whole
from kd_edge_runtime.tables.roles import plain

_MOST = 16 << 20  # bytes of a list: half a million names have less
_LONGEST = 200  # characters of a line: more are no name
# Letters, digits and marks, with what may stand within a name.
_JOINT = r"['\u2019\u02bc`-]"
_LETTERS = r"[\w\u0300-\u036f]+"
_WORD = re.compile(f"{_LETTERS}(?:{_JOINT}{_LETTERS})*")
_JOINTS = re.compile(_JOINT)
_GENITIVE = "s"  # text rules leave the apostrophe out: "Nicole's" is the word "nicoles"
_HINT = "It must be a text file (UTF-8) with one name or word a line."


@dataclass(frozen=True)
class KeptOut:
    """Words that no vocabulary may have, whatever their case and accents.

    Attributes:
        words: as they were listed, each line's words by themselves.
    """

    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words)

    def __contains__(self, word: object) -> bool:
        """Whether a word of a text is one of them, or the genitive of one."""
        return isinstance(word, str) and bool(self.words) and plain(word) in self._keys

    @property
    def sha256(self) -> str:
        """Hash (hex) of the words, in whatever order and spelling they were listed."""
        return hash_json(sorted(self._keys))

    def without(
        self, words: Callable[[str], Sequence[str]]
    ) -> Callable[[Sequence[str]], list[str | None]]:
        """What puts None in the place of these words among a text's.

        Args:
            words: reads a text's words, in which a listed word may be spelt otherwise.
        """
        if not self.words:
            return list
        spelt: set[str] = set()
        for listed in self.words:
            found = [word for word in words(listed) if any(map(str.isalnum, word))]
            if len(found) == 1:
                spelt |= {found[0], found[0] + _GENITIVE}
        known: dict[str, bool] = {}

        def is_kept_out(word: str) -> bool:
            if word not in known:
                known[word] = word in spelt or word in self
            return known[word]

        return lambda text: [None if is_kept_out(word) else word for word in text]

    def cut_from(self, text: str) -> str:
        """A text without these words."""
        if not self.words:
            return text

        def left(match: re.Match[str]) -> str:
            word, parts = match[0], _JOINTS.split(match[0])
            if word in self:
                return " "
            kept = [part for part in parts if part not in self]
            return word if len(kept) == len(parts) else " ".join(kept)

        return _WORD.sub(left, unicodedata.normalize("NFC", text))

    @cached_property
    def _keys(self) -> frozenset[str]:
        keys: set[str] = set()
        for word in self.words:
            # "O'Brien" is one word to some readers, and two to others.
            for part in (word, *_JOINTS.split(word)):
                if any(map(str.isalnum, part)):
                    keys |= {plain(part), plain(part) + _GENITIVE}
        return frozenset(keys)


NOTHING = KeptOut()
"""No word is kept out."""


def kept_out(lines: Iterable[str]) -> KeptOut:
    """What a list keeps out: each word of each line, by itself."""
    return KeptOut(tuple(dict.fromkeys(word for line in lines for word in _WORD.findall(line))))


def read_kept_out(path: Path) -> KeptOut:
    """Read a list of words to keep out, UTF-8, one name or word a line; blank lines are skipped.

    Raises:
        InputError: the file cannot be read.
        TableError: a line is no name or word, or the list has none.
    """
    data = read_whole(path, _MOST)
    problems: list[Problem] = []
    lines: list[str] = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            line = raw.decode("utf-8").strip()
            why = _why_not(line)
        except UnicodeDecodeError:
            line, why = "", "is no text in UTF-8"
        if why:
            problems.append(Problem(f"line {number} {why}"))
        else:
            lines.append(line)
    found = kept_out(lines)
    if not (problems or found):
        problems.append(Problem("there is no name or word in it"))
    if problems:
        raise TableError(str(path), problems, _HINT)
    return found


def _why_not(line: str) -> str:
    """What is wrong with a line, which a message never quotes; "" if nothing is."""
    if "\0" in line:
        return "holds a character that is no text"
    if len(line) > _LONGEST:
        return f"has {len(line):,} characters, more than a name has ({_LONGEST})"
    if line and not _WORD.search(line):
        return "has no letter or digit"
    return ""
