"""Who races: what is made, and the ways to score with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.contenders.envs import FASTTEXT, SETFIT, STATIC, Env

OURS = "student, plain"
"""Our default, which all others are compared with."""


@dataclass(frozen=True)
class Model:
    """What is made once and scored with in one or several ways.

    Attributes:
        name: its folder's name.
        maker: a function of `workshop_models`, or a module of `children`.
        of: the model that it is another form of, made before it; "" for none.
        source: what it is made from in the item's folder besides the rows; "" for nothing.
        env: the environment that makes it; None for the workshop's.
        settings: of a training that takes long, which can be left out; none for others.
    """

    name: str
    maker: str
    of: str = ""
    source: str = ""
    env: Env | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """One way to score.

    Attributes:
        name: what it is called in tables.
        model: the model's name.
        module: a module of `children`.
        argument: for that module.
        files: patterns of the files in the model's folder that scoring needs.
        env: the environment that it scores in; None for the workshop's.
    """

    name: str
    model: str
    module: str
    argument: str = ""
    files: tuple[str, ...] = ("*",)
    env: Env | None = None


# Those that are quickly made first.
MODELS = (
    Model("student", "student", source="student"),
    Model("without-teacher", "without_teacher", source="baseline"),
    Model("tf-idf", "make_sklearn"),
    Model("fasttext", "make_fasttext", env=FASTTEXT),
    Model("static", "make_static", env=STATIC),
    Model("teacher", "teacher", source="teacher"),
    Model("teacher-onnx", "as_onnx", of="teacher"),
    Model("mpnet", "mpnet"),
    Model("mpnet-onnx", "as_onnx", of="mpnet"),
    Model("setfit", "make_setfit", env=SETFIT, settings={"steps": 100, "pairs": 16}),
    # It has never read a text, and needs more passes and larger steps than a fine-tuning.
    Model("tinybert", "tinybert", settings={"epochs": 6, "learning_rate": 3e-4}),
    Model("tinybert-onnx", "as_onnx", of="tinybert"),
    Model("rnn", "rnn", source="variants.csv", settings={"variants": 4_000, "epochs": 6}),
)

_TORCH = ("*.safetensors", "tokenizer.json")


def _graphs(said: str, model: str) -> tuple[Contender, ...]:
    """A language model in PyTorch and in ONNX Runtime."""
    return (
        Contender(f"{said}, PyTorch", model, "with_torch", "", _TORCH),
        *(
            Contender(
                f"{said}, ONNX {form}",
                f"{model}-onnx",
                "with_onnx",
                f"{form}.onnx",
                (f"{form}.onnx", "tokenizer.json"),
            )
            for form in ("fp32", "int8")
        ),
    )


_OURS = ("bundle.kdz",)

CONTENDERS = (
    Contender(OURS, "student", "with_bundle", "plain", _OURS),
    Contender("student, numpy", "student", "with_bundle", "numpy", _OURS),
    Contender("student, LiteRT", "student", "with_bundle", "tflite", _OURS),
    Contender("student, ONNX Runtime", "student", "with_bundle", "onnx", _OURS),
    Contender("student without teacher, plain", "without-teacher", "with_bundle", "plain", _OURS),
    Contender("recurrent student, ONNX Runtime", "rnn", "with_bundle", "onnx", _OURS),
    Contender("fastText", "fasttext", "with_fasttext", "model.bin", ("model.bin",), FASTTEXT),
    Contender("fastText .ftz", "fasttext", "with_fasttext", "model.ftz", ("model.ftz",), FASTTEXT),
    Contender("TF-IDF, logistic regression", "tf-idf", "with_sklearn", "", ("pipeline.joblib",)),
    Contender(
        "Model2Vec, logistic regression",
        "static",
        "with_static",
        "",
        ("head.npz", "embeddings/*.safetensors", "embeddings/*.json"),
        STATIC,
    ),
    Contender(
        "SetFit on MiniLM",
        "setfit",
        "with_setfit",
        "",
        ("model/*.safetensors", "model/*.pkl", "model/tokenizer.json"),
        SETFIT,
    ),
    *_graphs("teacher (MiniLM)", "teacher"),
    *_graphs("TinyBERT", "tinybert"),
    *_graphs("mpnet-base", "mpnet"),
)
