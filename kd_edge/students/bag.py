"""The default student: a bag of n-grams.

Each known n-gram has a vector of a few dimensions; a response is the sum of its n-grams'
vectors over the square root of their number, then a ReLU and a linear layer. The text
stage and the n-gram tables are the runtime's, so that training sees what devices see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from kd_edge.students.base import Kind, Recipe, TextMember, TextSources
from kd_edge.students.student import Network, Student, TextStage
from kd_edge.students.vocabulary import choose_vocabulary
from kd_edge_export import form_writers
from kd_edge_export.form_writers import Forms
from kd_edge_export.quantize import BagArrays, integers, quantize
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text import KNOWN_RULES, NEW_RULES
from kd_edge_runtime.text.counts import Counter, Counts
from kd_edge_runtime.text.vocabulary import BagVocabulary

# Numbers in a vector by default, and those of all vectors together.
_FEWEST, _MOST, _NUMBERS = 8, 24, 28_000

_VOCABULARY = "vocabulary.bin"
_MOST_BITS = 8  # a table that was trained in floats is rounded to these


@dataclass(frozen=True)
class BagOptions:
    """How large a bag student is, and what it sees.

    Attributes:
        ngrams: most n-grams in the vocabulary, V.
        dimensions: numbers in the vector of an n-gram, D.
        gram: length of the character runs within a word; 0 for none.
        min_responses: at least this many responses must share an n-gram, or students where it is
            known who wrote each. Besides helping the student, this keeps what a single student
            wrote out of the bundle.
        ngram_dropout: share of the n-grams hidden from the network at each step of training.
        dropout: share of the hidden numbers set to zero at each step of training.
        penalty: weight of the squared table in the loss.
        bits: of a number of the table, 2 to 8. The network is trained in these numbers
            (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
            Integer-Arithmetic-Only Inference"), so that what devices hold is what was learnt.
            32 trains in floats.
        rules: the number of the text rules (FORMAT.md); 1 for devices whose runtime knows no
            others.
    """

    ngrams: int = 3500
    dimensions: int = _FEWEST
    gram: int = 4
    min_responses: int = 3
    ngram_dropout: float = 0.3
    dropout: float = 0.1
    penalty: float = 3e-5
    bits: int = 8
    rules: int = NEW_RULES


def dimensions_for(ngrams: int) -> int:
    """The default length of an n-gram's vector: a table of 28,000 numbers at most, 8 to 24.

    Few responses share few n-grams, and a student of some hundreds of them has room for longer
    vectors: it then comes nearer to its teacher (`benchmarks/README.md`).
    """
    return min(max(_NUMBERS // ngrams, _FEWEST), _MOST)


class BagText:
    """The text stage of a bag."""

    def __init__(self, vocabulary: BagVocabulary, _relations: object = None) -> None:
        self.vocabulary = vocabulary
        self._counter = Counter(vocabulary)

    def encode(self, texts: Sequence[str], _questions: Sequence[str] = ()) -> EncodedCounts:
        """See `TextStage`."""
        return EncodedCounts(self._counter.count(texts))


class EncodedCounts:
    """Responses as n-gram counts; see `Encoded`."""

    padded = False

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.lengths: npt.NDArray[np.int64] = np.diff(counts.starts)

    def __len__(self) -> int:
        return len(self._counts)

    def batch(self, index: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """Rows of the table [total], where each response starts [B], and its scale [B]."""
        counts = self._counts.take(index)
        return (
            torch.from_numpy(counts.rows.astype(np.int64)),
            torch.from_numpy(counts.starts[:-1]),
            torch.from_numpy(counts.scale()),
        )


class BagNetwork(Network):
    """The network of a bag student of V n-grams and K classes."""

    def __init__(self, ngrams: int, classes: int, options: BagOptions) -> None:
        super().__init__()
        self.options = options
        self.table = torch.nn.Parameter(torch.randn(ngrams, options.dimensions) * 0.1)
        self.bias = torch.nn.Parameter(torch.zeros(options.dimensions))
        self.head = torch.nn.Linear(options.dimensions, classes)

    def forward(
        self, rows: torch.Tensor, starts: torch.Tensor, scale: torch.Tensor
    ) -> torch.Tensor:
        """Logits [B, K]; see `EncodedCounts.batch` for the inputs."""
        return self.logits(self.sums(rows, starts) * scale[:, None])

    def logits(self, sums: torch.Tensor) -> torch.Tensor:
        """Logits [B, K] of scaled sums [B, D]."""
        hidden = torch.relu(sums + self.bias)
        dropped = functional.dropout(hidden, self.options.dropout, self.training)
        return cast(torch.Tensor, self.head(dropped))

    def sums(self, rows: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """The sum of each response's rows of the table, some left out in training; [B, D]."""
        kept = None
        if self.training and self.options.ngram_dropout:
            share = 1 - self.options.ngram_dropout
            kept = torch.empty(rows.shape).bernoulli_(share) / share
        return functional.embedding_bag(
            rows, self._held(), starts, mode="sum", per_sample_weights=kept
        )

    def _held(self) -> torch.Tensor:
        """The table as devices hold it; gradients pass as if it were the table itself."""
        if self.options.bits > 8:
            return self.table
        whole, scale = integers(self.table.detach().numpy(), self.options.bits)
        held = torch.from_numpy(whole * scale)
        return held + (self.table - self.table.detach()) if self.training else held

    def penalty(self) -> torch.Tensor:
        """See `Network`."""
        return self.options.penalty * self.table.square().sum()


class NgramKind(Kind):
    """What bags and students like them share: a vocabulary of n-grams and a quantized table.

    Attributes:
        text_type: the text stage of a vocabulary and what is known of each question, by item id.
    """

    text_type: ClassVar[type[Any]]
    recipe = Recipe(5e-3, epochs=16, batch_size=128, least_steps=1500, clip=10.0)

    def save_text(self, text: Any, folder: Path) -> Mapping[str, Any]:
        """See `Kind`."""
        (folder / _VOCABULARY).write_bytes(text.vocabulary.to_bytes())
        return {"sizes": text.vocabulary.sizes, "rules": text.vocabulary.rules}

    def learn_text(self, sources: TextSources, options: BagOptions) -> TextStage:
        """See `Kind`."""
        if options.rules not in KNOWN_RULES:
            known = " and ".join(map(str, KNOWN_RULES))
            raise InputError(f"there are no text rules {options.rules}: choose from {known}")
        vocabulary = choose_vocabulary(sources.texts, options, sources.sharing)
        if not vocabulary.size:
            raise sources.nothing_shared(options.min_responses)
        text: TextStage = self.text_type(vocabulary, sources.relations)
        return text

    def load_text(
        self, folder: Path, description: Mapping[str, Any], options: BagOptions
    ) -> TextStage:
        """See `Kind`; the folder does not hold the questions."""
        data = (folder / _VOCABULARY).read_bytes()
        # Students from before there was a choice say nothing.
        sizes, rules = description["sizes"], description.get("rules", 1)
        vocabulary = BagVocabulary.from_bytes(data, options.gram, sizes, rules)
        text: TextStage = self.text_type(vocabulary, {})
        return text

    def text_rules(self, student: Student) -> int:
        """See `Kind`."""
        vocabulary: BagVocabulary = student.text.vocabulary
        return vocabulary.rules


class BagKind(NgramKind):
    """The registered kind; see `Kind`."""

    name = runs_as = "bag"
    options_type = BagOptions
    text_type = BagText
    forms = form_writers.BAG
    holds = (
        "A bag holds no response. It holds, as hashes, the words, pairs of neighbouring words and "
        "runs of letters that at least {} share; a list of common words turns most of these back "
        "into text."
    )
    has_sizes = True

    def fit_options(self, values: Mapping[str, Any], text: BagText) -> BagOptions:
        """See `Kind`: a small vocabulary gets longer vectors."""
        options: BagOptions = self.options(values)
        if "dimensions" in values:
            return options
        return replace(options, dimensions=dimensions_for(text.vocabulary.size))

    def build(self, text: BagText, classes: int, options: BagOptions) -> BagNetwork:
        """See `Kind`."""
        return BagNetwork(text.vocabulary.size, classes, options)

    def known_ngrams(self, student: Student) -> BagVocabulary:
        """See `Kind`."""
        vocabulary: BagVocabulary = student.text.vocabulary
        return vocabulary

    def in_bits(self, student: Student, bits: int | None) -> Student:
        """See `Kind`."""
        trained = student.options.bits
        wanted = min(trained, _MOST_BITS) if bits is None else bits
        if wanted == trained:
            return student
        options = replace(student.options, bits=wanted)
        return with_numbers(student, options, student.network.state_dict())

    def text_member(self, student: Student) -> TextMember:
        """See `Kind`."""
        return text_settings(student), (_VOCABULARY, student.text.vocabulary.to_bytes())

    def make_forms(
        self,
        student: Student,
        names: Sequence[str],
        vectorizer_sha256: str,
        _texts: Sequence[str] = (),
    ) -> Forms:
        """See `Kind`."""
        weights = quantize(bag_arrays(student.network), student.options.bits)
        return form_writers.bag_forms(weights, student.item_id, vectorizer_sha256, names)


def text_settings(student: Student, **more: Any) -> Mapping[str, Any]:
    """What the runtime needs to know of a vocabulary of n-grams; see FORMAT.md."""
    vocabulary = student.text.vocabulary
    return {
        "rules": vocabulary.rules,
        **more,
        "gram": vocabulary.gram,
        "sizes": vocabulary.sizes,
        "dimensions": student.options.dimensions,
    }


def bag_arrays(network: torch.nn.Module) -> BagArrays:
    """A bag's trained numbers as arrays."""
    state = {name: part.numpy() for name, part in network.state_dict().items()}
    return BagArrays(state["table"], state["bias"], state["head.weight"], state["head.bias"])


def with_numbers(
    student: Student, options: BagOptions, state: Mapping[str, torch.Tensor]
) -> Student:
    """A bag with other options and numbers, the latter by the name of the parameter."""
    network = BagNetwork(len(state["table"]), len(student.scale.classes), options)
    network.load_state_dict(state)
    return replace(student, options=options, network=network.eval())


KIND = BagKind()
