"""Attacks by what members hold: golden rows, weights, vocabularies, graphs, tokenizers."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

import seconds_made
from damaged_bundles import listed, zipped
from onnx_changes import Change, changed, node, number

Members = dict[str, bytes]


def replaced(members: Members, name: str, data: bytes) -> bytes:
    """A bundle with another member, and right hashes."""
    return zipped(listed({**members, name: data}))


def golden(members: Members, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A bundle with other golden rows."""
    raw = json.loads(members["items/0/golden.json"])
    change(raw)
    return replaced(members, "items/0/golden.json", json.dumps(raw).encode())


GOLDEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "no rows": lambda raw: raw.update(inputs=[], outputs={}),
    "100,000 rows": lambda raw: raw.update(inputs=["a"] * 100_000),
    "anything goes": lambda raw: raw.update(tolerance=1e300),
    "no tolerance": lambda raw: raw.update(tolerance=float("nan")),
    "inputs that are none": lambda raw: raw.update(inputs=[1, None]),
    "outputs that are none": lambda raw: raw["outputs"].update({"plain-int8": [["x"]]}),
    "outputs elsewhere": lambda raw: raw.update(outputs=[]),
}


def weights(members: Members, value: float) -> bytes:
    """A bundle whose last bias is another number."""
    data = members["items/0/bag.int8"]
    return replaced(members, "items/0/bag.int8", data[:-4] + struct.pack("<f", value))


def unsorted(members: Members) -> bytes:
    name = "items/0/vocabulary.bin"
    data = members[name]
    return replaced(members, name, data[4:8] + data[:4] + data[8:])


def external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    tensor.ClearField("raw_data")


def _body() -> onnx.GraphProto:
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    return helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "inner", [], [output])


def wrong_type(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_type = TensorProto.DOUBLE


def first_row(model: onnx.ModelProto) -> None:
    """Gives fewer rows than responses."""
    model.graph.node[-1].output[0] = "whole"
    for name, value in (("from", [0]), ("to", [1])):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value), name))
    made = helper.make_node("Slice", ["whole", "from", "to"], ["probabilities"])
    model.graph.node.append(made)


# Graphs of a bag.
BAG_GRAPHS: dict[str, Change] = {
    "data in another file": external,
    "a loop": node("Loop", "", "counts", "z", body=_body()),
    "a choice": node("If", "counts", "z", then_branch=_body(), else_branch=_body()),
    "an operator of somebody": node("Evil", "counts", "z", domain="evil"),
    "an operator that reads out of bounds": node("Inverse", "counts", "z", domain="com.microsoft"),
    "numbers of another type": wrong_type,
    "too few rows": first_row,
}
# Graphs of a second student, which reads tokens.
TOKEN_GRAPHS: dict[str, list[Change]] = {
    "terabytes": [number("s", [1 << 20, 1 << 20]), node("ConstantOfShape", "s", "z")],
    "as a response says": [node("Expand", "mask", "ids", "z")],
    "repeated": [number("s", [1 << 13, 1 << 13]), node("Tile", "ids", "s", "z")],
    "a division that stops": [number("a", -1), node("Div", "ids", "a", "z")],
    "a network of nothing": [
        number("x", np.zeros((0, 2, 2)), np.float32),
        number("w", np.ones((1, 6, 2)), np.float32),
        node("GRU", "x", "w", "w", "z", hidden_size=2),
    ],
}


def tokens_graph(name: str) -> bytes:
    """A graph that is not a second student's."""
    data = seconds_made.graph(4, 5, "ab" * 32)
    for change in TOKEN_GRAPHS[name]:
        data = changed(change, data)
    return data


def tflite_graphs(data: bytes) -> dict[str, bytes]:
    """TFLite graphs of a bag that point elsewhere."""
    made = {
        "cut": data[: len(data) // 2],
        "nothing": b"\0\0\0\0TFL3",
        "noise": data[:8] + b"\xff" * 200,
    }
    for at in range(0, 64, 4):
        for value in (0, 0x7FFFFFFF, 0xFFFFFFF0):
            made[f"offset {at}: {value:#x}"] = data[:at] + struct.pack("<I", value) + data[at + 4 :]
    return made


TOKENIZERS: dict[str, dict[str, Any]] = {
    "gigabytes of padding": {"padding": {"strategy": {"Fixed": 1 << 30}}},
    "not cut": {"truncation": None},
    "at random": {"model": {"dropout": 0.5}},
    "for ever": {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}}},
    "pieces of nothing": {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
    "a table that is cut": {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}},
    "rules within rules": {"normalizer": json.loads('{"a":' * 500 + "1" + "}" * 500)},
    "100,000 rules": {
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKD"}] * 100_000}
    },
    "1,000 tokens before": {
        "post_processor": {"type": "TemplateProcessing", "single": [{}] * 1000}
    },
    "an id of 40 bits": {"padding": {"pad_id": 1 << 40}},
}


def tokenizer(name: str) -> bytes:
    """A tokenizer that is made to harm."""
    whole = json.loads(seconds_made.tokenizer_json())
    for part, changes in TOKENIZERS[name].items():
        replaces = changes is None or part in ("normalizer", "pre_tokenizer", "post_processor")
        whole[part] = changes if replaces else {**whole[part], **changes}
    return json.dumps(whole).encode()
