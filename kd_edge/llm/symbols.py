"""One digit or letter for each score, and finding it in what a model answers.

A server gives probabilities of tokens, not of words. "partly correct" is several tokens, "10" may
be one or two and begins like "1", and "0.5" begins like "0": none of these has a probability that
could be read off. A single digit or capital letter is one token in every vocabulary in use.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

from kd_edge_runtime.errors import InputError

_AROUND = " \t\r\n*_`'\"“”«»()[]{}<>.,:;!|#$\\"
_NAMED = r"(?:score|grade|mark|rating|points?|answer)"
_LINK = r"[\s\"'*_`]*(?:is|of|=|:)?[\s\"'*_`:]*"
_MARKERS = "\N{LOWER ONE EIGHTH BLOCK}\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"  # ▁ Ġ: a space


def symbols_for(classes: Sequence[str]) -> tuple[str, ...]:
    """The symbol of each class: its own name where all are single digits or capital letters.

    Raises:
        InputError: there are more than 26 classes, or fewer than two.
    """
    if not 2 <= len(classes) <= len(ascii_uppercase):
        raise InputError(
            f"a language model can be asked for 2 to {len(ascii_uppercase)} different scores: "
            f"there are {len(classes)}"
        )
    if all(
        len(name) == 1 and name.isascii() and (name.isdigit() or name.isupper()) for name in classes
    ):
        return tuple(classes)
    return tuple(ascii_uppercase[: len(classes)])


def symbol_of_token(token: str, symbols: Sequence[str]) -> int | None:
    """The place of the symbol that a token is, with or without a space before it."""
    plain = token.strip().lstrip(_MARKERS).strip()
    return symbols.index(plain) if plain in symbols else None


def read_score(text: str, symbols: Sequence[str], classes: Sequence[str]) -> int | None:
    """The class that an answer gives; None where it gives none, or more than one.

    Taken are a symbol with which the answer begins ("2", "**B**. Because …", "2/3"), the name of a
    class alone, and "score: 2" or the like, if the answer says so of one symbol only. Not taken are
    other numbers ("2.5", "12"), and letters that begin a sentence ("A good answer").
    """
    answer = without_thoughts(text)
    bare = answer.strip(_AROUND)
    names = [name.casefold() for name in classes]
    if bare.casefold() in names:
        return names.index(bare.casefold())
    either = "|".join(map(re.escape, symbols))
    # Of a letter the sentence must not go on; of a digit the number must not.
    end = r"(?![.,]?\d|\w)" if symbols[0].isdigit() else r"(?=[ \t]*(?:[^\w\s]|$|\n))"
    begins = re.match(rf"({either}){end}", answer.lstrip(_AROUND))
    if begins:
        return symbols.index(begins[1])
    said = {found[1] for found in re.finditer(rf"(?i:\b{_NAMED}){_LINK}({either}){end}", answer)}
    return symbols.index(said.pop()) if len(said) == 1 else None


def without_thoughts(text: str) -> str:
    """An answer without what a model thought aloud before it."""
    return text.rpartition("</think>")[2]
