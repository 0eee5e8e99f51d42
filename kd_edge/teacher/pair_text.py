"""What a teacher of many questions reads: a reference answer and the response, as one text.

They are one text of two parts, so that rows, labels and files are those of any teacher; the network
reads them as segments, like the pairs of sentences that BERT learnt from (Devlin et al. 2019,
"BERT", section 3; of reference and response: Sung, Dhamecha and Mukhi 2019, "Improving Short Answer
Grading Using Transformer-Based Pre-training").

The question is not among them. With it, the network learnt which question has which scores, and on
training questions that were held out it was right less often; and it takes a third of the time.
Where the tokens do not suffice, the response is kept before the reference answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kd_edge_runtime.errors import InputError

_BETWEEN = " [SEP] "
_ADDED = 3  # the token at the start, and one after each part


def join_parts(reference: str, response: str) -> str:
    """The text of both parts; the response, which comes last, may hold what separates them."""
    return f"{reference.replace(_BETWEEN.strip(), ' ')}{_BETWEEN}{response}"


def refuse_lone(texts: Sequence[str]) -> None:
    """Refuses texts that `join_parts` did not make.

    Raises:
        InputError: some are a response alone, which would be read as a reference answer.
    """
    alone = sum(_BETWEEN not in text for text in texts)
    if alone:
        raise InputError(
            f"this teacher reads a reference answer beside each response (pairs), and {alone:,} of "
            f"{len(texts):,} texts have none: only a run of all items together gives it both"
        )


def reads_parts(tokenizer: Any) -> bool:
    """Whether a tokenizer has a token at the start, and one that separates, as encoders have."""
    return tokenizer.cls_token_id is not None and tokenizer.sep_token_id is not None


def encode_parts(tokenizer: Any, texts: Sequence[str], most: int) -> list[list[int]]:
    """Token ids of texts of two parts.

    Args:
        tokenizer: a transformers tokenizer that `reads_parts`.
        texts: N texts that `join_parts` made.
        most: tokens kept of each, > 3.

    Returns:
        N lists of at most `most` ids: start, reference, separator, response, separator.
    """
    start, between = tokenizer.cls_token_id, tokenizer.sep_token_id
    parts = [text.partition(_BETWEEN)[::2] for text in texts]
    # Thousands of responses share some references.
    distinct = list({part for own in parts for part in own})
    known = dict(zip(distinct, tokenizer(distinct, add_special_tokens=False)["input_ids"]))
    room = max(min(most, tokenizer.model_max_length) - _ADDED, 1)
    encoded = []
    for reference, response in ((known[one], known[other]) for one, other in parts):
        kept = response[:room]
        encoded.append([start, *reference[: room - len(kept)], between, *kept, between])
    return encoded
