"""The kinds of student by name: their options, text stages and networks put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from kd_edge.students.bag import (
    BagNetwork,
    BagOptions,
    BagText,
    choose_vocabulary,
    dimensions_for,
)
from kd_edge.students.base import Network, TextStage
from kd_edge.students.pairs import PairsNetwork, PairsOptions, PairsText
from kd_edge.students.rnn import RnnNetwork, RnnOptions
from kd_edge.students.tokens import SPECIAL, TokenText, ready, word_tokenizer
from kd_edge.students.transformer import TransformerNetwork, TransformerOptions
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.text.relation import Relation
from kd_edge_runtime.text.vocabulary import BagVocabulary

Options = BagOptions | RnnOptions | TransformerOptions
TextParts = BagVocabulary | Tokenizer

_OPTIONS: dict[str, type[Options]] = {
    "bag": BagOptions,
    "rnn": RnnOptions,
    "transformer": TransformerOptions,
}
KINDS = tuple(_OPTIONS)
"""Kinds of student of one item each."""
_OPTIONS["pairs"] = PairsOptions


def options(kind: str, values: Mapping[str, Any] | None = None) -> Options:
    """A kind's options.

    Args:
        kind: one of `KINDS`.
        values: options by name; the others keep their defaults.

    Raises:
        InputError: there is no such kind, or it has no such option.
    """
    if kind not in _OPTIONS:
        raise InputError(f"there is no student '{kind}': choose from {', '.join(KINDS)}")
    known = {field.name for field in fields(_OPTIONS[kind])}
    unknown = sorted(set(values or {}) - known)
    if unknown:
        raise InputError(f"a {kind} student has no option {', '.join(unknown)}")
    return _OPTIONS[kind](**dict(values or {}))


def learn_text(texts: Sequence[str], chosen: Options, teacher: Path | None) -> TextParts:
    """Freezes a text stage.

    Args:
        texts: the scored responses to learn from.
        chosen: the kind's options.
        teacher: the teacher's folder, whose tokenizer a transformer student shares.

    Raises:
        InputError: a transformer student without a teacher's folder, or responses that share
            no word.
    """
    if isinstance(chosen, BagOptions):
        vocabulary = choose_vocabulary(texts, chosen)
        if not vocabulary.size:
            raise _nothing_shared(texts, chosen.min_responses)
        return vocabulary
    if isinstance(chosen, RnnOptions):
        found = word_tokenizer(texts, chosen.words, chosen.min_responses, chosen.longest)
        if found.get_vocab_size() == SPECIAL:
            raise _nothing_shared(texts, chosen.min_responses)
        return found
    if teacher is None or not (teacher / "tokenizer.json").is_file():
        raise InputError("a transformer student needs the teacher's folder for its tokenizer")
    tokenizer = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    return ready(tokenizer, tokenizer.token_to_id("[PAD]") or 0, chosen.longest)


def fitted(kind: str, values: Mapping[str, Any], text: TextParts) -> Options:
    """A kind's options, with those that nobody chose made to fit what was learnt of the text.

    Args:
        kind: one of `KINDS`.
        values: options by name.
        text: the frozen vocabulary or tokenizer.

    Raises:
        InputError: see `options`.
    """
    chosen = options(kind, values)
    if kind == "bag" and "dimensions" not in values:
        return replace(chosen, dimensions=dimensions_for(text.size))
    return chosen


def _nothing_shared(texts: Sequence[str], least: int) -> InputError:
    return InputError(
        f"none of the words of {len(texts)} responses is in {least} of them: they share nothing "
        "to learn from"
    )


def assemble(
    kind: str,
    text: TextParts,
    classes: int,
    chosen: Options,
    relations: Mapping[str, Relation] | None = None,
) -> tuple[TextStage, Network]:
    """A text stage and a network with fresh weights.

    Args:
        kind: one of `KINDS`.
        text: the frozen vocabulary or tokenizer.
        classes: K.
        chosen: the kind's options.
        relations: what a student of many questions knows of each, by item id.
    """
    if kind == "bag":
        return BagText(text), BagNetwork(text.size, classes, chosen)
    if kind == "pairs":
        return PairsText(text, relations), PairsNetwork(text.sizes, classes, chosen)
    size = text.get_vocab_size()
    network = RnnNetwork if kind == "rnn" else TransformerNetwork
    return TokenText(text), network(size, classes, chosen)
