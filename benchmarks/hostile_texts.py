"""Texts that are made to harm whoever reads them: random, and none of a student."""

from __future__ import annotations

import random

_WORDS = ("the", "ice", "melts", "warm", "water", "pot", "it", "because", "stove", "spoon", "gets")
# One of each of these is drawn before a character of it: ends of planes, marks, what parts words.
_RANGES = (
    *((0x00, 0x20), (0x20, 0x7F), (0x20, 0x7F), (0x7F, 0x100), (0x100, 0x250), (0x300, 0x370)),
    *((0x370, 0x600), (0x600, 0x900), (0xE00, 0xE80), (0x1100, 0x1200), (0x1E00, 0x2000)),
    *((0x2000, 0x2070), (0x20D0, 0x2100), (0x2100, 0x2200), (0x3000, 0x3100), (0x4E00, 0x9FFF)),
    *((0xAC00, 0xD7A4), (0xD800, 0xE000), (0xE000, 0xF8FF), (0xF900, 0x10000), (0x1F300, 0x1FAFF)),
    *((0x1D400, 0x1D7FF), (0x20000, 0x2FA20), (0xE0000, 0xE0200), (0x10FF00, 0x110000)),
)
_PIECES = (
    *("", " ", "\0", "\r\n", "\u2028", "\ufeff", "\u200d", "\u202e", "\ud800", "\udfff\ud800"),
    *(
        "[SEP]",
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "##er",
        "</s>",
        "<|endoftext|>",
        "&amp;",
        "&#0;",
        "&#x110000;",
    ),
    *(
        "<script>alert(1)</script>",
        "<!--",
        "=cmd|'/c calc'!A0",
        "'; DROP TABLE items;--",
        "../../etc",
    ),
    *("%s%n{0}", "\x1b[2J", "0x1p4", "1e400", "-0", "NaN", "9" * 50, "İ", "ß", "ﬁ", "ǅ", "ͅ", "क्षि"),
    *(
        "👩‍👩‍👧‍👦",
        "e\u0301\u0323",
        "\u1100\u1161\u11a8",
        "가",
        "x" * 41,
        "—",
        "\u2019",
        "½",
        "²",
        "Ⅷ",
        "\uff0e",
    ),
)


def text(rng: random.Random) -> str:
    """One text: mostly short, one in 500 long."""
    longest = rng.choice((2, 8, 8, 20, 20, 60)) if rng.random() > 0.002 else 5000
    return "".join(_piece(rng) for _ in range(rng.randrange(longest + 1)))


def _piece(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(_WORDS) + rng.choice((" ", " ", " ", "", ". ", "-", "\n"))
    if kind < 0.65:
        return rng.choice(_PIECES)
    if kind < 0.7:
        return rng.choice(_PIECES) * rng.choice((2, 40))
    first, last = rng.choice(_RANGES)
    return "".join(chr(rng.randrange(first, last)) for _ in range(rng.choice((1, 1, 3, 12))))
