"""How requests are worded and answers read: chat or completions, with log-probabilities or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CHAT, COMPLETIONS = "/chat/completions", "/completions"


@dataclass(frozen=True)
class Message:
    """A turn of a conversation; the role is "user" or "assistant"."""

    role: str
    text: str


@dataclass(frozen=True)
class Position:
    """A token of an answer, and the log-probabilities of those that could have stood there."""

    token: str
    logs: Mapping[str, float]


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        text: the model's words; they may quote a response.
        positions: its tokens; empty where the server gives no log-probabilities.
        model: the model as the server calls it; "" where it does not say.
        tokens_in: tokens read, as the server counts them; None where it does not say.
        tokens_out: tokens written.
        cut: whether the limit of tokens ended it.
    """

    text: str
    positions: tuple[Position, ...] = ()
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cut: bool = False


@dataclass(frozen=True)
class Dialect:
    """What a server understands.

    Attributes:
        call: `CHAT` or `COMPLETIONS`.
        top: for how many tokens it gives log-probabilities; 0 to ask for none.
        limit: what it calls the most tokens of an answer.
    """

    call: str = CHAT
    top: int = 0
    limit: str = "max_tokens"

    def body(
        self, messages: Sequence[Message], settings: Settings, temperature: float, seed: int
    ) -> dict[str, Any]:
        """A request."""
        body: dict[str, Any] = {
            "model": settings.model,
            "temperature": temperature,
            "seed": seed,
            self.limit: settings.max_tokens,
        }
        if self.call == CHAT:
            body["messages"] = [{"role": one.role, "content": one.text} for one in messages]
            if self.top:
                body |= {"logprobs": True, "top_logprobs": self.top}
        else:
            body["prompt"] = _as_one_text(messages)
            if self.top:
                body["logprobs"] = self.top
        return {**body, **settings.more}


@dataclass(frozen=True)
class Settings:
    """What is the same in all requests.

    Attributes:
        model: its name.
        max_tokens: the most tokens of an answer, >= 1.
        more: fields of one's own.
    """

    model: str
    max_tokens: int
    more: Mapping[str, Any] = field(default_factory=dict)


def _as_one_text(messages: Sequence[Message]) -> str:
    """A conversation for a model that only continues a text."""
    parts = [one.text if one.role == "user" else f"Score: {one.text}" for one in messages]
    return "\n\n".join([*parts, "Score:"])


def read_answer(answer: Mapping[str, Any]) -> Answer | None:
    """Read an answer of either call; None where it is none of the protocol."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    if text is None and isinstance(message, dict):
        text = ""  # all of it was thought, or refused
    if not isinstance(text, str):
        return None
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    model = answer.get("model")
    return Answer(
        text,
        tuple(_positions(choice.get("logprobs"))),
        model if isinstance(model, str) else "",
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        choice.get("finish_reason") == "length",
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 1 << 40 else None


def _positions(logprobs: Any) -> list[Position]:
    """Both forms: a list of tokens as in chats, and lists side by side as of old."""
    if not isinstance(logprobs, dict):
        return []
    content = logprobs.get("content")
    if isinstance(content, list):
        return [_position(one) for one in content if isinstance(one, dict)]
    tokens, tops = logprobs.get("tokens"), logprobs.get("top_logprobs")
    if not isinstance(tokens, list) or not isinstance(tops, list):
        return []
    return [
        Position(str(token), _numbers(top.items()))
        for token, top in zip(tokens, tops, strict=False)
        if isinstance(top, dict)
    ]


def _position(one: Mapping[str, Any]) -> Position:
    tops = one.get("top_logprobs")
    pairs = [
        (top.get("token"), top.get("logprob"))
        for top in (tops if isinstance(tops, list) else [])
        if isinstance(top, dict)
    ]
    return Position(str(one.get("token", "")), _numbers(pairs))


def _numbers(pairs: Any) -> dict[str, float]:
    """Those of them that are log-probabilities; of tokens alike the likeliest."""
    logs: dict[str, float] = {}
    for token, log in pairs:
        if isinstance(token, str) and isinstance(log, (int, float)) and log <= 1e-3:
            logs[token] = max(float(log), logs.get(token, -1e9))
    return logs
