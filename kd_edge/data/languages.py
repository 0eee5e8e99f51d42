"""The scripts and languages of responses, guessed by their letters and commonest words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_LETTERS = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]+")
# How many responses are looked at, and how many letters of each.
_RESPONSES, _LETTERS_EACH = 2000, 300
_LEAST_SHARE = 0.05  # of the letters, for a script to be named
# A language is named from this share of its commonest words among all, this far ahead.
_LEAST_WORDS, _AHEAD = 0.08, 1.5

# Words that come often in one of these languages and seldom in the others.
_COMMON = {
    "English": "the and is it of to because that they was are with for not this would from have",
    "German": "der die das und ist nicht ein eine weil es sich mit den dem wird von auf auch sind",
    "French": "le les est et une des du dans pas que qui parce il elle pour avec sur sont plus",
    "Spanish": "el los las es y una del en no que porque se por con para su como son más",
    "Turkish": "bir ve bu için çünkü ile daha olarak değil gibi çok olur olan da de ne ama kadar",
    "Italian": "il gli è e una della nel non che perché si con per sono come più di anche",
    "Portuguese": "o os as é e uma do da no não que porque se por com para mais são ao",
    "Dutch": "de het een en is niet dat omdat van met zijn er op voor ook worden wordt aan",
    "Polish": "i w nie się na że jest to z ponieważ jak są od przez ale do dla po",
}
COMMON_WORDS = frozenset(word for words in _COMMON.values() for word in words.split())
"""Words that say nothing about what a response is about, in small letters; of some languages."""

_BY_WORD: dict[str, list[str]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _BY_WORD.setdefault(_word, []).append(_language)

# The first word of a letter's Unicode name, where people call its script otherwise.
_SCRIPTS = {"CJK": "Chinese characters", "HIRAGANA": "Japanese kana", "KATAKANA": "Japanese kana"}


def likely_languages(texts: Sequence[str]) -> tuple[str, ...]:
    """Guess the languages or scripts of responses, the commonest first.

    Args:
        texts: the responses; some two thousand of them are looked at.

    Returns:
        Such as "English" or, where the language is not clear, "Latin script"; nothing where there
        are no letters.
    """
    sample = texts[:: max(1, len(texts) // _RESPONSES)]
    scripts: Counter[str] = Counter()
    for text in sample:
        scripts.update(map(_script, _LETTERS.findall(text)[:_LETTERS_EACH]))
    total = scripts.total()
    named = [script for script, count in scripts.most_common() if count >= _LEAST_SHARE * total]
    found = []
    for script in named:
        language = _language_of(sample) if script == "Latin" else ""
        found.append(language or (script if " " in script else f"{script} script"))
    return tuple(found)


def _script(letter: str) -> str:
    if letter.isascii():
        return "Latin"
    first = unicodedata.name(letter, "unknown").split()[0]
    return _SCRIPTS.get(first, first.capitalize())


def _language_of(texts: Sequence[str]) -> str:
    """The language of most of the commonest words; "" where there are too few, or none is ahead."""
    counts: Counter[str] = Counter()
    words = 0
    for text in texts:
        for word in _WORDS.findall(text.casefold()):
            words += 1
            counts.update(_BY_WORD.get(word, ()))
    first, second = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    if not words or first[1] < _LEAST_WORDS * words or first[1] < _AHEAD * second[1]:
        return ""
    return first[0]
