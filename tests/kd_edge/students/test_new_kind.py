"""A new kind of student is one module and one line: this module, and a line in the registry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from kd_edge.bundling.bundle import ExportItem, ExportOptions, export
from kd_edge.distillation.distil import distil
from kd_edge.distillation.learning import LearningData
from kd_edge.distillation.options import DistilOptions
from kd_edge.students import registry, store
from kd_edge.students.base import Recipe
from kd_edge.students.student import Network
from kd_edge.students.tokens import TokenKind
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Scorer
from workshop import certain, item_of, sentences

ITEM = item_of(90)
ROWS, HELD_OUT = ITEM.rows[:66], ITEM.rows[66:]


@dataclass(frozen=True)
class MeanOptions:
    words: int = 40
    min_responses: int = 3
    longest: int = 30
    dimensions: int = 6


class MeanNetwork(Network):
    """The mean of the words' vectors, and a linear layer."""

    def __init__(self, words, classes, options):
        super().__init__()
        self.embedding = torch.nn.Embedding(words, options.dimensions)
        self.head = torch.nn.Linear(options.dimensions, classes)

    def forward(self, ids, mask):
        sums = (self.embedding(ids) * mask[:, :, None]).sum(1)
        return self.head(sums / mask.sum(1, keepdim=True).clamp(min=1))


class MeanKind(TokenKind):
    name = "mean"
    runs_as = "rnn"  # it reads ids and a mask, as an rnn does
    options_type = MeanOptions
    recipe = Recipe(1e-2, epochs=4, batch_size=16, least_steps=1, clip=1.0)
    holds = "Its vocabulary holds single words, only those that at least {} responses share."

    def build(self, text, classes, options):
        return MeanNetwork(text.tokenizer.get_vocab_size(), classes, options)


KIND = MeanKind()


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setitem(registry.REGISTRY, "mean", registry.Entry(__name__, "mean of word vectors"))


@pytest.mark.usefixtures("registered")
def test_from_soft_labels_to_scores_on_a_device(tmp_path):
    options = DistilOptions(student="mean", student_options={"dimensions": 5})
    data = LearningData(ITEM, ROWS, HELD_OUT, certain(ROWS, 3))
    made = distil(data, options, tmp_path / "work")
    assert made.student.options == MeanOptions(dimensions=5)
    store.save(made.student, tmp_path / "student")
    student = store.load(tmp_path / "student")
    texts = ["", *sentences(9), *(row.text for row in HELD_OUT)]
    expected = student.probabilities(texts)
    assert np.array_equal(expected, made.student.probabilities(texts))

    path = tmp_path / "item.kdz"
    exported = export(
        [ExportItem(student, ("What is missing?",), HELD_OUT)], path, {}, ExportOptions(("all",))
    )
    assert [one.form for one in exported.parity["tiny"]] == ["onnx-int8", "onnx-fp16", "onnx-fp32"]
    assert exported.parity["tiny"][-1].golden.greatest < 1e-5
    with Bundle(path) as bundle:
        assert bundle.manifest.items[0].student == "rnn"
        assert b"at least 3 responses" in bundle.read("card.md")
    with Scorer.open(path, backend="onnx") as scorer:
        found = [score.probabilities for score in scorer.score_many(texts)]
    assert np.abs(np.array(found) - expected).max() < 0.02  # weights in 8 bits


def test_without_its_line_there_is_no_such_kind():
    with pytest.raises(InputError, match="no student 'mean'"):
        DistilOptions(student="mean")
