"""Trims a language model's tokenizer to the pieces that enough responses share.

A multilingual tokenizer has a quarter of a million pieces, the responses to an item a thousand:
most of a small transformer would be embeddings that nothing ever reads. The tokenizer's file is
changed as JSON: WordPiece, byte-pair (BPE), Unigram and whole words (WordLevel).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from kd_edge.students.kept_out import KeptOut
from kd_edge.students.sharing import Sharing
from kd_edge_runtime.errors import InputError

# Without a rare piece, a word is read as smaller ones, some of them rare too: so often at most.
_ROUNDS = 12
_CHUNK = 1000  # responses encoded at a time
_ASCII = {chr(code) for code in range(33, 127)}
_BYTES = {f"<0x{byte:02X}>" for byte in range(256)}
# The characters that stand for bytes in a byte-level tokenizer: those that can be shown are their
# own, the others follow one another from U+0100 on.
_SHOWN = [*range(33, 127), *range(161, 173), *range(174, 256)]
_HIDDEN = [byte for byte in range(256) if byte not in _SHOWN]
_BYTE_OF = {chr(byte): byte for byte in _SHOWN} | {
    chr(256 + at): byte for at, byte in enumerate(_HIDDEN)
}
_MODELS = ("WordPiece", "BPE", "Unigram", "WordLevel")


@dataclass(frozen=True)
class Trimmed:
    """A trimmed tokenizer.

    Attributes:
        tokenizer: it neither pads nor truncates.
        kept: the id that each of its tokens had before, ascending: [V].
    """

    tokenizer: Tokenizer
    kept: tuple[int, ...]


def trim(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    least: int,
    pad: int | None,
    sharing: Sharing = Sharing(),  # noqa: B008 (frozen)
    known: Sequence[str] = (),
) -> Trimmed:
    """A tokenizer of the pieces that at least `least` of the texts share.

    It also keeps the tokens that it puts around a text, for padding and for what it does not
    know, and single characters: ASCII's, those that enough texts share, and all bytes of a
    byte-pair tokenizer. A word that no piece stands for is thus read letter by letter, and the
    tokenizer holds nothing that fewer texts share.

    Args:
        tokenizer: the whole one, unchanged.
        texts: the responses.
        least: >= 1.
        pad: the id of the padding token, if there is one.
        sharing: how it is counted who shares a piece; what it keeps out is no piece, and counts
            for none, but for single characters.
        known: texts that are no student's, like reference answers, whose pieces are kept too.

    Raises:
        InputError: the tokenizer is of a kind that cannot be trimmed.
    """
    raw = json.loads(tokenizer.to_str())
    kind = raw["model"].get("type", "")
    if kind not in _MODELS:
        raise InputError(
            f"a tokenizer of the kind '{kind}' cannot be trimmed: it must be one of "
            f"{', '.join(_MODELS)}"
        )
    raw["padding"] = raw["truncation"] = None
    texts = [sharing.kept_out.cut_from(text) for text in texts]
    known = [sharing.kept_out.cut_from(text) for text in known]
    pieces = _Pieces(raw, pad, _shared_characters(tokenizer, texts, least, sharing))
    kept_out = pieces.kept_out(sharing.kept_out)
    removed = {*kept_out}
    for _ in range(_ROUNDS):
        now = pieces.without(removed)
        tally = sharing.tally(_pieces_of(now, texts))
        shared = {piece for piece, count in tally.items() if count >= least}
        shared |= {piece for found in _pieces_of(now, known) for piece in found}
        kept = pieces.needed(shared) - kept_out
        rare = tally.keys() - kept
        if not rare:
            break
        removed |= rare
    return pieces.only(kept)


def _shared_characters(
    tokenizer: Tokenizer, texts: Sequence[str], least: int, sharing: Sharing
) -> set[str]:
    """The characters that at least so many texts share, as the tokenizer reads them."""
    normalizer = tokenizer.normalizer
    tally = sharing.tally(
        {*(normalizer.normalize_str(text) if normalizer else text)} for text in texts
    )
    return {character for character, count in tally.items() if count >= least}


def _pieces_of(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[set[str]]:
    """The pieces of each text."""
    for start in range(0, len(texts), _CHUNK):
        for encoding in tokenizer.encode_batch(list(texts[start : start + _CHUNK])):
            yield {*encoding.tokens}


class _Pieces:
    """The pieces of a tokenizer's file, and files of some of them."""

    def __init__(
        self, raw: Mapping[str, Any], pad: int | None, characters: Collection[str]
    ) -> None:
        self._raw = raw
        model = raw["model"]
        vocabulary = model["vocab"]
        self._scores: dict[str, float] = {}
        if isinstance(vocabulary, list):  # Unigram: pieces with scores, in the order of their ids
            self._scores = dict(map(tuple, vocabulary))
            vocabulary = {piece: at for at, (piece, _) in enumerate(vocabulary)}
        added = {token["content"]: token["id"] for token in raw["added_tokens"]}
        self._ids: dict[str, int] = {**vocabulary, **added}
        by_id = {at: piece for piece, at in self._ids.items()}
        self._merges = [
            tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge)
            for merge in model.get("merges") or ()
        ]
        self._parts: dict[str, tuple[str, str]] = {}
        for left, right in self._merges:
            self._parts.setdefault(left + right, (left, right))
        # What is always kept.
        unknown = model.get("unk_token")
        if unknown is None and model.get("unk_id") is not None:
            unknown = by_id[model["unk_id"]]
        fixed = {by_id[at] for at in _around(raw.get("post_processor"))}
        fixed |= {unknown} - {None}
        if pad is not None:
            fixed.add(by_id[pad])
        prefix = model.get("continuing_subword_prefix") or ""
        if model.get("merges") is not None and _byte_level(raw):
            fixed |= {piece for piece in self._ids if len(piece) == 1}
        elif model["type"] != "WordLevel":
            single = _ASCII | {*characters}
            fixed |= self._ids.keys() & {*single, *(prefix + one for one in single), "\u2581"}
        if model.get("byte_fallback"):
            fixed |= self._ids.keys() & _BYTES
        self._fixed: set[str] = fixed
        self._prefix = prefix
        self._byte_level = _byte_level(raw)

    def kept_out(self, words: KeptOut) -> set[str]:
        """The pieces that are one of these words, but for what is always kept."""
        if not words:
            return set()
        return {piece for piece in self._ids if self._bare(piece) in words} - self._fixed

    def _bare(self, piece: str) -> str:
        """A piece as letters, without what says where in a word it may stand."""
        bare = piece.removeprefix(self._prefix).removesuffix("</w>").strip("\u2581")
        if self._byte_level:
            with suppress(KeyError, UnicodeDecodeError):
                bare = bytes(_BYTE_OF[character] for character in bare).decode("utf-8")
        return bare.strip()

    def needed(self, shared: Collection[str]) -> set[str]:
        """The shared pieces, what is always kept, and the pieces that these are merged from."""
        needed: set[str] = set()
        waiting = [*shared, *self._fixed]
        while waiting:
            piece = waiting.pop()
            if piece in self._ids and piece not in needed:
                needed.add(piece)
                waiting += self._parts.get(piece, ())
        return needed

    def without(self, removed: Collection[str]) -> Tokenizer:
        """The tokenizer that does not know some pieces; the others have their ids or others."""
        return self.only(self._ids.keys() - removed).tokenizer

    def only(self, pieces: Collection[str]) -> Trimmed:
        """The tokenizer of some pieces, numbered in the order that they had."""
        order = sorted(pieces, key=self._ids.__getitem__)
        new = {piece: at for at, piece in enumerate(order)}
        moved = {self._ids[piece]: at for piece, at in new.items()}
        raw, model = dict(self._raw), dict(self._raw["model"])
        if self._scores:
            model["vocab"] = [[piece, self._scores.get(piece, 0.0)] for piece in order]
            if model.get("unk_id") is not None:
                model["unk_id"] = moved[model["unk_id"]]
        else:
            model["vocab"] = new
        if model.get("merges") is not None:
            model["merges"] = [
                [left, right]
                for left, right in self._merges
                if left in new and right in new and left + right in new
            ]
        raw["model"] = model
        raw["added_tokens"] = [
            {**token, "id": new[token["content"]]}
            for token in self._raw["added_tokens"]
            if token["content"] in new
        ]
        raw["post_processor"] = _moved(raw.get("post_processor"), moved)
        return Trimmed(
            Tokenizer.from_str(json.dumps(raw)), tuple(self._ids[piece] for piece in order)
        )


