"""The students that read tokens: their text stage is a frozen `tokenizers` tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from kd_edge.students.base import Kind, TextMember, TextSources
from kd_edge.students.sharing import Sharing
from kd_edge.students.student import Student
from kd_edge_export import form_writers
from kd_edge_export.form_writers import Forms, TokenGraph
from kd_edge_export.onnx import transformer
from kd_edge_export.onnx.int8_static import Feed
from kd_edge_runtime.backends.padding import padded
from kd_edge_runtime.text import NEW_RULES

PAD, UNKNOWN = "[PAD]", "[UNK]"
_SPECIAL = 2  # tokens of a word tokenizer that are no words
_TOKENIZER = "tokenizer.json"


def word_tokenizer(
    texts: Sequence[str],
    size: int,
    min_responses: int,
    longest: int,
    sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
) -> Tokenizer:
    """A tokenizer of whole words.

    Args:
        texts: the responses to learn from.
        size: most words in the vocabulary.
        min_responses: at least this many responses, or students, must share a word; what a single
            student wrote stays out of the bundle.
        longest: tokens after which a response is cut.
        sharing: how it is counted who shares a word.
    """
    tokenizer = Tokenizer(models.WordLevel({PAD: 0, UNKNOWN: 1}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def words(text: str) -> list[str]:
        normal = tokenizer.normalizer.normalize_str(text)
        return [piece for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)]

    without = sharing.kept_out.without(words)
    tally = sharing.tally({word for word in without(words(text)) if word} for text in texts)
    ranked = sorted((-count, word) for word, count in tally.items() if count >= min_responses)
    vocabulary = {PAD: 0, UNKNOWN: 1}
    for _, word in ranked[:size]:
        vocabulary.setdefault(word, len(vocabulary))
    tokenizer.model = models.WordLevel(vocabulary, unk_token=UNKNOWN)
    return ready(tokenizer, 0, longest)


def ready(tokenizer: Tokenizer, pad_id: int, longest: int) -> Tokenizer:
    """Sets padding and truncation, which the runtime takes from the tokenizer's file."""
    pad = tokenizer.id_to_token(pad_id) or PAD
    tokenizer.enable_padding(pad_id=pad_id, pad_token=pad)
    tokenizer.enable_truncation(max_length=longest)
    return tokenizer


class TokenText:
    """The text stage of a token-reading student, whose tokenizer pads and truncates.

    Args:
        tokenizer: what the network reads by.
        rules: the number of the text rules by which the device reads words for its flags.
    """

    def __init__(self, tokenizer: Tokenizer, rules: int = NEW_RULES) -> None:
        self.tokenizer = tokenizer
        self.rules = rules
        # A copy: the tokenizer itself goes into the bundle, where it has to pad.
        self._unpadded = Tokenizer.from_str(tokenizer.to_str())
        self._unpadded.no_padding()

    def encode(self, texts: Sequence[str], _questions: Sequence[str] = ()) -> EncodedTokens:
        """See `TextStage`."""
        # One by one over many texts would be slow, all at once large: chunks are neither.
        ids: list[list[int]] = []
        for start in range(0, len(texts), 1000):
            chunk = self._unpadded.encode_batch(list(texts[start : start + 1000]))
            ids += [encoding.ids for encoding in chunk]
        padding = self.tokenizer.padding
        assert padding is not None, "the runtime needs it too"
        return EncodedTokens(ids, padding["pad_id"])


class EncodedTokens:
    """Responses as token ids; one without any counts as a pad."""

    padded = True

    def __init__(self, ids: list[list[int]], pad: int = 0) -> None:
        self._ids, self._pad = ids, pad
        self.lengths = np.array([len(tokens) for tokens in ids], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._ids)

    def batch(self, index: npt.NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        """Ids and mask, int64 [B, longest], padded on the right."""
        ids, mask = padded([self._ids[at] for at in index], self._pad)
        return torch.from_numpy(ids), torch.from_numpy(mask)


class TokenKind(Kind):
    """A kind of student whose network reads token ids and a mask, both int64 [B, T].

    A kind whose options have `words`, `min_responses` and `longest` reads whole words; another
    one has a `learn_text` of its own.
    """

    forms = form_writers.TOKEN

    def learn_text(self, sources: TextSources, options: Any) -> TokenText:
        """See `Kind`: the words that most responses share."""
        tokenizer = word_tokenizer(
            sources.texts,
            options.words,
            options.min_responses,
            options.longest,
            sources.sharing,
        )
        if tokenizer.get_vocab_size() == _SPECIAL:
            raise sources.nothing_shared(options.min_responses)
        return TokenText(tokenizer)

    def save_text(self, text: TokenText, folder: Path) -> Mapping[str, Any]:
        """See `Kind`."""
        (folder / _TOKENIZER).write_text(text.tokenizer.to_str(), encoding="utf-8")
        return {"rules": text.rules}

    def load_text(self, folder: Path, description: Mapping[str, Any], _options: Any) -> TokenText:
        """See `Kind`."""
        # Students from before there was a choice say nothing.
        rules = description.get("rules", 1)
        return TokenText(Tokenizer.from_file(str(folder / _TOKENIZER)), rules)

    def text_rules(self, student: Student) -> int:
        """See `Kind`."""
        rules: int = student.text.rules
        return rules

    def text_member(self, student: Student) -> TextMember:
        """See `Kind`."""
        tokenizer = student.text.tokenizer
        settings = {"tokens": tokenizer.get_vocab_size(), "rules": student.text.rules}
        return settings, (_TOKENIZER, tokenizer.to_str().encode("utf-8"))

    def make_forms(
        self,
        student: Student,
        names: Sequence[str],
        vectorizer_sha256: str,
        texts: Sequence[str] = (),
    ) -> Forms:
        """See `Kind`."""
        sampled = any(self.forms[name].sampled for name in names)
        feeds = _feeds(student.text, texts) if sampled else ()
        graph = TokenGraph(self.graph(student, vectorizer_sha256), feeds)
        return form_writers.token_forms(
            graph, student.item_id, vectorizer_sha256, names, self.forms
        )

    def graph(self, student: Student, vectorizer_sha256: str) -> bytes:
        """The network as an ONNX graph in floats: ids and mask [N, T] in, probabilities [N, K] out.

        By PyTorch's exporter, unless a kind has a way of its own.
        """
        return transformer.onnx_fp32(student.network, student.item_id, vectorizer_sha256)


_MOST_FEEDS = 500


def _feeds(text: TokenText, texts: Sequence[str]) -> list[Feed]:
    """A graph's inputs for responses, one by one, of which there are enough at `_MOST_FEEDS`."""
    encoded = text.encode(texts[:_MOST_FEEDS])
    return [
        {name: array.numpy() for name, array in zip(("ids", "mask"), encoded.batch(np.array([at])))}
        for at in range(len(encoded))
    ]
