"""The bag student's vocabulary: which n-grams it knows, as hashes and never as words.

A response is seen as counts of three kinds of n-grams, each kind with its own table:

- words, by hash;
- grams: the runs of `gram` characters inside a word written as ``<word>``, by hash;
- pairs: two known words, one right after the other.

A pair names its words by their place in the word table, so that it needs no hash of
its own and nothing unknown can look like one. Every kind adds up over the words
of a response: that is what makes a plain-Python score cheap and exact.
FORMAT.md describes the bytes.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from itertools import repeat
from operator import ge

from kd_edge_runtime._light_stdlib import TYPE_CHECKING, dataclass
from kd_edge_runtime.errors import BundleError
from kd_edge_runtime.text import words_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

# The first letter of what is hashed keeps the word "cat" apart from the gram "cat".
_WORD = zlib.crc32(b"w")
_GRAM = zlib.crc32(b"g")

# A longer word is hashed by its beginning: keyboard noise must not cost more than writing.
MAX_WORD = 40

# A pair is stored as two 16-bit places.
MAX_WORDS = 1 << 16


def hash_word(word: str) -> int:
    """The 32-bit hash of a word: the CRC-32 of ``w`` and its first `MAX_WORD` letters, UTF-8."""
    return zlib.crc32(word[:MAX_WORD].encode(), _WORD)


def hash_gram(gram: str) -> int:
    """The 32-bit hash of a run of characters: the CRC-32 of ``g`` and the run, UTF-8."""
    return zlib.crc32(gram.encode(), _GRAM)


def grams(word: str, length: int) -> Iterator[str]:
    """The runs of `length` characters in ``<word>``; none if it is shorter or `length` is 0."""
    if length:
        marked = f"<{word[:MAX_WORD]}>"
        for start in range(len(marked) - length + 1):
            yield marked[start : start + length]


class GramHashes:
    """`hash_gram` of all `grams` of a word, in their order.

    Args:
        length: of the runs.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        starts = range(MAX_WORD + 3 - length if length else 0)
        self._runs = [slice(start, start + length) for start in starts]

    def __call__(self, word: str) -> Iterable[int]:
        """The hashes of one word's runs."""
        marked = f"<{word[:MAX_WORD]}>"
        if not marked.isascii():
            return map(hash_gram, grams(word, self._length))
        # Where a letter is a byte, a loop in C.
        number = max(len(marked) - self._length + 1, 0)
        return map(zlib.crc32, map(marked.encode().__getitem__, self._runs[:number]), repeat(_GRAM))


@dataclass(frozen=True)
class BagVocabulary:
    """The n-grams a bag student knows, each with its place in the student's table.

    The rows of the table are in the order of the fields: words, grams, pairs.

    Attributes:
        gram: length of the character runs, 0 for none.
        words: sorted hashes of words, at most `MAX_WORDS`.
        grams: sorted hashes of character runs.
        pairs: sorted pairs, each ``first << 16 | second`` with places in `words`.
        rules: the number of the text rules that the words come from.
    """

    gram: int
    words: array[int]
    grams: array[int]
    pairs: array[int]
    rules: int = 1

    def reader(self) -> Callable[[str], list[str]]:
        """The function from a response to its words."""
        return words_by(self.rules)

    @property
    def size(self) -> int:
        """How many n-grams there are: the rows of the student's table."""
        return len(self.words) + len(self.grams) + len(self.pairs)

    def word_rows(self) -> dict[int, int]:
        """Row of the table by word hash."""
        return dict(zip(self.words, range(len(self.words))))

    def gram_rows(self) -> dict[int, int]:
        """Row of the table by gram hash."""
        return dict(zip(self.grams, range(len(self.words), self.pairs_start)))

    @property
    def pairs_start(self) -> int:
        """Row of the first pair."""
        return len(self.words) + len(self.grams)

    @property
    def sizes(self) -> list[int]:
        """Entries of words, grams and pairs."""
        return [len(self.words), len(self.grams), len(self.pairs)]

    def to_bytes(self) -> bytes:
        """The three tables, one after the other, as little-endian unsigned 32-bit integers."""
        return b"".join(map(_little_endian, (self.words, self.grams, self.pairs)))

    @classmethod
    def from_bytes(cls, data: bytes, gram: int, sizes: list[int], rules: int = 1) -> BagVocabulary:
        """Reads what `to_bytes` wrote.

        Args:
            data: the three tables.
            gram: see the class.
            sizes: entries of words, grams and pairs.
            rules: see the class.

        Raises:
            BundleError: the bytes do not hold such tables, or a table is not sorted, or a pair
                names a word that is not there.
        """
        if len(sizes) != 3 or min(sizes) < 0 or 4 * sum(sizes) != len(data):
            raise BundleError("the size of the vectorizer does not match the manifest")
        if sizes[0] > MAX_WORDS:
            raise BundleError(f"the vectorizer has more than {MAX_WORDS} words")
        numbers = code_array()
        numbers.frombytes(data)
        if sys.byteorder == "big":  # pragma: no cover - no supported platform
            numbers.byteswap()
        tables = []
        start = 0
        for size in sizes:
            table = numbers[start : start + size]
            start += size
            if any(map(ge, table, table[1:])):
                raise BundleError("a table of the vectorizer is not sorted")
            tables.append(table)
        number = sizes[0]
        if any(pair >> 16 >= number or pair & 0xFFFF >= number for pair in tables[2]):
            raise BundleError("a pair of the vectorizer names a word that is not there")
        return cls(gram, tables[0], tables[1], tables[2], rules)


def code_array(codes: Iterable[int] = ()) -> array[int]:
    """An array of unsigned 32-bit integers."""
    # A C "unsigned int" has 32 bits on every platform that has a Python.
    return array("I", codes)


def _little_endian(table: array[int]) -> bytes:
    if sys.byteorder == "big":  # pragma: no cover - no supported platform
        table = table[:]
        table.byteswap()
    return table.tobytes()
