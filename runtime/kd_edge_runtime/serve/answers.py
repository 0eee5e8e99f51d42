"""Answers a request to `kd-edge serve`: one line of JSON in, one line of JSON out.

README.md describes both. No answer quotes a response.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Score, Scorer
from kd_edge_runtime.serve.counters import Counters
from kd_edge_runtime.serve.limits import Limits

# What can be asked of the service itself.
OPS = ("status", "metrics")

# Responses, and characters of them, scored before another connection gets its turn.
_AT_ONCE = 16
_CHARS_AT_ONCE = 8192

# Digits of a whole number: Python before 3.11 takes seconds for a million.
_DIGITS = 1000


class _RefusedError(Exception):
    """A request that cannot be answered: an error's code, and what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def refusal(code: str, message: str, request_id: str = "null") -> bytes:
    """The answer to a request that cannot be fulfilled.

    Args:
        code: what README.md lists.
        message: what is wrong.
        request_id: the request's id as JSON.
    """
    return _line(request_id, {"error": {"code": code, "message": message}})


def answer(
    scorer: Scorer,
    line: bytes | bytearray,
    limits: Limits,
    told: Mapping[str, Callable[[], dict[str, object]]],
    counters: Counters,
) -> Iterator[bytes]:
    r"""Answers a request.

    Args:
        scorer: the scorer.
        line: the request, without its "\n".
        limits: the service's.
        told: the fields of the answer to each "op".
        counters: counts what is answered.

    Yields:
        b"" whenever other connections may be served first, and finally the answer.
    """
    request_id = "null"
    try:
        request = _parsed(line)
        del line  # what is kept while others have their turns is small
        request_id = _id(request, limits)
        _check(request, limits)
        if "op" in request:
            yield _line(request_id, told[request["op"]]())
            return
        several = "texts" in request
        texts: list[str] = request["texts"] if several else [request["text"]]
        entry = scorer.bundle.manifest.item(request.get("item"))
        del request
        scores: list[str] = []
        while len(scores) < len(texts):
            if scores:
                yield b""
            batch = scorer.score_many(_part(texts, len(scores)), entry.item_id)
            counters.scored(entry.item_id, batch)
            scores += (_json(_fields(score, entry)) for score in batch)
        if several:
            yield f'{{"id": {request_id}, "scores": [{", ".join(scores)}]}}\n'.encode()
        else:
            yield f'{{"id": {request_id}, {scores[0][1:]}\n'.encode()
    except _RefusedError as error:
        counters.refused(error.code)
        yield refusal(error.code, str(error), request_id)
    except InputError as error:
        counters.refused("item")
        yield refusal("item", str(error), request_id)
    except GeneratorExit:  # the client has left in the middle
        raise
    except BaseException as error:
        # Panics of Rust packages are no `Exception`. The error's text may hold a student's words:
        # only its type is sent.
        counters.refused("failed")
        yield refusal("failed", f"an unexpected error ({type(error).__name__})", request_id)


def _parsed(line: bytes | bytearray) -> dict[str, Any]:
    try:
        request = json.loads(line.decode("utf-8"), parse_int=_integer)
    except (ValueError, RecursionError):
        raise _RefusedError("json", "this line is not JSON in UTF-8") from None
    if not isinstance(request, dict):
        raise _RefusedError("request", _what_is_a_request())
    return request


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError
    return int(digits)


def _id(request: dict[str, Any], limits: Limits) -> str:
    """The id as JSON: what is kept of it while the responses are scored."""
    try:
        # Rejects ids that can be read but not written: NaN, or too deeply nested.
        text = _json(request.get("id"))
    except (ValueError, RecursionError):
        raise _RefusedError("json", "this line is not JSON in UTF-8") from None
    if len(text) > limits.id_bytes:
        raise _RefusedError("request", f'an "id" has at most {limits.id_bytes} bytes as JSON')
    return text


def _check(request: dict[str, Any], limits: Limits) -> None:
    texts = request.get("texts", [])
    if not (
        {*request} - {"id", "item"} in ({"text"}, {"texts"}, {"op"})
        and isinstance(texts, list)
        and all(isinstance(text, str) for text in [request.get("text", ""), *texts])
        and request.get("op", OPS[0]) in OPS
        and isinstance(request.get("item", ""), (str, type(None)))
    ):
        raise _RefusedError("request", _what_is_a_request())
    if len(texts) > limits.texts:
        raise _RefusedError("request", f'"texts" has at most {limits.texts} responses')
    if max(map(len, [request.get("text", ""), *texts])) > limits.text_chars:
        raise _RefusedError("request", f"a response has at most {limits.text_chars} characters")


def _what_is_a_request() -> str:
    return (
        'a request is an object with "text" (a string), "texts" (a list of strings) or "op" '
        '("status" or "metrics"), and optionally "item" (a string) and "id"'
    )


def _part(texts: Sequence[str], start: int) -> Sequence[str]:
    """The responses that are scored next: at least one."""
    end, chars = start + 1, len(texts[start])
    while end < min(start + _AT_ONCE, len(texts)) and chars + len(texts[end]) <= _CHARS_AT_ONCE:
        chars += len(texts[end])
        end += 1
    return texts[start:end]


def _fields(score: Score, entry: ItemEntry) -> dict[str, object]:
    return {
        "predicted": score.predicted,
        "expected": round(score.expected, 4),
        "confidence": round(score.confidence, 4),
        "flag": score.flag,
        "p": {
            name: round(probability, 6)
            for name, probability in zip(entry.classes, score.probabilities)
        },
    }


def _json(content: object) -> str:
    return json.dumps(content, allow_nan=False)


def _line(request_id: str, fields: dict[str, object]) -> bytes:
    return f'{{"id": {request_id}, {_json(fields)[1:]}\n'.encode()
