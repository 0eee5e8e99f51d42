"""A language model behind an API, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kd_edge.llm.cost import Price
from kd_edge.llm.endpoint import Endpoint
from kd_edge.llm.prompt import PER_SCORE, TEMPLATE
from kd_edge_runtime.errors import InputError

USUAL_ANSWERS = 5
"""How often a response is asked about where the server gives no log-probabilities."""


@dataclass(frozen=True)
class LlmOptions:
    """A language model, and how it is asked.

    Attributes:
        endpoint: where it is; the user has allowed to send responses there.
        model: its name.
        question: the item's question; "" for none.
        rubric: how it is scored; "" for none.
        template: what is said before the responses, see `Prompt`.
        answers: how often each response is asked about, >= 1, at temperature 1; None takes
            log-probabilities where the server gives them, else `USUAL_ANSWERS`.
        per_score: the most scored responses of each score that the model is shown, >= 0.
        max_tokens: the most tokens of an answer, >= 1.
        more: fields of one's own for each request, JSON types.
        parallel: how many requests are on their way at a time, >= 1.
        per_minute: the most requests a minute; None for as many as can be.
        timeout_s: seconds to wait for an answer.
        price: of tokens; None where it is not known.
        seed: of all that is random.
        key: the API key; None for none.

    Raises:
        InputError: the model has no name.
    """

    endpoint: Endpoint
    model: str
    question: str = ""
    rubric: str = ""
    template: str = TEMPLATE
    answers: int | None = None
    per_score: int = PER_SCORE
    max_tokens: int = 16
    more: Mapping[str, Any] = field(default_factory=dict)
    parallel: int = 4
    per_minute: float | None = None
    timeout_s: float = 120.0
    price: Price | None = None
    seed: int = 0
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise InputError("the model's name is empty: name one that the server has")
