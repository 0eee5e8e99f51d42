"""Which n-grams a student knows."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from kd_edge.students.sharing import Sharing
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.vocabulary import (
    MAX_WORD,
    MAX_WORDS,
    BagVocabulary,
    code_array,
    grams,
    hash_gram,
    hash_word,
)

if TYPE_CHECKING:
    from kd_edge.students.bag import BagOptions


_Ngram = tuple[str, ...]  # a word or a run of characters, or the two words of a pair


def choose_vocabulary(
    texts: Sequence[str],
    options: BagOptions,
    sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
) -> BagVocabulary:
    """The n-grams that most responses share.

    Args:
        texts: the responses to learn from; variants of them add no n-gram worth knowing.
        options: how many, and of what kinds.
        sharing: how it is counted who shares an n-gram.

    Returns:
        A vocabulary of at most `options.ngrams`. A pair's words are always among the words,
        since no pair is in more responses than its words are.
    """
    words = words_by(options.rules)
    without = sharing.kept_out.without(words)
    read = [[word and word[:MAX_WORD] for word in without(words(text))] for text in texts]
    tallies: tuple[Tally[_Ngram], ...] = (
        sharing.tally(_words(one) for one in read),
        sharing.tally(_grams(one, options.gram) for one in read),
        sharing.tally(_pairs(one) for one in read),
    )
    # Ties go to words first, so that every chosen pair finds its words chosen.
    ranked = sorted(
        (-count, kind, ngram)
        for kind, tally in enumerate(tallies)
        for ngram, count in tally.items()
        if count >= options.min_responses
    )[: min(options.ngrams, MAX_WORDS)]
    chosen: list[list[_Ngram]] = [[], [], []]
    for _, kind, ngram in ranked:
        chosen[kind].append(ngram)
    word_codes = sorted({hash_word(word) for (word,) in chosen[0]})
    place = {code: at for at, code in enumerate(word_codes)}
    pairs = {place[hash_word(a)] << 16 | place[hash_word(b)] for a, b in chosen[2]}
    return BagVocabulary(
        gram=options.gram,
        words=code_array(word_codes),
        grams=code_array(sorted({hash_gram(gram) for (gram,) in chosen[1]})),
        pairs=code_array(sorted(pairs)),
        rules=options.rules,
    )


def _words(words: Sequence[str | None]) -> set[_Ngram]:
    """A text's words."""
    return {(word,) for word in words if word}


def _pairs(words: Sequence[str | None]) -> set[_Ngram]:
    """The pairs of neighbours among a text's words."""
    return {(first, second) for first, second in pairwise(words) if first and second}


def _grams(words: Sequence[str | None], length: int) -> set[_Ngram]:
    """The runs of characters in a text's words."""
    return {(gram,) for word in {*words} if word for gram in grams(word, length)}
