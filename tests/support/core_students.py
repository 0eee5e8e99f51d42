"""Random students of both kinds in memory, to hold the core against plain Python.

Their vocabularies come from the texts that they will score, so that much of these is known.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kd_edge_runtime.bundle.manifest import (
    MOST_PROBABLE,
    NEAREST_EXPECTED,
    Flags,
    ItemEntry,
)
from kd_edge_runtime.flags import pair_code
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text import words_by
from kd_edge_runtime.text.vocabulary import MAX_WORD, grams, hash_gram, hash_word

# What responses are put together from: likely words, and what rules treat in special ways.
# fmt: off
WORDS = (
    "the", "ice", "melts", "since", "it", "is", "warmer", "than", "room", "no", "not",
    "never", "don't", "cannot", "without", "nothing", "water", "heat", "energy", "scarf",
    "keeps", "x=5", "5%", "1/2", "½", "¾", "≤", "→", "2×3", "CO₂", "straße", "Ǆ", "naïve",
    "Ωmega", "ﬁve", "thermometer", "αβγ", "Ёлка", "ẚ", "中文字", "ひらがな", "가나다", "ไทย",
    "हिन्दी", "العربية", "𝒳𝒴", "🙂", "ｆｕｌｌ＋１", "“quoted”", "-5", "a,b;c", "ͺ",
    "e\u0301a\u0300", "soft\u00adhyphen", "\u200b", "\ufeff",
)
# fmt: on


@dataclass
class Members:
    """Members of a bundle in memory."""

    members: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """The bytes of a member."""
        return self.members[name]


def text(rng: random.Random, longest: int = 40) -> str:
    """A response: words and separators of many kinds, now and then very long ones."""
    parts = []
    for _ in range(rng.randrange(longest + 1)):
        kind = rng.random()
        if kind < 0.8:
            parts.append(rng.choice(WORDS))
        elif kind < 0.9:
            parts.append(rng.choice(WORDS)[:2] * rng.randrange(1, 60))
        else:
            last = rng.choice((0x7F, 0x24F, 0x52F, 0x2FFF, 0xFFFF, 0x10FFFF))
            parts.append("".join(chr(rng.randrange(last + 1)) for _ in range(rng.randrange(1, 9))))
        parts.append(rng.choice((" ", " ", " ", ", ", "-", "", "\n", "\u3000", "'")))
    return "".join(parts)


def student(
    rng: random.Random, texts: Sequence[str], kind: str = "bag", rules: int = 1
) -> LoadedItem:
    """A student with random numbers of everything."""
    dimensions, classes = rng.choice((1, 3, 7, 8, 10, 16, 24, 33)), rng.choice((2, 3, 4, 5, 9))
    gram = rng.choice((0, 1, 2, 3, 4, 4, 4, 5, 42, 43, 60))
    words = words_by(rules)
    found = [words(one) for one in texts]
    vocabulary, sizes = _vocabulary(rng, found, gram)
    rows = sum(sizes) + (3 * sizes[0] if kind == "pairs" else 0)
    table = rng.randbytes(rows * dimensions)
    strength = rng.choice((0.01, 0.1, 1.0))
    floats = _floats(rng, dimensions * (2 + classes) + classes, strength)
    members = {"network": table + floats, "vectorizer": vocabulary}
    if kind == "pairs":
        members["network"] = vocabulary + _floats(rng, 13 * dimensions, strength) + table + floats
        members["vectorizer"] = question(rng, found)
    entry = ItemEntry(
        item_id="item",
        student=kind,
        classes=(*map(str, range(classes)),),
        values=(*range(classes),),
        decision=rng.choice((MOST_PROBABLE, NEAREST_EXPECTED)),
        parameters=0,
        text={
            "rules": rules,
            "gram": gram,
            "sizes": sizes,
            "dimensions": dimensions,
            "relation": 1,
        },
        forms={"plain-int8": "network"},
        vectorizer="vectorizer",
        golden="golden",
        flags=_flags(rng, found, kind),
    )
    return LoadedItem(Members(members), _worth(rng, entry))


def _worth(rng: random.Random, entry: ItemEntry) -> ItemEntry:
    number, kind = len(entry.classes), rng.randrange(4)
    if kind == 0:
        return replace(entry, values=(*range(number, 0, -1),))
    if kind == 1:
        return replace(entry, values=(*sorted(rng.sample(range(-9, 30), number)),))
    if kind == 2:
        points = sorted(rng.sample([at / 4 for at in range(-20, 60)], number))
        return replace(entry, points=(*points,) if rng.random() < 0.5 else (*points[::-1],))
    return entry


def _flags(rng: random.Random, found: Sequence[list[str]], kind: str) -> Flags:
    prompt: set[int] = set()
    for one in rng.sample(found, min(3, len(found))):
        prompt.update(map(pair_code, one, one[1:]))
    return Flags(
        review=rng.choice((0.0, 0.4, 0.9)),
        longest=rng.choice((0, 0, 20, 60)),
        distinct=rng.choice((0.0, 0.3, 0.9, 1.6, 2.5)),
        known=rng.choice(((), (3.0, -1.0, 1.0), (2.0, -4.0, 6.0))) if kind == "bag" else (),
        prompt=(*sorted(prompt),) if rng.random() < 0.7 else (),
    )


def _vocabulary(
    rng: random.Random, found: Sequence[list[str]], gram: int
) -> tuple[bytes, list[int]]:
    known = sorted({hash_word(word) for one in found for word in one if rng.random() < 0.7})
    place = {code: at for at, code in enumerate(known)}
    runs = {
        hash_gram(run)
        for one in found
        for word in one
        for run in grams(word[:MAX_WORD], gram)
        if rng.random() < 0.5
    }
    pairs = set()
    for one in found:
        for first, second in zip(map(hash_word, one), map(hash_word, one[1:])):
            if first in place and second in place and rng.random() < 0.5:
                pairs.add(place[first] << 16 | place[second])
    return numbers([*known, *sorted(runs), *sorted(pairs)]), [len(known), len(runs), len(pairs)]


def question(rng: random.Random, words: Sequence[list[str]]) -> bytes:
    """A question's member; its references are beginnings of responses."""
    found = [one for one in words if one] or [["ice"]]
    asked = sorted({hash_word(word) for word in rng.choice(found)[:8]})
    references = [rng.choice(found)[: rng.randrange(1, 20)] for _ in range(rng.randrange(1, 5))]
    lists: list[list[int]] = [asked, [len(references)]]
    for one in references:
        lists.append([*map(hash_word, one)])
        lists.append(sorted({hash_gram(run) for word in one for run in grams(word, 4)}))
    codes = {hash_word(word) for one in references for word in one}
    lists.append([rng.choice((1, 2, 1000, (1 << 32) - 1)) for _ in codes])
    return numbers([number for one in lists for number in (len(one), *one)])


def numbers(values: Iterable[int]) -> bytes:
    """Unsigned 32-bit numbers, as members hold them."""
    listed = [*values]
    return struct.pack(f"<{len(listed)}I", *listed)


def _floats(rng: random.Random, number: int, strength: float) -> bytes:
    return struct.pack(f"<{number}f", *(rng.gauss(0, strength) for _ in range(number)))


def scores(item: LoadedItem, texts: Sequence[str], backend: str, **options: Any) -> list[Any]:
    """The scores of texts by a backend that is named."""
    from kd_edge_runtime import backends
    from kd_edge_runtime.scorer import _Item

    return _Item(item, backend, backends.load(item, backend), None).scores(texts, **options)
