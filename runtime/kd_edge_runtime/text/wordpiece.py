"""The tokenizers that plain Python reads: words or WordPiece after BERT's text rules.

Reads the JSON that the `tokenizers` package writes, and gives the ids that the package gives, for
devices on which it cannot be installed. FORMAT.md, section 6, says which tokenizers these are.
"""

from __future__ import annotations

import re
from typing import Any, Callable

from kd_edge_runtime.text._bert_words import BertWords

# Words whose ids are kept for the next response.
_KEPT = 20_000

Ids = list[int]


class OtherTokenizerError(ValueError):
    """The tokenizer is of a kind that only the `tokenizers` package reads; says which."""


class PlainTokenizer:
    """A tokenizer in plain Python.

    Args:
        whole: a tokenizer's JSON.

    Attributes:
        pad: the id to pad with; None where it does not pad.
        most: the ids that are left of a text, special tokens included; None for all.

    Raises:
        OtherTokenizerError: it is of another kind.
        ValueError: it is no tokenizer's JSON.
    """

    def __init__(self, whole: Any) -> None:
        try:
            self._word, vocabulary = _model(whole["model"])
            self._cut = BertWords(_uncased(whole["normalizer"], whole["pre_tokenizer"]))
            self._special = {
                _plain_token(token): vocabulary.get(token["content"], token["id"])
                for token in whole["added_tokens"]
            }
            self._before, self._after = _around(whole["post_processor"])
            self.most, self._left = _truncation(whole["truncation"])
            padding = whole["padding"]
            self.pad: int | None = None if padding is None else int(padding["pad_id"])
        except OtherTokenizerError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise ValueError("it is no tokenizer of the package 'tokenizers'") from None
        around = len(self._before) + len(self._after)
        self._longest = None if self.most is None else self.most - around
        if self._longest is not None and self._longest < 0:
            raise ValueError("it cuts responses to less than its own special tokens")
        # The longest first, where one begins another.
        names = sorted(filter(None, self._special), key=len, reverse=True)
        self._parts = re.compile(f"({'|'.join(map(re.escape, names))})") if names else None
        self._ids: dict[str, Ids] = {}

    def encode(self, text: str) -> Ids:
        """The ids of a text without halves of surrogate pairs, special tokens included."""
        return [*self._before, *self._first(self._ids_of(text), self._longest), *self._after]

    def pieces(self, text: str) -> Ids:
        """The ids of a text without halves of surrogate pairs, no more than `most` of them."""
        return self._first(self._ids_of(text), self.most)

    def _first(self, ids: Ids, most: int | None) -> Ids:
        """As many as are kept, from the side that is kept."""
        if most is None or len(ids) <= most:
            return ids
        return ids[len(ids) - most :] if self._left else ids[:most]

    def _ids_of(self, text: str) -> Ids:
        ids: Ids = []
        parts = self._parts.split(text) if self._parts else [text]
        for place, part in enumerate(parts):
            if place % 2:
                ids.append(self._special[part])
            else:
                for word in self._cut(part):
                    ids += self._kept(word)
        return ids

    def _kept(self, word: str) -> Ids:
        ids = self._ids.get(word)
        if ids is None:
            ids = self._word(word)
            if len(self._ids) >= _KEPT:
                self._ids.clear()
            self._ids[word] = ids
        return ids


def _type(part: Any) -> Any:
    return "absent" if part is None else part["type"]


def _refuse(what: str, kind: Any) -> OtherTokenizerError:
    return OtherTokenizerError(f"its {what} is {kind}")


def _uncased(normalizer: Any, words: Any) -> bool:
    """Whether letters are made small; BERT's text rules are the only ones."""
    if _type(normalizer) != "BertNormalizer":
        raise _refuse("normalizer", _type(normalizer))
    if _type(words) != "BertPreTokenizer":
        raise _refuse("pre-tokenizer", _type(words))
    lowercase, strip = normalizer["lowercase"], normalizer["strip_accents"]
    usual = normalizer["clean_text"] and normalizer["handle_chinese_chars"]
    if not usual or (strip is not None and strip != lowercase):
        raise _refuse("normalizer", "a BertNormalizer with unusual settings")
    return bool(lowercase)


def _model(model: Any) -> tuple[Callable[[str], Ids], dict[str, int]]:
    """From a word to its ids, and the vocabulary."""
    if model["type"] not in ("WordPiece", "WordLevel"):
        raise _refuse("model", model["type"])
    vocabulary = {str(token): int(number) for token, number in model["vocab"].items()}
    unknown = [vocabulary[model["unk_token"]]]
    if model["type"] == "WordLevel":
        return lambda word: [vocabulary[word]] if word in vocabulary else unknown, vocabulary
    prefix, most = str(model["continuing_subword_prefix"]), int(model["max_input_chars_per_word"])
    return lambda word: _pieces(word, vocabulary, prefix, most) or unknown, vocabulary


def _pieces(word: str, vocabulary: dict[str, int], prefix: str, most: int) -> Ids:
    """The longest piece that begins a word, then the longest that goes on; none if one lacks."""
    ids: Ids = []
    start = 0
    while len(word) <= most and start < len(word):
        for end in range(len(word), start, -1):
            number = vocabulary.get((prefix if start else "") + word[start:end])
            if number is not None:
                break
        else:
            return []
        ids.append(number)
        start = end
    return ids


def _plain_token(token: Any) -> str:
    """The text of an added token, which stands for itself wherever it is written."""
    if any(token[name] for name in ("single_word", "lstrip", "rstrip", "normalized")):
        raise _refuse("vocabulary", "one with added words that are read in a way of their own")
    return str(token["content"])


def _around(processor: Any) -> tuple[Ids, Ids]:
    """The special tokens before and after a response."""
    if processor is None:
        return [], []
    if processor["type"] == "BertProcessing":
        return [int(processor["cls"][1])], [int(processor["sep"][1])]
    if processor["type"] != "TemplateProcessing":
        raise _refuse("post-processor", processor["type"])
    sides: tuple[Ids, Ids] = ([], [])
    seen = 0
    for part in processor["single"]:
        if "Sequence" in part:
            seen += 1
        else:
            sides[min(seen, 1)].extend(
                map(int, processor["special_tokens"][part["SpecialToken"]["id"]]["ids"])
            )
    if seen != 1:
        raise _refuse("post-processor", "one that does not read a response once")
    return sides


def _truncation(settings: Any) -> tuple[int | None, bool]:
    """The most tokens, special ones included, and whether the last ones are kept."""
    if settings is None:
        return None, False
    return int(settings["max_length"]), settings["direction"] == "Left"
