"""What a teacher of many questions reads: a question, a reference answer and the response.

They are one text of three parts, so that rows, labels and files are those of any teacher; the
network reads them as segments, like the pairs of sentences that BERT learnt from (Devlin et al.
2019, "BERT", section 3; of reference and response: Sung, Dhamecha and Mukhi 2019, "Improving Short
Answer Grading Using Transformer-Based Pre-training").

Where the tokens do not suffice, the response is kept before the reference answer, and that before
the question, of which the end is read: it asks, and what comes before tells the situation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_BETWEEN = " [SEP] "
_QUESTION = 16  # tokens of the question's end; all of it would take most of the time
_ADDED = 4  # the token at the start, and one after each part
_NONE = ("", "", "")


def join_parts(question: str, reference: str, response: str) -> str:
    """The text of three parts; the response, which comes last, may hold what separates them."""
    parts = (part.replace(_BETWEEN.strip(), " ") for part in (question, reference))
    return _BETWEEN.join([*parts, response])


def reads_parts(tokenizer: Any) -> bool:
    """Whether a tokenizer has a token at the start, and one that separates, as encoders have."""
    return tokenizer.cls_token_id is not None and tokenizer.sep_token_id is not None


def encode_parts(tokenizer: Any, texts: Sequence[str], most: int) -> list[list[int]]:
    """Token ids of texts of three parts.

    Args:
        tokenizer: a transformers tokenizer that `reads_parts`.
        texts: N texts that `join_parts` made.
        most: tokens kept of each, > 4.

    Returns:
        N lists of at most `most` ids: start, question, separator, reference, separator, response,
        separator.
    """
    start, between = tokenizer.cls_token_id, tokenizer.sep_token_id
    parts = [text.split(_BETWEEN, 2) for text in texts]
    # Thousands of responses share a question and some references.
    distinct = list({"", *(part for own in parts for part in own)})
    known = dict(zip(distinct, tokenizer(distinct, add_special_tokens=False)["input_ids"]))
    room = max(min(most, tokenizer.model_max_length) - _ADDED, 1)
    encoded = []
    for own in parts:
        question, reference, response = (known[part] for part in [*_NONE[len(own) :], *own])
        response = response[:room]
        reference = reference[: room - len(response)]
        left = min(room - len(response) - len(reference), _QUESTION)
        asked = question[max(len(question) - left, 0) :]
        encoded.append([start, *asked, between, *reference, between, *response, between])
    return encoded
