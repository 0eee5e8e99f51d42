"""A bundle of the default size that has learnt nothing, for figures that do not depend on it.

Its vocabulary is that of the sample responses, so that English hits it as often as it hits a
real one; its weights are random.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from kd_edge.students.bag import BagOptions
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export.bundle import ItemParts, write_bundle
from kd_edge_export.form_writers import BAG_FORMS, bag_forms
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.quantize import BagArrays, quantize
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED
from kd_edge_runtime.students.bag import BagStudent
from kd_edge_runtime.text.vocabulary import BagVocabulary, code_array

SEED = 0
CLASSES = ("0", "1", "2", "3")
_SAMPLE = Path(__file__).parent.parent / "kd_edge" / "sample"
_ITEM = "made"


def sample_texts() -> list[str]:
    """The responses of the sample items, in their order."""
    texts = []
    for path in sorted(_SAMPLE.glob("*/responses.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    return texts


def write(path: Path) -> None:
    """Writes the bundle: 3,500 n-grams, 8 dimensions, 4 classes, in every form."""
    card = "# A bundle for benchmarks\n\nIts network is random: it scores nothing.\n"
    made_by = {"made_by": "benchmarks"}
    item = item_of(choose_vocabulary(sample_texts(), BagOptions(min_responses=1)), _ITEM, BAG_FORMS)
    write_bundle(path, [item], card, "2026-01-01T00:00:00Z", {"kd-edge": "0.1.0"}, made_by)


def made_item(item_id: str, ngrams: int = 3500, seed: int = SEED) -> ItemParts:
    """The item in its plain form alone, with as many n-grams as asked for.

    Those of the sample first; then n-grams of no text, a third of them pairs.
    """
    return item_of(_vocabulary(ngrams), item_id, ("plain-int8",), seed)


@cache
def _vocabulary(ngrams: int) -> BagVocabulary:
    known = choose_vocabulary(sample_texts(), BagOptions(min_responses=1, ngrams=min(ngrams, 3500)))
    rng = np.random.default_rng(SEED)
    more = max(ngrams - known.size, 0)
    words = _more(known.words, min(more // 3, 30_000), rng)
    place = {code: at for at, code in enumerate(words)}
    pairs = {
        place[known.words[pair >> 16]] << 16 | place[known.words[pair & 0xFFFF]]
        for pair in known.pairs
    }
    wanted = len(pairs) + more // 3
    while len(pairs) < wanted:
        first, second = rng.integers(0, len(words), 2).tolist()
        pairs.add(first << 16 | second)
    left = ngrams - len(words) - len(known.grams) - len(pairs) if more else 0
    grams = _more(known.grams, left, rng)
    return BagVocabulary(
        known.gram, code_array(words), code_array(grams), code_array(sorted(pairs)), known.rules
    )


def _more(codes: Sequence[int], number: int, rng: np.random.Generator) -> list[int]:
    """Hashes and so many others, sorted."""
    found = set(codes)
    while len(found) < len(codes) + number:
        found.update(rng.integers(0, 1 << 32, len(codes) + number - len(found)).tolist())
    return sorted(found)


def item_of(
    vocabulary: BagVocabulary, item_id: str, names: Sequence[str], seed: int = SEED
) -> ItemParts:
    """An item with this vocabulary and random weights, in these forms."""
    dimensions = BagOptions().dimensions
    rng = np.random.default_rng(seed)
    shapes = {
        "table": (vocabulary.size, dimensions),
        "bias": (dimensions,),
        "head": (len(CLASSES), dimensions),
        "head_bias": (len(CLASSES),),
    }
    drawn = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    weights = quantize(BagArrays(**drawn))
    vectorizer = vocabulary.to_bytes()
    forms = bag_forms(weights, item_id, hashlib.sha256(vectorizer).hexdigest(), names)
    inputs = golden_inputs(())
    rows = PlainModel(BagStudent(vocabulary, weights)).probabilities(inputs)
    return ItemParts(
        item_id=item_id,
        student="bag",
        classes=CLASSES,
        values=tuple(range(len(CLASSES))),
        decision=NEAREST_EXPECTED,
        parameters=weights.parameters,
        text={
            "rules": 1,
            "gram": vocabulary.gram,
            "sizes": vocabulary.sizes,
            "dimensions": weights.dimensions,
        },
        vectorizer=("vocabulary.bin", vectorizer),
        forms=forms,
        golden=golden_json(inputs, dict.fromkeys(forms, rows)),
    )
