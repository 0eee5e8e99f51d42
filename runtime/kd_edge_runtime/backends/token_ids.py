"""From responses to token ids: by the `tokenizers` package, or in plain Python without it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from kd_edge_runtime import backends
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.wordpiece import OtherTokenizerError, PlainTokenizer

Ids = list[int]

# Characters that rules of replacement may make of one, all of them together; students have 1.
_MOST_GROWTH = 256


class TokenReader(Protocol):
    """A bundle's tokenizer."""

    pad: int

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each of N responses, without padding.

        Raises:
            BundleError: the tokenizer cannot read a response.
        """
        ...


def token_reader(item: LoadedItem) -> TokenReader:
    """An item's tokenizer, as it can be read here.

    Raises:
        BackendError: only the `tokenizers` package reads it, which is not here.
        BundleError: it is damaged, or does not pad.
    """
    data = item.vectorizer()
    if backends.is_installed("tokenizers"):
        return _Package(data)
    return _Plain(data, item.entry.item_id)


def whole(texts: Sequence[str]) -> list[str]:
    """Texts with `?` for each half of a surrogate pair, which is no character."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]


class _Plain:
    def __init__(self, data: bytes, item_id: str) -> None:
        try:
            self._tokenizer = PlainTokenizer(data)
        except OtherTokenizerError as error:
            raise BackendError(
                f"item '{item_id}': the backend 'onnx' needs tokenizers for this small model's "
                f"tokenizer ({error}): {backends.pip_install(['tokenizers'])}"
            ) from None
        except ValueError as error:
            raise BundleError(f"the bundle's tokenizer cannot be loaded: {error}") from None
        self.pad = _padding(self._tokenizer.pad)

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        return [self._tokenizer.encode(text) for text in whole(texts)]


class _Package:
    def __init__(self, data: bytes) -> None:
        from tokenizers import Tokenizer

        with _refused("cannot be loaded"):
            text = data.decode("utf-8")
            check_growth(json.loads(text))
            self._tokenizer = Tokenizer.from_str(text)
            padding = self._tokenizer.padding
            self._tokenizer.no_padding()
        self.pad = _padding(None if padding is None else padding["pad_id"])

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        with _refused("cannot read a response"):
            return [encoding.ids for encoding in self._tokenizer.encode_batch(whole(texts))]


def check_growth(tokenizer: object) -> None:
    """Refuses a tokenizer that makes much more of a response than it is.

    Args:
        tokenizer: a tokenizer's JSON.

    Raises:
        ValueError: its rules replace text by far longer text.
    """
    growth, parts = 1.0, [tokenizer]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            # A vocabulary holds no rules, and may hold as many words as one likes.
            parts += [value for name, value in part.items() if name not in ("vocab", "merges")]
            if part.get("type") in ("Replace", "Prepend"):
                growth *= max(1, len(str(part.get("content", part.get("prepend", "")))))
        if growth > _MOST_GROWTH:
            raise ValueError


def _padding(pad: int | None) -> int:
    if pad is None:
        raise BundleError("the bundle's tokenizer has no padding")
    return pad


@contextmanager
def _refused(what: str) -> Iterator[None]:
    """Turns what the package raises, whose panics are no `Exception`, into an error of ours."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        # Its own words may quote the response.
        raise BundleError(f"the bundle's tokenizer {what} ({type(error).__name__})") from None
