"""Whether the responses' words are unlike what the text rules can cut."""

from __future__ import annotations

from collections.abc import Iterable

from kd_edge_runtime.text import words_by

# Hardly a word of any language is as long; of a run of letters without spaces most words are.
_LONG = 25

# Scripts that are written without spaces, and that no text rules cut.
_UNCUT = {
    "Yi": (0xA000, 0xA4CF),
    "New Tai Lue": (0x1980, 0x19DF),
    "Tai Le": (0x1950, 0x197F),
    "Tai Tham": (0x1A20, 0x1AAF),
    "Tai Viet": (0xAA80, 0xAADF),
    "Balinese": (0x1B00, 0x1B7F),
    "Javanese": (0xA980, 0xA9DF),
    "Batak": (0x1BC0, 0x1BFF),
    "Tangut": (0x17000, 0x18AFF),
}


def word_doubt(texts: Iterable[str], rules: int) -> str | None:
    """A line on words that a student of n-grams cannot tell apart; None where there is no doubt.

    Args:
        texts: the responses.
        rules: the number of the text rules.

    Returns:
        What is odd, where it is so of most words, by their letters. No response is quoted.
    """
    letters = long = 0
    uncut = dict.fromkeys(_UNCUT, 0)
    read = words_by(rules)
    for text in texts:
        for word in read(text):
            letters += len(word)
            if len(word) > _LONG:
                long += len(word)
            if word > "\u1900":
                for script, (first, last) in _UNCUT.items():
                    uncut[script] += len(word) * (first <= ord(word[0]) <= last)
    script = max(uncut, key=lambda name: uncut[name])
    if 2 * uncut[script] > letters:
        return (
            f"the responses are in {script}, which is written without spaces and not cut into "
            "words: right and wrong may look alike to a small model of n-grams"
        )
    if 2 * long > letters:
        return (
            f"most words have more than {_LONG} characters, as if the spaces were missing: right "
            "and wrong may look alike to a small model of n-grams"
        )
    return None
