"""From responses to token ids: by the `tokenizers` package, or in plain Python without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from kd_edge_runtime import backends
from kd_edge_runtime.backends.shared import member_key, once
from kd_edge_runtime.bundle.manifest import read_json
from kd_edge_runtime.errors import BackendError, BundleError
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.tokenizer_limits import check_ids, check_tokenizer
from kd_edge_runtime.text.wordpiece import OtherTokenizerError, PlainTokenizer

Ids = list[int]


class TokenReader(Protocol):
    """A bundle's tokenizer.

    Attributes:
        pad: the id to pad with.
        most: the ids that are left of a response, those around it included.
    """

    pad: int
    most: int

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each of N responses, without padding.

        Raises:
            BundleError: the tokenizer cannot read a response.
        """
        ...

    def pieces(self, texts: Sequence[str]) -> list[Ids]:
        """As `encode`, without the ids that are put around a response."""
        ...


def token_reader(item: LoadedItem) -> TokenReader:
    """An item's tokenizer, as it can be read here; items that share it get the same.

    Raises:
        BackendError: only the `tokenizers` package reads it, which is not here.
        BundleError: it is damaged, or does not pad.
    """
    package = backends.is_installed("tokenizers")
    key = "tokenizer", member_key(item, item.entry.vectorizer), package
    return once(item.bundle, key, lambda: _read(item, package))


def _read(item: LoadedItem, package: bool) -> TokenReader:
    data = item.vectorizer()
    checked = _checked(data)
    return _Package(data) if package else _Plain(checked, item.entry.item_id)


def _checked(data: bytes) -> Any:
    """A tokenizer's JSON, once it is known to do no harm."""
    with _refused("cannot be loaded"):
        tokenizer = read_json(data.decode("utf-8"))
        try:
            check_tokenizer(tokenizer)
        except ValueError as error:
            raise BundleError(f"the bundle's tokenizer {error}") from None
    return tokenizer


def whole(texts: Sequence[str]) -> list[str]:
    """Texts with `?` for each half of a surrogate pair, which is no character."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]


class _Plain:
    def __init__(self, tokenizer: Any, item_id: str) -> None:
        try:
            self._tokenizer = PlainTokenizer(tokenizer)
        except OtherTokenizerError as error:
            raise BackendError(
                f"item '{item_id}': the backend 'onnx' needs tokenizers for this small model's "
                f"tokenizer ({error}): {backends.pip_install(['tokenizers'])}"
            ) from None
        except ValueError as error:
            raise BundleError(f"the bundle's tokenizer cannot be loaded: {error}") from None
        self.pad = _padding(self._tokenizer.pad)
        self.most = self._tokenizer.most or 0  # it cuts, else it was refused

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        return _few([self._tokenizer.encode(text) for text in whole(texts)])

    def pieces(self, texts: Sequence[str]) -> list[Ids]:
        return _few([self._tokenizer.pieces(text) for text in whole(texts)])


class _Package:
    def __init__(self, data: bytes) -> None:
        from tokenizers import Tokenizer

        with _refused("cannot be loaded"):
            self._tokenizer = Tokenizer.from_str(data.decode("utf-8"))
            padding, truncation = self._tokenizer.padding, self._tokenizer.truncation
            self._tokenizer.no_padding()
        self.pad = _padding(None if padding is None else padding["pad_id"])
        self.most = 0 if truncation is None else int(truncation["max_length"])

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        with _refused("cannot read a response"):
            ids = [encoding.ids for encoding in self._tokenizer.encode_batch(whole(texts))]
        return _few(ids)

    def pieces(self, texts: Sequence[str]) -> list[Ids]:
        with _refused("cannot read a response"):
            encoded = self._tokenizer.encode_batch(whole(texts), add_special_tokens=False)
            ids = [encoding.ids for encoding in encoded]
        return _few(ids)


def _few(ids: list[Ids]) -> list[Ids]:
    try:
        check_ids(ids)
    except ValueError as error:
        raise BundleError(f"the bundle's tokenizer {error}") from None
    return ids


def _padding(pad: int | None) -> int:
    if pad is None:
        raise BundleError("the bundle's tokenizer has no padding")
    return pad


@contextmanager
def _refused(what: str) -> Iterator[None]:
    """Turns what the package raises, whose panics are no `Exception`, into an error of ours."""
    try:
        yield
    except BundleError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        # Its own words may quote the response.
        raise BundleError(f"the bundle's tokenizer {what} ({type(error).__name__})") from None
