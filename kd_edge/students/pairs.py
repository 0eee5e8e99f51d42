"""One student for many questions: n-grams, and how a response relates to the reference answers.

Its network is that of a bag with more in it: a known word counts otherwise where a reference
answer has it, or the question alone, or where a reference has it and the response has not; and
the runtime's numbers of the relation come beside the n-grams. What rows a response brings and
what its numbers are is the runtime's, so that training sees what devices see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch

from kd_edge.students.bag import (
    BagNetwork,
    BagOptions,
    EncodedCounts,
    NgramKind,
    bag_arrays,
    text_settings,
)
from kd_edge.students.base import TextMember, no_questions
from kd_edge.students.student import Student
from kd_edge_export.form_writers import Form, Forms, written
from kd_edge_export.onnx.pairs import onnx_int8
from kd_edge_export.quantize import quantize
from kd_edge_export.relation import relation_bytes
from kd_edge_runtime.students.bag import FORM, BagWeights
from kd_edge_runtime.students.pairs import RowsOf
from kd_edge_runtime.text.counts import Counts
from kd_edge_runtime.text.relation import NUMBERS, RELATION_RULES, Relation
from kd_edge_runtime.text.vocabulary import BagVocabulary


@dataclass(frozen=True)
class PairsOptions(BagOptions):
    """How large a pairs student is, and what it sees; see `BagOptions`."""

    ngrams: int = 3000
    dimensions: int = 16
    gram: int = 0


class PairsText:
    """The text stage: a vocabulary, and what is known of each question, by item id."""

    def __init__(self, vocabulary: BagVocabulary, relations: Mapping[str, Relation]) -> None:
        self.vocabulary = vocabulary
        self.relations = relations
        self._words = vocabulary.reader()
        self._rows: dict[str, RowsOf] = {}

    def encode(self, texts: Sequence[str], questions: Sequence[str] = (), /) -> EncodedPairs:
        """See `TextStage`.

        Raises:
            KeyError: nothing is known of one of the questions.
        """
        rows: list[int] = []
        starts = [0]
        numbers = np.zeros((len(texts), len(NUMBERS)), dtype=np.float32)
        for at, (text, question) in enumerate(zip(texts, questions, strict=True)):
            relation, response = self.relations[question], self._words(text)
            if question not in self._rows:
                self._rows[question] = RowsOf(self.vocabulary, relation)
            rows += self._rows[question](response)
            starts.append(len(rows))
            numbers[at] = relation.numbers(response)
        counts = Counts(np.array(rows, dtype=np.int32), np.array(starts, dtype=np.intp))
        return EncodedPairs(counts, numbers)


class EncodedPairs(EncodedCounts):
    """Responses as n-gram counts and the relation's numbers, float32 [N, len(NUMBERS)]."""

    def __init__(self, counts: Counts, numbers: npt.NDArray[np.float32]) -> None:
        super().__init__(counts)
        self._numbers = numbers

    def batch(self, index: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """What `EncodedCounts` gives, and the numbers [B, len(NUMBERS)]."""
        return (*super().batch(index), torch.from_numpy(self._numbers[index]))


class PairsNetwork(BagNetwork):
    """The network of a pairs student of K classes; sizes are words, grams and pairs."""

    def __init__(self, sizes: Sequence[int], classes: int, options: PairsOptions) -> None:
        super().__init__(sum(sizes) + 3 * sizes[0], classes, options)
        self.related = torch.nn.Parameter(torch.randn(len(NUMBERS), options.dimensions) * 0.3)

    def forward(  # type: ignore[override]
        self,
        rows: torch.Tensor,
        starts: torch.Tensor,
        scale: torch.Tensor,
        numbers: torch.Tensor,
    ) -> torch.Tensor:
        """Logits [B, K]; see `EncodedPairs.batch` for the inputs."""
        return self.logits(self.sums(rows, starts) * scale[:, None] + numbers @ self.related)


def _weights(student: Student) -> tuple[BagWeights, npt.NDArray[np.float32]]:
    """The quantized network, and what each number of the relation adds: [F, D]."""
    network = cast(PairsNetwork, student.network)
    related: npt.NDArray[np.float32] = network.related.detach().numpy()
    return quantize(bag_arrays(network), student.options.bits), related


def _plain(student: Student, _item_id: str, _sha256: str) -> bytes:
    weights, related = _weights(student)
    vocabulary: bytes = student.text.vocabulary.to_bytes()
    return vocabulary + related.astype("<f4").tobytes() + weights.to_bytes()


def _onnx(student: Student, _item_id: str, _sha256: str) -> bytes:
    # All questions share the member: it names none of them.
    return onnx_int8(*_weights(student), "")


class PairsKind(NgramKind):
    """The registered kind; see `Kind`."""

    name = runs_as = "pairs"
    options_type = PairsOptions
    text_type = PairsText
    forms: ClassVar[Mapping[str, Form]] = {
        FORM: Form("pairs.int8", _plain, exact=True, default=True),
        "onnx-int8": Form("pairs.onnx", _onnx, exact=True, default=True),
    }
    holds = (
        "One small model scores all items by how a response relates to the item's reference "
        "answers. It holds no response. It holds, as hashes, the words and pairs of neighbouring "
        "words that at least {} share; a list of common words turns most of these back into text."
    )

    def build(self, text: PairsText, classes: int, options: PairsOptions) -> PairsNetwork:
        """See `Kind`."""
        return PairsNetwork(text.vocabulary.sizes, classes, options)

    def text_member(self, student: Student) -> TextMember:
        """See `Kind`."""
        settings = text_settings(student, relation=RELATION_RULES)
        relation = student.text.relations.get(student.item_id)
        if relation is None:
            raise no_questions(student.item_id)
        return settings, ("question.bin", relation_bytes(relation))

    def make_forms(
        self,
        student: Student,
        names: Sequence[str],
        vectorizer_sha256: str,
        _texts: Sequence[str] = (),
    ) -> Forms:
        """See `Kind`; a graph is read beside the plain form, which holds the vocabulary."""
        return written(self.forms, student, student.item_id, vectorizer_sha256, names)


KIND = PairsKind()