def _byte_level(raw: Mapping[str, Any]) -> bool:
    """Whether pieces are of bytes, each written as one character."""
    return any(part.get("type") == "ByteLevel" for part in _parts(raw.get("pre_tokenizer")))


def _parts(processor: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """A step of a tokenizer, or the steps of which it is a sequence."""
    if processor is None:
        return
    inner = processor.get("processors") or processor.get("pretokenizers")
    for part in inner or ():
        yield from _parts(part)
    if not inner:
        yield processor


def _around(processor: Mapping[str, Any] | None) -> Iterator[int]:
    """The ids of the tokens that are put around a text."""
    for part in _parts(processor):
        if part["type"] == "TemplateProcessing":
            for token in part["special_tokens"].values():
                yield from token["ids"]
        elif part["type"] in ("BertProcessing", "RobertaProcessing"):
            yield part["sep"][1]
            yield part["cls"][1]
        elif part["type"] != "ByteLevel":
            raise InputError(
                f"a tokenizer with the post-processor '{part['type']}' cannot be trimmed"
            )


def _moved(processor: Any, moved: Mapping[int, int]) -> Any:
    """The post-processor with the tokens' new ids."""
    if processor is None:
        return None
    new = dict(processor)
    if "processors" in new:
        new["processors"] = [_moved(part, moved) for part in new["processors"]]
    if new["type"] == "TemplateProcessing":
        new["special_tokens"] = {
            name: {**token, "ids": [moved[at] for at in token["ids"]]}
            for name, token in new["special_tokens"].items()
        }
    elif new["type"] in ("BertProcessing", "RobertaProcessing"):
        new |= {name: [new[name][0], moved[new[name][1]]] for name in ("sep", "cls")}
    return new
