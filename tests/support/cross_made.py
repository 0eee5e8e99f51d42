"""Items that share two networks: `pairs`, and a `cross` beside it, which read reference answers.

Their weights are random and seeded, so that the same call makes the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from onnx import TensorProto, helper

import bundles_made
import seconds_made
from kd_edge_export.bundle import ItemParts, SecondParts
from kd_edge_export.form_writers import TokenGraph, token_forms
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.onnx.graph import graph_bytes, head
from kd_edge_export.onnx.pairs import onnx_int8
from kd_edge_export.parity import form_outputs
from kd_edge_export.quantize import quantize
from kd_edge_export.relation import make_relation, relation_bytes
from kd_edge_runtime.text.relation import NUMBERS
from kd_edge_runtime.text.wordpiece import PlainTokenizer
from seconds_made import VOCABULARY, WIDTH

CLASSES = bundles_made.SCORES
START, BETWEEN = VOCABULARY.index("[CLS]"), VOCABULARY.index("[SEP]")

# What each question asks, and its reference answers.
QUESTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "kettle": (
        "Why does the pot get warm?",
        ("The stove heats the pot and the water", "Heat goes from the stove into the metal"),
    ),
    "glass": ("Why does the ice melt?", ("The room is warmer than the ice",)),
}


@cache
def _first_forms() -> tuple[dict[str, object], dict[str, tuple[str, bytes]]]:
    """`text` and forms of the first, for all questions."""
    known = bundles_made.vocabulary(0)
    rows = known.size + 3 * len(known.words)
    weights = quantize(bundles_made.arrays(rows, len(CLASSES), 28))
    related = np.random.default_rng(48).normal(size=(len(NUMBERS), bundles_made.DIMENSIONS)) / 2
    related = related.astype(np.float32)
    plain = known.to_bytes() + related.astype("<f4").tobytes() + weights.to_bytes()
    text = {
        "rules": known.rules,
        "relation": 1,
        "gram": 0,
        "sizes": known.sizes,
        "dimensions": bundles_made.DIMENSIONS,
    }
    graph = onnx_int8(weights, related, "")
    return text, {"plain-int8": ("pairs.int8", plain), "onnx-int8": ("pairs.onnx", graph)}


def first(item_id: str, question: str, references: Sequence[str]) -> ItemParts:
    """An item with a `pairs`."""
    relation = make_relation(question, references, lambda code: 1 + code % 900)
    assert relation
    text, forms = _first_forms()
    return _with_golden(
        ItemParts(
            item_id=item_id,
            student="pairs",
            classes=CLASSES,
            values=tuple(range(len(CLASSES))),
            decision="most-probable",
            parameters=1000,
            text=text,
            vectorizer=("question.bin", relation_bytes(relation)),
            forms=forms,
            golden=b"",
        ),
        references,
    )


@cache
def graph(sha256: str) -> bytes:
    """The mean of the response's embeddings less half of the reference's, then one layer."""
    rng = np.random.default_rng(68)
    constants = {
        "embedding": (4 * rng.normal(size=(len(VOCABULARY), WIDTH))).astype(np.float32),
        "head": rng.normal(size=(len(CLASSES), WIDTH)).astype(np.float32),
        "head_bias": rng.normal(size=len(CLASSES)).astype(np.float32),
        "time": np.array(1, dtype=np.int64),
        "times": np.array([1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
        "between": np.array(BETWEEN, dtype=np.int64),
        "response": np.array(1.5, dtype=np.float32),
        "reference": np.array(-0.5, dtype=np.float32),
        "least": np.array(1, dtype=np.float32),
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "T"])
        for name in ("ids", "mask")
    ]
    nodes = [
        helper.make_node("Equal", ["ids", "between"], ["ends"]),
        helper.make_node("Cast", ["ends"], ["counted"], to=TensorProto.INT64),
        helper.make_node("CumSum", ["counted", "time"], ["before"]),
        helper.make_node("GreaterOrEqual", ["before", "one"], ["after"]),
        helper.make_node("Cast", ["after"], ["segment"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["segment", "response"], ["more"]),
        helper.make_node("Add", ["more", "reference"], ["sign"]),
        helper.make_node("Cast", ["mask"], ["there"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["there", "sign"], ["share"]),
        helper.make_node("Unsqueeze", ["share", "last"], ["column"]),
        helper.make_node("Gather", ["embedding", "ids"], ["tokens"]),
        helper.make_node("Mul", ["tokens", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "times"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["there", "times"], ["count"], keepdims=1),
        helper.make_node("Max", ["count", "least"], ["divisor"]),
        helper.make_node("Div", ["total", "divisor"], ["mean"]),
        *head("head", "head_bias", "mean"),
    ]
    return graph_bytes(nodes, inputs, len(CLASSES), constants, "", sha256)


@cache
def _second_forms() -> Mapping[str, tuple[str, bytes]]:
    sha256 = hashlib.sha256(seconds_made.tokenizer_json()).hexdigest()
    return token_forms(TokenGraph(graph(sha256)), "", sha256, ("onnx-int8",))


def second(item_id: str, references: Sequence[str]) -> ItemParts:
    """A `cross` by itself."""
    tokenizer = PlainTokenizer(json.loads(seconds_made.tokenizer_json()))
    ids = [tokenizer.pieces(text) for text in references]
    codes = sorted({code for one in ids for code in one})
    parts = ItemParts(
        item_id=item_id,
        student="cross",
        classes=CLASSES,
        values=tuple(range(len(CLASSES))),
        decision="most-probable",
        parameters=WIDTH * (len(VOCABULARY) + len(CLASSES)) + len(CLASSES),
        text={
            "tokens": len(VOCABULARY),
            "rules": 2,
            "start": START,
            "between": BETWEEN,
            "references": ids,
            # A whole piece counts for more than a letter.
            "weights": [1 + 9 * (len(VOCABULARY[code].lstrip("#")) > 1) for code in codes],
        },
        vectorizer=("tokenizer.json", seconds_made.tokenizer_json()),
        forms=_second_forms(),
        golden=b"",
    )
    return _with_golden(parts, references)


def item(item_id: str, question: str, references: Sequence[str], below: float = 0.8) -> ItemParts:
    """An item with both."""
    one, other = first(item_id, question, references), second(item_id, references)
    return replace(one, second=SecondParts(other, below, 0.6, 0.9, 0.5))


def items() -> tuple[ItemParts, ...]:
    """Both questions."""
    return tuple(item(name, *asked) for name, asked in QUESTIONS.items())


def many(number: int, below: float = 0.8) -> list[ItemParts]:
    """Questions that share the networks and the tokenizer, each with reference answers of its own.

    Args:
        number: how many.
        below: see `SecondParts`.
    """
    told = bundles_made.SENTENCES
    return [
        item(f"Q{at}", told[at % 8], (told[(at + 1) % 8], f"{told[(at + 2) % 8]} {at}"), below)
        for at in range(number)
    ]


def _with_golden(parts: ItemParts, references: Sequence[str]) -> ItemParts:
    inputs = golden_inputs([*bundles_made.SENTENCES[:2], references[0]])
    outputs = {form: rows.tolist() for form, rows in form_outputs(parts, inputs).items()}
    return replace(parts, golden=golden_json(inputs, outputs))
