"""What asking will cost: requests, tokens, and money where a price is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kd_edge.llm.probe import Probed

_CHARACTERS_A_TOKEN = 4.0  # of English; where the server does not count them
_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Money for a million tokens.

    Attributes:
        tokens_in: read by the model, >= 0.
        tokens_out: written by it, >= 0.
    """

    tokens_in: float
    tokens_out: float


@dataclass(frozen=True)
class Estimate:
    """What requests are expected to cost.

    Attributes:
        requests: how many.
        tokens_in: about so many are read.
        tokens_out: about so many are written.
        most_out: the most that can be.
        price: what they cost; None where no price was given.
    """

    requests: int
    tokens_in: int
    tokens_out: int
    most_out: int
    price: Price | None = None

    def money(self, tokens_out: int) -> float:
        """What it costs to have so many tokens written."""
        assert self.price is not None
        return (
            self.tokens_in * self.price.tokens_in + tokens_out * self.price.tokens_out
        ) / _MILLION

    def __str__(self) -> str:
        times = "request" if self.requests == 1 else "requests"
        text = (
            f"{self.requests:,} {times}: about {self.tokens_in:,} tokens to read and "
            f"{self.tokens_out:,} to write (at most {self.most_out:,})"
        )
        if self.price is None:
            return f"{text}. --price IN/OUT, for a million tokens each, says what that costs."
        return (
            f"{text}, which costs about {self.money(self.tokens_out):,.2f}, at most "
            f"{self.money(self.most_out):,.2f}, by the prices given."
        )


def estimate(
    requests: Mapping[str, dict[str, Any]], probed: Probed, most: int, price: Price | None
) -> Estimate:
    """What requests will cost, counted as the server counted the tokens of the neutral request.

    Args:
        requests: bodies by `request_key`.
        probed: the neutral request and its answer.
        most: the most tokens of an answer.
        price: of tokens; None where it is not known.
    """
    characters = sum(_characters(body) for body in requests.values())
    counted = probed.answer.tokens_in
    a_token = probed.characters / counted if counted else _CHARACTERS_A_TOKEN
    written = probed.answer.tokens_out or 2
    return Estimate(
        len(requests),
        round(characters / a_token),
        len(requests) * min(written, most),
        len(requests) * most,
        price,
    )


def _characters(body: Mapping[str, Any]) -> int:
    if "prompt" in body:
        return len(body["prompt"])
    return sum(len(one["content"]) for one in body["messages"])
