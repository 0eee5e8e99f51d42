"""What FORMAT.md says, written again as slowly and plainly as can be: for tests to compare with."""

from __future__ import annotations

import unicodedata
import zlib
from math import exp, sqrt

from kd_edge_runtime.students.bag import BagStudent
from kd_edge_runtime.text.vocabulary import BagVocabulary

# Letters that Unicode does not take apart, and what they are read as.
UNDIVIDED = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "ø": "o",
    "đ": "d",
    "ħ": "h",
    "ı": "i",
    "ł": "l",
    "ŧ": "t",
    "ĸ": "k",
    "ŋ": "n",
    "ƒ": "f",
    "ς": "σ",
    "·": "",
    "ʼ": "",
}
FOLDED = ((0x00C0, 0x024F), (0x0370, 0x052F), (0x1E00, 0x1FFF))

_DELETED = {0x27, 0x60, 0xB4, 0x2BC, 0x2018, 0x2019, 0x201B, 0x2032, 0xAD, 0xFEFF}
_READ_AS = {
    0xD7: " * ",
    0xF7: " / ",
    0x2044: " / ",
    0x2215: " / ",
    0x2192: " > ",
    0x2153: " 1 / 3 ",
    0x2154: " 2 / 3 ",
    0x215B: " 1 / 8 ",
    0xFF05: " % ",
    0xFF0A: " * ",
    0xFF0B: " + ",
    0xFF0F: " / ",
    0xFF1C: " < ",
    0xFF1D: " = ",
    0xFF1E: " > ",
    0x2190: " < ",
    0x2264: " < = ",
    0x2265: " > = ",
    0xBC: " 1 / 4 ",
    0xBD: " 1 / 2 ",
    0xBE: " 3 / 4 ",
    0xB5: "\u03bc",
    0x2126: "\u03c9",
    0x212A: "k",
    0x212B: "a",
    0xB9: "1",
    0xB2: "2",
    0xB3: "3",
    0x2070: "0",
    **{0x2070 + digit: str(digit) for digit in range(4, 10)},
    **{0x2080 + digit: str(digit) for digit in range(10)},
}
_SEPARATORS = (
    (0x80, 0xBF),
    (0x1680, 0x1680),
    (0x2000, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x303F),
    (0xD800, 0xF8FF),
    (0xFE00, 0xFE6F),
    (0xFF00, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFF0, 0xFFFF),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0x10FFFF),
)
_SIGNS = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFF))


def fold(char: str) -> str:
    """A letter without case and marks, by this Python's Unicode tables."""
    for _ in range(4):
        apart = unicodedata.normalize("NFKD", char.lower())
        bare = "".join(one for one in apart if not 0x300 <= ord(one) <= 0x36F)
        char = "".join(UNDIVIDED.get(one, one) for one in bare)
    return char


def is_folded(code: int) -> bool:
    """Whether rules 1 fold this code point by the table of letters."""
    return any(first <= code <= last for first, last in FOLDED) and unicodedata.category(
        chr(code)
    ).startswith("L")


def read_as(char: str) -> str:
    """What one character is read as."""
    code = ord(char)
    if code in _DELETED or 0x300 <= code <= 0x36F:
        return ""
    if code in _READ_AS:
        return _READ_AS[code]
    if code < 0x80:
        if char in "+*/=<>%":
            return f" {char} "
        return char.lower() if char.isalnum() else " "
    if is_folded(code):
        return fold(char)
    if any(first <= code <= last for first, last in _SEPARATORS):
        return " "
    if 0xFF10 <= code <= 0xFF5A:
        return chr(code - 0xFEE0).lower()
    if any(first <= code <= last for first, last in _SIGNS):
        return f" {char} "
    return char


def words(text: str) -> list[str]:
    """The words of a text, by rules 1."""
    return [word for word in "".join(map(read_as, text)).split(" ") if word]


def rows(vocabulary: BagVocabulary, text: str) -> list[int]:
    """The rows of the table that a text has, one for each n-gram: words, grams, pairs."""
    word_codes, gram_codes = list(vocabulary.words), list(vocabulary.grams)
    found: list[int] = []
    places: list[int | None] = []
    runs: list[int] = []
    for word in words(text):
        code = zlib.crc32(b"w" + word[:40].encode())
        places.append(word_codes.index(code) if code in word_codes else None)
        marked = "<" + word[:40] + ">"
        for start in range(len(marked) - vocabulary.gram + 1 if vocabulary.gram else 0):
            run = zlib.crc32(b"g" + marked[start : start + vocabulary.gram].encode())
            if run in gram_codes:
                runs.append(len(word_codes) + gram_codes.index(run))
    found += [place for place in places if place is not None]
    found += runs
    pairs = list(vocabulary.pairs)
    for first, second in zip(places, places[1:], strict=False):
        if first is not None and second is not None and first * 65536 + second in pairs:
            found.append(len(word_codes) + len(gram_codes) + pairs.index(first * 65536 + second))
    return found


def probabilities(student: BagStudent, text: str) -> list[float]:
    """The probability of each class."""
    weights, found = student.weights, rows(student.vocabulary, text)
    hidden = []
    for d in range(weights.dimensions):
        total = 0
        for row in found:
            byte = weights.table[row * weights.dimensions + d]
            total += byte - 256 if byte > 127 else byte
        mean = total * weights.scale[d] / sqrt(max(len(found), 1))
        hidden.append(max(0.0, mean + weights.bias[d]))
    logits = [
        bias + sum(one * other for one, other in zip(row, hidden, strict=True))
        for row, bias in zip(weights.head, weights.head_bias, strict=True)
    ]
    powers = [exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]
