"""Variants: new responses composed of real ones, for the teacher to score.

A variant need not deserve the score of its originals, because the teacher scores it. On ASAP-SAS
variants bring nearly the whole gain of distillation (`benchmarks/README.md`). They depend on texts
and seed only, and are the same on every machine.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from kd_edge.data.responses import Responses, Row
from kd_edge_runtime.errors import InputError

_PER_ROW, _FEWEST, _MOST = 40, 20_000, 50_000
_ATTEMPTS = 20  # at a variant that is new
_MOST_MISSPELLED = 3
_SHORTEST_MISSPELLED = 4  # letters
_CLAUSE_END = re.compile(r"(?<=[.!?])\s+|\s*[,;]\s+(?=(?:and|but|then|also)\b)|\n")
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

Maker = Callable[[random.Random, Sequence[str]], str]


def make_variants(texts: Sequence[str], count: int, seed: int) -> list[str]:
    """Make new responses from real ones.

    Args:
        texts: real responses; blank ones are skipped.
        count: how many, >= 0.
        seed: seed of the random choices.

    Returns:
        `count` responses with single spaces between the words, none empty. As far as
        the texts allow, no two are equal and none equals a real response. With the same seed, a
        smaller count gives the first ones of a larger count.

    Raises:
        InputError: every text is blank.
    """
    real = [_single_spaced(text) for text in texts]
    sources = [text for text, clean in zip(texts, real) if clean]
    if not sources:
        raise InputError("there is no response with any text to make variants from.")
    rng = random.Random(seed)
    seen = set(real)
    variants = []
    for _ in range(count):
        variants.append(_make_variant(rng, sources, seen))
        seen.add(variants[-1])
    return variants


def variant_sources(rows: Sequence[Row]) -> list[str]:
    """The texts to make variants from; those of rare classes are repeated.

    Where nine of ten responses have one score, nearly all variants would have it too, and a
    student would hardly see the others. A class is repeated by the square root of how many times
    rarer it is than the most frequent one: on ASAP-SAS prompt 5, with 77 % zeros, the same
    number of variants then helps far more (`benchmarks/README.md`).

    Args:
        rows: the rows to learn from, each with a score.

    Returns:
        The texts in the order of the rows, each one or more times.
    """
    counts = Counter(row.score for row in rows)
    most = max(counts.values(), default=0)
    return [row.text for row in rows for _ in range(round(math.sqrt(most / counts[row.score])))]


def variants_for(rows: int, wanted: int | None) -> int:
    """The number of variants to make from a number of real responses.

    Returns:
        `wanted`; if it is None, 40 a response, at least 20,000 and at most 50,000 (two to seven
        minutes of a small teacher's time). More still helped at either end
        (`benchmarks/README.md`).

    Raises:
        InputError: `wanted` is negative.
    """
    if wanted is None:
        return min(max(_PER_ROW * rows, _FEWEST), _MOST)
    if wanted < 0:
        raise InputError("the number of variants cannot be negative.")
    return wanted


def _make_variant(rng: random.Random, sources: Sequence[str], seen: set[str]) -> str:
    makers, shares = zip(*MIX)
    variant = ""
    for _ in range(_ATTEMPTS):
        (maker,) = rng.choices(makers, weights=shares)
        variant = _single_spaced(maker(rng, sources)) or variant
        if variant and variant not in seen:
            break
    return variant or _single_spaced(rng.choice(sources))


def recombine(rng: random.Random, texts: Sequence[str]) -> str:
    """Some of the clauses of two responses, in any order."""
    parts = _CLAUSE_END.split(rng.choice(texts)) + _CLAUSE_END.split(rng.choice(texts))
    clauses = [clause for clause in parts if clause.strip()]
    rng.shuffle(clauses)
    return " ".join(clauses[: rng.randint(1, len(clauses))])


def drop_span(rng: random.Random, texts: Sequence[str]) -> str:
    """A response without some neighbouring words, at most half of it."""
    words = rng.choice(texts).split()
    start = rng.randrange(len(words))
    end = start + rng.randint(1, max(1, len(words) // 2))
    return " ".join(words[:start] + words[end:])


def drop_words(rng: random.Random, texts: Sequence[str]) -> str:
    """A response without 5 to 30 % of its words, each dropped on its own."""
    share = rng.uniform(0.05, 0.3)
    return " ".join(word for word in rng.choice(texts).split() if rng.random() >= share)


def splice(rng: random.Random, texts: Sequence[str]) -> str:
    """The head of one response and the tail of another."""
    first, second = rng.choice(texts).split(), rng.choice(texts).split()
    return " ".join(first[: rng.randrange(len(first))] + second[rng.randrange(len(second)) :])


def misspell(rng: random.Random, texts: Sequence[str]) -> str:
    """A response with one to three of its longer words misspelled."""
    words = rng.choice(texts).split()
    longer = [
        place
        for place, word in enumerate(words)
        if sum(letter.isalpha() for letter in word) >= _SHORTEST_MISSPELLED
    ]
    rng.shuffle(longer)
    for place in longer[: rng.randint(1, _MOST_MISSPELLED)]:
        words[place] = _misspell_word(rng, words[place])
    return " ".join(words)


def _misspell_word(rng: random.Random, word: str) -> str:
    at = rng.choice([place for place, letter in enumerate(word) if letter.isalpha()])
    before, letter, after = word[:at], word[at], word[at + 1 :]
    kind = rng.randrange(4)
    if kind == 0:  # swapped with the next
        return before + after[:1] + letter + after[1:]
    if kind == 1:  # dropped
        return before + after
    if kind == 2:  # doubled
        return before + letter + letter + after
    return before + _neighbour(rng, letter) + after


def _neighbour(rng: random.Random, letter: str) -> str:
    """A key beside the letter's on a QWERTY keyboard; the letter itself where it has no key."""
    for row in _KEY_ROWS:
        at = row.find(letter.lower())
        if at >= 0:
            beside = rng.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
            return beside.upper() if letter.isupper() else beside
    return letter


MIX: tuple[tuple[Maker, float], ...] = (
    (recombine, 0.30),
    (drop_span, 0.22),
    (drop_words, 0.18),
    (splice, 0.18),
    (misspell, 0.12),
)
"""How variants are composed, each with its share."""


def unlabelled_texts(
    responses: Responses | None, item_id: str, apart: Iterable[Row]
) -> tuple[str, ...]:
    """An item's responses without a score, in the order of the file, each once, none blank.

    Args:
        responses: the responses without scores; scores that they have are ignored; None for none.
        item_id: the item.
        apart: the item's own rows. Responses with the same text as one of them are left out:
            scored ones are trained on anyway, and a student must not be trained on responses
            that it is measured on.
    """
    if responses is None:
        return ()
    left_out = {"", *(_single_spaced(row.text) for row in apart)}
    texts = dict.fromkeys(
        _single_spaced(row.text)
        for item in responses.items
        if item.item_id == item_id
        for row in item.rows
    )
    return tuple(text for text in texts if text not in left_out)


def texts_to_label(
    rows: list[Row], unlabelled: tuple[str, ...], wanted: int | None, seed: int
) -> list[str]:
    """The texts that the teacher scores besides the rows: unlabelled ones, then variants of both.

    See `variants_for` for how many variants are wanted.

    Raises:
        InputError: `wanted` is negative, or every text is blank.
    """
    count = variants_for(len(rows) + len(unlabelled), wanted)
    if not count:
        return [*unlabelled]
    sources = [*variant_sources(rows), *unlabelled]
    return [*unlabelled, *make_variants(sources, count, seed)]


def _single_spaced(text: str) -> str:
    return " ".join(text.split())
