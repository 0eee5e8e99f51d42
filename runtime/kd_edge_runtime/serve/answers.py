"""Answers a request to `kd-edge serve`: one line of JSON in, one line of JSON out.

README.md describes both. No answer quotes a response.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Callable

from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.scorer import Score, Scorer

# Limits of one request: bytes, and responses.
MAX_LINE = 1 << 20
MAX_TEXTS = 1000

# Responses scored before another connection gets its turn.
_AT_ONCE = 16

_MESSAGES = {
    "json": "this line is not JSON in UTF-8",
    "request": 'a request is an object with "text" (a string), "texts" (a list of at most '
    f'{MAX_TEXTS} strings) or "op" ("status"), and optionally "item" (a string) and "id"',
}


class _RefusedError(Exception):
    """A request that cannot be answered; its text is a key of `_MESSAGES`."""


def refusal(code: str, message: str, request_id: object = None) -> bytes:
    """The answer to a request that cannot be fulfilled."""
    return _line({"id": request_id, "error": {"code": code, "message": message}})


def answer(scorer: Scorer, line: bytes, status: Callable[[], dict[str, object]]) -> Iterator[bytes]:
    r"""Answers a request.

    Args:
        scorer: the scorer.
        line: the request, without its "\n".
        status: the answer to a status request.

    Yields:
        b"" whenever other connections may be served first, and finally the answer.
    """
    request_id = None
    try:
        request = _parsed(line)
        request_id = request.get("id")
        if not _valid(request):
            raise _RefusedError("request")
        if "op" in request:
            yield _line({"id": request_id, **status()})
            return
        texts = request["texts"] if "texts" in request else [request["text"]]
        entry = scorer.bundle.manifest.item(request.get("item"))
        scores: list[dict[str, object]] = []
        for start in range(0, len(texts), _AT_ONCE):
            if start:
                yield b""
            batch = scorer.score_many(texts[start : start + _AT_ONCE], entry.item_id)
            scores += (_fields(score, entry) for score in batch)
        yield _line({"id": request_id, **(scores[0] if "text" in request else {"scores": scores})})
    except _RefusedError as error:
        yield refusal(str(error), _MESSAGES[str(error)], request_id)
    except InputError as error:
        yield refusal("item", str(error), request_id)
    except Exception as error:
        # The error's text may hold a student's words: only its type is sent.
        yield refusal("failed", f"an unexpected error ({type(error).__name__})", request_id)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line.decode("utf-8"))
        if isinstance(request, dict):
            # Rejects ids that can be read but not written: NaN, or too deeply nested.
            _line(request.get("id"))
            return request
    except (ValueError, RecursionError):
        raise _RefusedError("json") from None
    raise _RefusedError("request")


def _valid(request: dict[str, Any]) -> bool:
    content = {*request} - {"id", "item"}
    texts = request.get("texts", [])
    return (
        content in ({"text"}, {"texts"}, {"op"})
        and isinstance(texts, list)
        and len(texts) <= MAX_TEXTS
        and all(isinstance(text, str) for text in [request.get("text", ""), *texts])
        and request.get("op", "status") == "status"
        and isinstance(request.get("item", ""), (str, type(None)))
    )


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


def _line(content: object) -> bytes:
    return json.dumps(content, allow_nan=False).encode() + b"\n"
