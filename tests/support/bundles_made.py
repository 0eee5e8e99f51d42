"""Small bundles for tests, made of sentences written for them and of seeded weights.

The same call makes the same bytes. No network here has learnt anything.
"""

from __future__ import annotations

import hashlib
from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from kd_edge_export.bundle import ItemParts, write_bundle
from kd_edge_export.form_writers import BAG_FORMS, bag_forms
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.quantize import BagArrays, quantize
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.bundle.manifest import MOST_PROBABLE, NEAREST_EXPECTED, Manifest
from kd_edge_runtime.students import bag
from kd_edge_runtime.text.rules import words
from kd_edge_runtime.text.vocabulary import BagVocabulary, code_array, grams, hash_gram, hash_word

SENTENCES = (
    "The water in the pot gets warm because the stove heats it.",
    "The ice melts since the room is warmer than the ice.",
    "It would take longer if the pot were larger.",
    "The lid keeps the warm air in the pot.",
    "They need to know how much water there was at the start.",
    "The thermometer shows the same at the start and at the end.",
    "The metal spoon gets warm faster than the wooden spoon.",
    "Because the metal lets the heat through, the spoon gets warm.",
)
GRAM = 4
DIMENSIONS = 8
SCORES = ("0", "1", "2", "3")
WORDS = ("wrong", "partly", "right")
CREATED = "2026-01-01T00:00:00Z"
CARD = "# A test bundle\n\nIts network is random: it scores nothing.\n"

_MOST_WORDS = 24
_MOST_GRAMS = 24
_MOST_PAIRS = 12


@cache
def vocabulary(gram: int = GRAM) -> BagVocabulary:
    """The commonest n-grams of `SENTENCES`: 24 words, 24 grams, 12 pairs."""
    found = [words(sentence) for sentence in SENTENCES]
    known = _commonest([word for one in found for word in one], _MOST_WORDS)
    runs = [run for one in found for word in one for run in grams(word, gram)]
    pairs = [pair for one in found for pair in zip(one, one[1:]) if {*pair} <= {*known}]
    codes = sorted(map(hash_word, known))
    place = {code: at for at, code in enumerate(codes)}
    return BagVocabulary(
        gram,
        code_array(codes),
        code_array(sorted(map(hash_gram, _commonest(runs, _MOST_GRAMS)))),
        code_array(
            sorted(
                place[hash_word(first)] << 16 | place[hash_word(second)]
                for first, second in _commonest(pairs, _MOST_PAIRS)
            )
        ),
    )


def _commonest(things: Sequence, most: int) -> list:
    ranked = sorted(Tally(things).items(), key=lambda one: (-one[1], one[0]))
    return [thing for thing, _ in ranked[:most]]


def arrays(size: int, classes: int, seed: int, dimensions: int = DIMENSIONS) -> BagArrays:
    """A network's numbers before they are quantized."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return BagArrays(
        table=normal(size, dimensions),
        bias=normal(dimensions) / 2,
        head=normal(classes, dimensions),
        head_bias=normal(classes) / 2,
    )


@cache
def student(classes: int = 4, seed: int = 1, gram: int = GRAM) -> bag.BagStudent:
    """A bag student with random weights."""
    known = vocabulary(gram)
    return bag.BagStudent(known, quantize(arrays(known.size, classes, seed)))


@cache
def item(
    item_id: str = "stove",
    classes: tuple[str, ...] = SCORES,
    decision: str = NEAREST_EXPECTED,
    seed: int = 1,
) -> ItemParts:
    """An item whose golden outputs are the plain backend's."""
    made = student(len(classes), seed)
    inputs = golden_inputs(SENTENCES[:3])
    rows = PlainModel(made).probabilities(inputs)
    vectorizer = made.vocabulary.to_bytes()
    tied = hashlib.sha256(vectorizer).hexdigest()
    forms = bag_forms(made.weights, item_id, tied, BAG_FORMS)
    return ItemParts(
        item_id=item_id,
        student="bag",
        classes=classes,
        values=tuple(range(len(classes))),
        decision=decision,
        parameters=made.weights.parameters,
        text={
            "rules": 1,
            "gram": made.vocabulary.gram,
            "sizes": made.vocabulary.sizes,
            "dimensions": made.weights.dimensions,
        },
        vectorizer=("vocabulary.bin", vectorizer),
        forms=forms,
        golden=golden_json(inputs, dict.fromkeys(forms, rows)),
    )


def with_other_vocabulary(gram: int) -> ItemParts:
    """The item with other n-grams than its graphs know: of runs of 5 as many, of 9 fewer."""
    whole, known = item(), vocabulary(gram)
    return replace(
        whole,
        text={**whole.text, "gram": gram, "sizes": known.sizes},
        vectorizer=("vocabulary.bin", known.to_bytes()),
    )


def two_items() -> tuple[ItemParts, ItemParts]:
    """Two items of different classes, the second with class words."""
    return item(), item("spoon", WORDS, MOST_PROBABLE, 2)


def write(path: Path, items: Sequence[ItemParts] = ()) -> Manifest:
    """Writes a bundle of these items, by default of one."""
    by = {"kd-edge": "0.1.0"}
    return write_bundle(path, items or [item()], CARD, CREATED, by, {"made_by": "tests"})
