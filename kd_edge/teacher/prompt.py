"""The text that a decoder-only teacher reads: a response with its question and rubric.

The tokens of a long text are cut where least is lost: the end of the rubric first, then the end of
the question, and then the end of the response. The template's own words always stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kd_edge_runtime.errors import InputError

TEMPLATE = "Question: {question}\n\nRubric: {rubric}\n\nResponse: {response}\n\nScore:"

_FIELDS = ("question", "rubric", "response")
_PLACES = re.compile(r"( ?)\{(" + "|".join(_FIELDS) + r")\}")
_PARAGRAPH = "\n\n"
_PROBE = "a"


@dataclass(frozen=True)
class Prompt:
    """A template, and what it holds besides the response.

    Attributes:
        template: paragraphs with the fields {question}, {rubric} and {response}, each once, of
            which only the last must be there. A paragraph whose question or rubric is empty is left
            out.
        question: the item's question; "" for none.
        rubric: how it is scored; "" for none.

    Raises:
        InputError: the template has no place for the response, or two for one of them.
    """

    template: str = TEMPLATE
    question: str = ""
    rubric: str = ""

    def __post_init__(self) -> None:
        counts = {name: self.template.count(f"{{{name}}}") for name in _FIELDS}
        if counts["response"] != 1 or max(counts.values()) > 1:
            raise InputError(
                "a prompt template needs {response} once, and {question} and {rubric} once at most"
            )

    def encode(
        self, tokenizer: Any, responses: Sequence[str], most_response: int, most: int
    ) -> list[list[int]]:
        """The token ids of responses in the template.

        Args:
            tokenizer: a transformers tokenizer.
            responses: N responses.
            most_response: tokens kept of each response, >= 1.
            most: tokens of the whole, >= 1.

        Returns:
            N lists of 1 … `most` ids.
        """
        before, after = _added(tokenizer)
        pieces = self._pieces()
        fixed = [_ids(tokenizer, text) if not name else [] for name, text in pieces]
        contexts = {
            name: _ids(tokenizer, text) for name, text in pieces if name in ("question", "rubric")
        }
        space = next(text for name, text in pieces if name == "response")
        room = most - len(before) - len(after) - sum(map(len, fixed))
        encoded = []
        for ids in _many_ids(tokenizer, [space + one.strip() for one in responses]):
            kept = {"response": ids[: min(most_response, max(room, 1))]}
            left = max(room - len(kept["response"]), 0)
            for name in ("question", "rubric"):
                kept[name] = contexts.get(name, [])[:left]
                left -= len(kept[name])
            middle = [
                token
                for (name, _), literal in zip(pieces, fixed, strict=True)
                for token in (kept[name] if name else literal)
            ]
            # A model that reads fewer tokens than the template has still reads the response's end.
            encoded.append([*before, *middle, *after][-most:])
        return encoded

    def context_tokens(self, tokenizer: Any) -> int:
        """Tokens of question and rubric together."""
        return sum(len(_ids(tokenizer, text)) for text in (self.question, self.rubric))

    def _pieces(self) -> list[tuple[str, str]]:
        """The template in order: a field's name and text, or "" and words of the template.

        A space before a field belongs to it, since tokenizers write it into a word's first token.
        """
        values = {"question": self.question.strip(), "rubric": self.rubric.strip()}
        kept = [
            paragraph
            for paragraph in self.template.split(_PARAGRAPH)
            if not any(f"{{{name}}}" in paragraph and not text for name, text in values.items())
        ]
        parts = _PLACES.split(_PARAGRAPH.join(kept))
        pieces = [("", parts[0])]
        for at in range(1, len(parts), 3):
            space, name, literal = parts[at : at + 3]
            pieces += [(name, space + values.get(name, "")), ("", literal)]
        return pieces


def _added(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The ids that a tokenizer writes before and after every text, like Llama's <s>."""
    bare, whole = _ids(tokenizer, _PROBE), list(tokenizer(_PROBE)["input_ids"])
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return whole[:start], whole[start + len(bare) :]
    return [], []


def _ids(tokenizer: Any, text: str) -> list[int]:
    return _many_ids(tokenizer, [text])[0] if text else []


def _many_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    if not texts:
        return []
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return ids
