"""A bundle of the default size that has learnt nothing, for figures that do not depend on it.

Its vocabulary is that of the sample responses, so that English hits it as often as it hits a
real one; its weights are random.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np

from kd_edge.students.bag import BagOptions, choose_vocabulary
from kd_edge_export.bundle import ItemParts, write_bundle
from kd_edge_export.forms import BAG_FORMS, bag_forms
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.quantize import BagArrays, quantize
from kd_edge_runtime.backends.plain import PlainModel
from kd_edge_runtime.bag import BagStudent
from kd_edge_runtime.manifest import NEAREST_EXPECTED

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
    options = BagOptions(min_responses=1)
    vocabulary = choose_vocabulary(sample_texts(), options)
    rng = np.random.default_rng(SEED)
    shapes = {
        "table": (vocabulary.size, options.dimensions),
        "bias": (options.dimensions,),
        "head": (len(CLASSES), options.dimensions),
        "head_bias": (len(CLASSES),),
    }
    drawn = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    weights = quantize(BagArrays(**drawn))
    vectorizer = vocabulary.to_bytes()
    forms = bag_forms(weights, _ITEM, hashlib.sha256(vectorizer).hexdigest(), BAG_FORMS)
    inputs = golden_inputs(())
    rows = PlainModel(BagStudent(vocabulary, weights)).probabilities(inputs)
    item = ItemParts(
        item_id=_ITEM,
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
    card = "# A bundle for benchmarks\n\nIts network is random: it scores nothing.\n"
    made_by = {"made_by": "benchmarks"}
    write_bundle(path, [item], card, "2026-01-01T00:00:00Z", {"kd-edge": "0.1.0"}, made_by)
