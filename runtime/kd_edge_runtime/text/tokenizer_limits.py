"""What a bundle's tokenizer may be: its JSON is looked at before the package that reads it.

The `tokenizers` package trusts what it loads: a few bytes can let it work for ever, ask for
terabytes, or end in a panic. FORMAT.md, section 17, has these limits.
"""

from __future__ import annotations

import re
from typing import Any

# Tokens of a response, special ones included; words of a vocabulary; words beside it, which are
# looked for in every response; parts of its rules; tokens around a response; characters of a word
# that is cut into pieces; and characters of a rule's pattern.
MAX_TOKENS = 2048
MAX_VOCABULARY = 500_000
MAX_ADDED = 10_000
MAX_PARTS = 1000
MAX_AROUND = 64
MAX_WORD = 1000
MAX_PATTERN = 1000

# Characters that rules of replacement may make of one, all of them together; students have 1.
MAX_GROWTH = 256

_MOST = 1 << 31
# A group that is repeated, which may be tried in more ways than there are atoms; and what refers
# to an earlier part.
_ENDLESS = re.compile(r"\)[*+{]|\)\?[*+{]|\\[1-9]|\\[kg]")
_CONTENTS = ("vocab", "merges", "added_tokens")


def check_tokenizer(tokenizer: Any) -> None:
    """Refuses a tokenizer that students do not have, or that takes far more than they do.

    Args:
        tokenizer: a tokenizer's JSON.

    Raises:
        ValueError: what is wrong, in words that follow "the bundle's tokenizer".
    """
    try:
        _check(tokenizer)
    except (AttributeError, KeyError, TypeError):
        raise ValueError("cannot be loaded: it is none of the package 'tokenizers'") from None


def _check(tokenizer: Any) -> None:
    _check_rules(tokenizer)
    model, added = tokenizer["model"], tokenizer.get("added_tokens") or []
    _check_vocabulary(model.get("vocab"), added)
    if model.get("dropout"):
        raise ValueError("reads the same response in one way or another (dropout)")
    if not 0 < model.get("max_input_chars_per_word", 1) <= MAX_WORD:
        raise ValueError(f"cuts words of more than {MAX_WORD} characters into pieces")
    _check_length(tokenizer.get("truncation"), tokenizer.get("post_processor"))


def check_ids(ids: list[list[int]]) -> None:
    """Refuses more token ids of a response than any student reads.

    Args:
        ids: those of N responses.

    Raises:
        ValueError: there are more, in words that follow "the bundle's tokenizer".
    """
    if max(map(len, ids), default=0) > MAX_TOKENS:
        raise ValueError(f"makes more than {MAX_TOKENS} tokens of a response")


def _check_rules(tokenizer: dict[str, Any]) -> None:
    """Refuses too many rules, rules that make much of little, and patterns that never end."""
    growth, seen, parts = 1.0, 0, [tokenizer]
    while parts:
        part: Any = parts.pop()
        seen += 1
        if seen > MAX_PARTS:
            raise ValueError(f"has more than {MAX_PARTS} rules")
        values = part.items() if isinstance(part, dict) else enumerate(part)
        for name, value in values:
            if name in _CONTENTS:
                continue
            if isinstance(value, (dict, list)):
                parts.append(value)  # type: ignore[arg-type]
            elif isinstance(value, (int, float)) and not -_MOST < value < _MOST:
                raise ValueError(f"has a number that is too large ('{name}')")
            elif name == "Regex" and (len(value) > MAX_PATTERN or _ENDLESS.search(value)):
                raise ValueError("has a pattern that may take for ever")
        if isinstance(part, dict) and part.get("type") in ("Replace", "Prepend"):
            growth *= max(1, len(str(part.get("content", part.get("prepend", "")))))
        if growth > MAX_GROWTH:
            raise ValueError("makes far longer texts of responses")


def _check_vocabulary(vocabulary: Any, added: Any) -> None:
    if not isinstance(vocabulary, (dict, list)) or len(vocabulary) > MAX_VOCABULARY:
        raise ValueError(f"has no vocabulary, or one of more than {MAX_VOCABULARY:,} words")
    if not isinstance(added, list) or len(added) > MAX_ADDED:
        raise ValueError(f"has more than {MAX_ADDED:,} words beside its vocabulary")
    numbers = [token.get("id") for token in added if isinstance(token, dict)]
    if len(numbers) != len(added):
        raise ValueError("has a word beside its vocabulary that is none")
    if isinstance(vocabulary, dict):
        numbers += vocabulary.values()
    if not all(type(number) is int and 0 <= number < _MOST for number in numbers):
        raise ValueError("has an id that is none")


def _check_length(truncation: Any, processor: Any) -> None:
    """Refuses a tokenizer that does not say where responses are cut."""
    if not isinstance(truncation, dict) or truncation.get("strategy") != "LongestFirst":
        raise ValueError("does not cut long responses")
    longest, stride = truncation.get("max_length"), truncation.get("stride", 0)
    if type(longest) is not int or not 0 < longest <= MAX_TOKENS or stride != 0:
        raise ValueError(f"does not cut responses to at most {MAX_TOKENS} tokens")
    if isinstance(processor, dict) and processor.get("type") == "TemplateProcessing":
        special = processor.get("special_tokens") or {}
        around = [len(processor.get("single") or ()), len(special)]
        around += [len(token.get("ids") or ()) for token in special.values()]
        if max(around) > MAX_AROUND:
            raise ValueError(f"puts more than {MAX_AROUND} tokens around a response")
