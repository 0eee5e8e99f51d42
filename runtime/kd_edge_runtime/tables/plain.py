"""Words as people mean them: without case, accents, and what is put between words."""

from __future__ import annotations

# Letters that are not a letter and a mark; the rest is Unicode's to take apart.
_LETTERS = {"\u0131": "i", "ł": "l", "ø": "o", "œ": "oe", "æ": "ae"}


def plain(words: str) -> str:
    """Words for comparison: "Réponse (texte)" is "reponsetexte".

    Only letters and digits are left, without case and accents; a Turkish dotless i is an i. What
    has neither letters nor digits is left as it is.
    """
    if not words.isascii():
        from unicodedata import normalize  # rarely needed: a start must stay cheap

        words = normalize("NFKD", words.casefold())
        for letter, usual in _LETTERS.items():
            words = words.replace(letter, usual)
    return "".join(filter(str.isalnum, words.casefold())) or words
