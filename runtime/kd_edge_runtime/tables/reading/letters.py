"""Whether a decoded text has the letters and marks that texts in a language have.

Nearly any bytes can be read as cp1252; what comes out is then gibberish: capitals and signs
inside words, letters that no one language has together. Imported only for texts that are not
UTF-8.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# Characters looked at; more would say no more.
_MOST = 100_000
# The share of characters that may be odd.
_ODD = 0.02
# Up to this share of a text's characters, letters may be those of names from many languages.
_FEW = 0.005

_VOWELS = "aeiouhAEIOUH"
_OPENING, _CLOSING = "“„‘«‹", "”’»›"
_SIGNS = "€£¥¢§©®×÷±†‡‰¼½¾"
_PUNCTUATION = "–—…•"


@dataclass(frozen=True)
class Language:
    """What texts in a language, or in a few that are alike, are written with.

    Attributes:
        letters: the small letters that are not ASCII.
        common: some of them; in a text, they are at least `share` of all that are not ASCII.
        share: from 0 to 1.
        scattered: whether they stand among ASCII letters, three in a row being too many.
        apart: whether they never stand in a word with ASCII letters.
        rules: a letter → a pattern for what follows it, up to one character.
    """

    letters: str
    common: str = ""
    share: float = 0.0
    scattered: bool = True
    apart: bool = False
    rules: tuple[tuple[str, str], ...] = ()


# An e with an accent ends a word or has a consonant after it: in a text of cp1250 it is a č.
_GRAVE = (("è", r"[^aeiou]?"), ("ì", r"\W?"), ("ù", r"\W?"))
WESTERN = (
    Language("àâæçéèêëîïôùûüÿœ", rules=_GRAVE),  # French
    Language("äöüßéà"),  # German
    Language("áéíóúüñ"),  # Spanish
    Language("àçèéíïòóúü", rules=_GRAVE),  # Catalan
    Language("áâãàçéêíóôõúü", rules=(("ã", r"[oes\W]?"), ("õ", "e"))),  # Portuguese
    Language("àèéìíîòóùú", rules=_GRAVE),  # Italian
    Language("áéèêëíïóöúü", rules=_GRAVE),  # Dutch
    Language("åäöéü"),  # Swedish, Finnish
    Language("æøåéóòôöä"),  # Danish, Norwegian
    Language("áðéíóúýþæöø", "áí", 0.1),  # Icelandic, Faroese; without á and í it is Turkish
    Language("äöõüšž", "ä", 0.1),  # Estonian; without ä it is Hungarian
)
# Names from all over, in a text of another language.
NAMES = Language("áàâäãåéèêëíìîïóòôöõøúùûüçñßæœ")


class Letters:
    """What a text has that is not ASCII, each with what stands around it."""

    def __init__(self) -> None:
        self._found: Counter[tuple[str, str, str]] = Counter()
        self._seen = 0
        self._length = 0

    def add(self, text: str) -> None:
        """Looks at some more of the text, which ends where a word does."""
        if self._seen >= _MOST:
            return
        self._length += len(text)
        if text.isascii():
            return
        around = f" {text} "
        found = [around[at - 1 : at + 2] for at in map(re.Match.start, _NOT_ASCII.finditer(around))]
        self._found.update((three[0], three[1], three[2]) for three in found)
        self._seen += len(found)

    @property
    def letters(self) -> int:
        """How many letters were seen."""
        return sum(count for (_, char, _), count in self._found.items() if _is_letter(char))

    @property
    def distinct(self) -> int:
        """How many of them differ."""
        return len({char.lower() for _, char, _ in self._found if _is_letter(char)})

    def plausible(self, languages: Sequence[Language]) -> bool:
        """Whether nearly all of it can be of one of the languages."""
        many = sum(self._found.values())
        letters = sum(n for (_, char, _), n in self._found.items() if char.isalpha())
        few = letters <= self._length * _FEW
        return many > 0 and any(
            self._is_in(language, many) for language in (*languages, *([NAMES] if few else []))
        )

    def _is_in(self, language: Language, many: int) -> bool:
        odd = sum(n for three, n in self._found.items() if not _usual(*three, language))
        common = sum(
            n for (_, char, _), n in self._found.items() if char.lower() in language.common
        )
        letters = sum(n for (_, char, _), n in self._found.items() if _is_letter(char))
        return odd <= many * _ODD and common >= letters * language.share


def _is_letter(char: str) -> bool:
    return char.isalpha() and char not in "ªºµ"


def _usual(before: str, char: str, after: str, language: Language) -> bool:
    """Whether a character may stand where it does."""
    if not _is_letter(char):
        return _usual_mark(before, char, after)
    small = char.lower()
    if small not in language.letters:
        return small == "i̇" and "ı" in language.letters  # what Turkish İ becomes
    if char != small and before.isalpha() and (before.islower() or after.islower()):
        return False  # a capital inside a word
    if language.apart and _in_ascii(before, after):
        return False
    if language.scattered and not (before.isascii() or after.isascii()):
        return False
    return all(re.fullmatch(rule, after) for letter, rule in language.rules if letter == small)


def _in_ascii(before: str, after: str) -> bool:
    """Whether a letter has an ASCII letter beside it."""
    return any(char.isascii() and char.isalpha() for char in (before, after))


def _usual_mark(before: str, char: str, after: str) -> bool:
    inside = before.isalpha() and after.isalpha()
    if char in "\xa0\u3000" or (char in _PUNCTUATION and not inside):
        return True
    if char == "’" and inside:  # isn’t, l’eau, dell’acqua; and not the frío of another encoding
        return after in "stdmrlv" or (before.lower() in "ldcjmnstuvz" and after in _VOWELS + "éê")
    if char in _OPENING or char in _CLOSING or char in _SIGNS:
        return not inside
    if char in "²³¹ºª":
        return (before.isalnum() or before in ")]") and not after.isalpha()
    if char in "°µ":
        return not before.isalpha() and not (char == "°" and after.islower())
    if char in "¿¡":
        return not before.isalnum() and not after.isspace()
    if char in "‚":
        return not before.isalnum() and after.isalnum()
    if char in "™·":
        return not after.isalpha() or char == "·"
    return char in "、。，！？；：（）「」《》"
