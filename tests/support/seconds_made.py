"""Items with a second student: a graph of word pieces with random weights, which learnt nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto, helper

import bundles_made
from kd_edge_export.bundle import ItemParts, SecondParts
from kd_edge_export.form_writers import TokenGraph, token_forms
from kd_edge_export.golden import golden_inputs, golden_json
from kd_edge_export.onnx.graph import graph_bytes, head

WIDTH = 6
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PIECES = ("##er", "##ing", "##s", "the", "pot", "ice", "warm", "melt", "water", "start", "would")
VOCABULARY = (*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *PIECES)

# What a tokenizer file of BERT's kind holds.
_NORMALIZER = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
_ENDS = {name: {"id": name, "ids": [VOCABULARY.index(name)], "tokens": [name]} for name in SPECIAL}


@cache
def tokenizer_json() -> bytes:
    """A WordPiece tokenizer of single letters and a few pieces, as the `tokenizers` package has it.

    Written by hand, so that no package's version changes its bytes.
    """
    special = [
        {
            "id": at,
            "content": name,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for at, name in enumerate(SPECIAL)
    ]

    def token(name: str) -> dict[str, object]:
        return {"SpecialToken": {"id": name, "type_id": 0}}

    text = {"Sequence": {"id": "A", "type_id": 0}}
    content = {
        "version": "1.0",
        "truncation": {
            "direction": "Right",
            "max_length": 40,
            "strategy": "LongestFirst",
            "stride": 0,
        },
        "padding": {
            "strategy": "BatchLongest",
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "added_tokens": special,
        "normalizer": _NORMALIZER,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [token("[CLS]"), text, token("[SEP]")],
            "pair": [token("[CLS]"), text, token("[SEP]")],
            "special_tokens": {name: _ENDS[name] for name in ("[CLS]", "[SEP]")},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: at for at, piece in enumerate(VOCABULARY)},
        },
    }
    return json.dumps(content, ensure_ascii=False).encode()


@cache
def graph(classes: int, seed: int, sha256: str) -> bytes:
    """The mean of its tokens' embeddings, then one layer: ids and mask in, probabilities out."""
    rng = np.random.default_rng(seed)
    constants = {
        "embedding": (8 * rng.normal(size=(len(VOCABULARY), WIDTH))).astype(np.float32),
        "head": rng.normal(size=(classes, WIDTH)).astype(np.float32),
        "head_bias": rng.normal(size=classes).astype(np.float32),
        "time": np.array([1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
        "one": np.array(1, dtype=np.float32),
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "T"])
        for name in ("ids", "mask")
    ]
    nodes = [
        helper.make_node("Gather", ["embedding", "ids"], ["tokens"]),
        helper.make_node("Cast", ["mask"], ["there"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["there", "last"], ["column"]),
        helper.make_node("Mul", ["tokens", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "time"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["there", "time"], ["count"], keepdims=1),
        helper.make_node("Max", ["count", "one"], ["divisor"]),
        helper.make_node("Div", ["total", "divisor"], ["mean"]),
        *head("head", "head_bias", "mean"),
    ]
    return graph_bytes(nodes, inputs, classes, constants, "stove", sha256)


@cache
def second(classes: tuple[str, ...] = bundles_made.SCORES, seed: int = 5) -> ItemParts:
    """The parts of a second student, without golden rows."""
    tokenizer = tokenizer_json()
    sha256 = hashlib.sha256(tokenizer).hexdigest()
    return ItemParts(
        item_id="stove",
        student="transformer",
        classes=classes,
        values=tuple(range(len(classes))),
        decision="most-probable",
        parameters=WIDTH * (len(VOCABULARY) + len(classes)) + len(classes),
        text={"tokens": len(VOCABULARY)},
        vectorizer=("tokenizer.json", tokenizer),
        forms=token_forms(
            TokenGraph(graph(len(classes), seed, sha256)),
            "stove",
            sha256,
            ("onnx-int8", "onnx-fp32"),
        ),
        golden=b"",
    )


@cache
def with_golden(classes: tuple[str, ...] = bundles_made.SCORES) -> ItemParts:
    """The same, with golden rows, which ONNX Runtime computes."""
    from kd_edge_export.parity import form_outputs

    inputs = golden_inputs(bundles_made.SENTENCES[:3])
    parts = second(classes)
    outputs = {form: rows.tolist() for form, rows in form_outputs(parts, inputs).items()}
    return replace(parts, golden=golden_json(inputs, outputs))


def item(
    below: float = 0.6,
    weight: float = 0.75,
    temperature: float = 0.8,
    review: float = 0.5,
    first: ItemParts | None = None,
) -> ItemParts:
    """An item with two students."""
    one = first or bundles_made.item()
    parts = with_golden(one.classes)
    return replace(one, second=SecondParts(parts, below, weight, temperature, review))


# Ways in which a second student is of no use though all hashes are right: the parts that are other
# ones, and what has to be said of it.
USELESS: dict[str, tuple[dict[str, Any], str]] = {
    "tokenizer": ({"vectorizer": ("tokenizer.json", b"{}")}, "tokenizer cannot be loaded"),
    "golden": ({"golden": b"[]"}, "does not contain valid golden rows"),
    "kind": ({"student": "quantum"}, "of the kind 'quantum': update it"),
    "form": ({"forms": {"onnx-int2": ("int2.onnx", b"?")}}, "none of its forms (onnx-int2)"),
}
# Of these, what another package or another version would not change.
DAMAGED = ("tokenizer", "golden")


def useless(what: str) -> ItemParts:
    """An item whose second student is of no use; see `USELESS`."""
    made = item(below=1.0)
    assert made.second
    parts = replace(made.second.parts, **USELESS[what][0])
    return replace(made, second=replace(made.second, parts=parts))
