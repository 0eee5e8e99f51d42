"""Words for scores whose order is known, from the lowest to the highest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

# SemEval-2013 Task 7's. A sample that lacks one of the labels still gets the whole scale, and the
# names as they are here.
_SEMEVAL_ORDERS = (
    ("incorrect", "correct"),
    ("contradictory", "incorrect", "correct"),
    ("non_domain", "irrelevant", "contradictory", "partially_correct_incomplete", "correct"),
)
_WHOLE_ORDERS = (*_SEMEVAL_ORDERS, ("wrong", "right"), ("low", "medium", "high"))
SEMEVAL_WORDS = frozenset(word for order in _SEMEVAL_ORDERS for word in order)

# A line each, from the lowest; words between bars mean the same, so only one of them is there.
_ORDERS = Path(__file__).with_name("known_orders.txt")

_LETTERS = re.compile(r"([a-gu])([+*-]?)")
_STARS = re.compile(r"([*\u2605\u2606])\1*")
_NUMBERED = re.compile(
    r"(?:level|lvl|band|score|stage|step|tier|points?|stufe|niveau|nivel|niveaustufe|kompetenzstufe"
    r"|palier|l|seviye|puan|s) ?([0-9]{1,2})",
)
_NUMBERED_AFTER = re.compile(r"([0-9]{1,2}) ?(?:stars?|sterne?|étoiles?|estrellas?)")
# What a rubric's menu shows: "2 - good", "good (2)".
_POINTS = re.compile(r"\(?[0-9]{1,2}\)? *(?:[-\u2013\u2014:=.)] *)?|[(\[] *[0-9]{1,2} *[)\]]")


def known_order(words: Iterable[str]) -> tuple[str, ...] | None:
    """Puts words in the order that they are known to have.

    Args:
        words: as a file spells them; case, spaces, underscores and hyphens do not matter.

    Returns:
        The words from the lowest to the highest, as the file spells them (SemEval's, and those
        of whole scales, as they always were: with those that are not there); None where no
        order is known, or two words mean the same.
    """
    spelling: dict[str, str] = {}
    for word in words:
        spelling.setdefault(word.casefold(), word)
    if not spelling:
        return None
    for order in _WHOLE_ORDERS:
        if spelling.keys() <= set(order):
            return order
    for rank in (_letter_rank, _numbered_rank, _star_rank, *map(_rank_in, _ranks())):
        if ranked := _ranked(rank, spelling):
            return ranked
    # Points beside the words do not tell which is the best, as 1 is in some schools; words do.
    bare = {_POINTS.sub("", word).strip(): spelled for word, spelled in spelling.items()}
    if len(bare) == len(spelling) and bare.keys() != spelling.keys() and all(bare):
        known = known_order(bare)
        return tuple(bare[word] for word in known) if known and {*known} <= bare.keys() else None
    return None


def _sorted(ranks: Mapping[str, int], spelling: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(spelling[word] for word in sorted(ranks, key=ranks.__getitem__))


def _ranked(
    rank: Callable[[str], int | None], spelling: Mapping[str, str]
) -> tuple[str, ...] | None:
    """The words by rank; None where one has none, or two have the same."""
    ranks = {word: at for word in spelling if (at := rank(word)) is not None}
    if len(ranks) < len(spelling) or len(set(ranks.values())) < len(ranks):
        return None
    return _sorted(ranks, spelling)


def _letter_rank(word: str) -> int | None:
    """A to G and U (unclassified), A the best; with plus, minus or a star."""
    found = _LETTERS.fullmatch(re.sub("[\u2212\u2010\u2013]", "-", word))
    if found is None:
        return None
    return 4 * "ugfedcba".index(found[1]) + ("-", "", "+", "*").index(found[2])


def _star_rank(word: str) -> int | None:
    return len(word) if _STARS.fullmatch(word) else None


def _numbered_rank(word: str) -> int | None:
    """Of "Level 3", "Stufe 2", "4 stars": the number."""
    key = _key(word)
    found = _NUMBERED.fullmatch(key) or _NUMBERED_AFTER.fullmatch(key)
    return int(found[1]) if found else None


def _rank_in(order: Mapping[str, int]) -> Callable[[str], int | None]:
    return lambda word: order.get(_key(word))


@cache
def _ranks() -> tuple[dict[str, int], ...]:
    """Each known order as word → rank."""
    lines = _ORDERS.read_text(encoding="utf-8").splitlines()
    orders = [line.split(" < ") for line in lines if not line.startswith("#")]
    return tuple(
        {_key(word): at for at, rank in enumerate(order) for word in rank.split("|")}
        for order in orders
    )


def _key(word: str) -> str:
    """What makes two spellings the same word."""
    word = unicodedata.normalize("NFC", word).casefold()
    # A Turkish I has a dot or none, which case folding does not know.
    word = word.replace("\u0131", "i").replace("i\u0307", "i").replace("\u2019", "'")
    return " ".join(re.sub(r"[\s_\-/.!]+", " ", word).split())
