"""What a server understands, found out with a response that no student wrote."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kd_edge.llm.client import Client, ServerError
from kd_edge.llm.dialect import COMPLETIONS, Answer, Dialect, Settings, read_answer
from kd_edge.llm.prompt import NEUTRAL, Prompt
from kd_edge_runtime.errors import InputError

_TOPS = (20, 5)  # most servers give 20, some no more than 5
_UNKNOWN_CALL = {404, 405, 501}
_UNKNOWN_FIELD = {400, 422}
_OTHER_LIMIT = "max_completion_tokens"  # what OpenAI's newer models call it


@dataclass(frozen=True)
class Probed:
    """A server that answers.

    Attributes:
        dialect: how to ask it.
        answer: what it said of the neutral response.
        characters: how many it read for that.
    """

    dialect: Dialect
    answer: Answer
    characters: int


def probe(client: Client, prompt: Prompt, settings: Settings, seed: int) -> Probed:
    """Ask about a neutral sentence until the server understands the question.

    Chats are tried first, with log-probabilities, then without; then completions. Since nothing of
    a student is in these requests, what the server says of them is shown.

    Args:
        client: the connection.
        prompt: what is asked; its examples are left out.
        settings: model and the like.
        seed: of the request.

    Raises:
        InputError: the server refuses all of them, or answers something else.
        ServerError: it cannot be reached.
    """
    messages = prompt.without_examples().messages(NEUTRAL)
    dialect, tops = Dialect(top=_TOPS[0]), [*_TOPS[1:], 0]
    while True:
        try:
            found = client.post(dialect.call, dialect.body(messages, settings, 0.0, seed), tries=4)
            break
        except ServerError as error:
            unknown_field = error.status in _UNKNOWN_FIELD
            if unknown_field and _OTHER_LIMIT in error.detail and dialect.limit != _OTHER_LIMIT:
                dialect = replace(dialect, limit=_OTHER_LIMIT)
            elif unknown_field and tops:
                dialect = replace(dialect, top=tops.pop(0))
            elif _no_such_call(error, dialect):
                dialect, tops = Dialect(COMPLETIONS, _TOPS[0]), [*_TOPS[1:], 0]
            else:
                words = f". It says: {error.detail}" if error.detail else ""
                kind = ServerError if error.status is None else InputError
                raise kind(f"{error}{words}") from None
    answer = read_answer(found)
    if answer is None:
        raise InputError("the server's answer holds no text: is this address that of the API?")
    if not answer.positions:
        dialect = replace(dialect, top=0)
    return Probed(dialect, answer, sum(len(one.text) for one in messages))


def _no_such_call(error: ServerError, dialect: Dialect) -> bool:
    """Whether chats are what the server does not know, and not the model."""
    if dialect.call == COMPLETIONS:
        return False
    template = error.status in _UNKNOWN_FIELD and "template" in error.detail.lower()
    model = "model" in error.detail.lower()
    return template or (error.status in _UNKNOWN_CALL and not model)
