"""Scores responses with a bundle: the Python API.

>>> scorer = Scorer.open("wool-ice.kdz")              # doctest: +SKIP
>>> scorer.score("The scarf keeps the heat out.")     # doctest: +SKIP
Score(predicted='2', expected=1.87, confidence=0.71, flag='', probabilities=(...))
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from pathlib import Path
from types import TracebackType

from kd_edge_runtime import backends
from kd_edge_runtime.bundle import Bundle
from kd_edge_runtime.loaded import LoadedItem
from kd_edge_runtime.manifest import NEAREST_EXPECTED, ItemEntry
from kd_edge_runtime.records import NamedTuple
from kd_edge_runtime.text import has_words

# What `flag` can say. A person should look at a flagged response.
EMPTY = "empty"


class Score(NamedTuple):
    """What the student makes of one response.

    Attributes:
        predicted: the class: a score as the responses write it, or a class word.
        expected: the expected score, the probabilities' mean over the classes' values.
        confidence: the probability of `predicted`, 0 to 1.
        flag: "" or why a person should look: "empty" for a response without a word.
        probabilities: one for each class, in the manifest's order; they add up to 1.
    """

    predicted: str
    expected: float
    confidence: float
    flag: str
    probabilities: tuple[float, ...]


def decide(probabilities: Sequence[float], values: Sequence[int], decision: str) -> int:
    """Which class probabilities stand for.

    Args:
        probabilities: one for each of K classes.
        values: the classes' numbers, rising.
        decision: `MOST_PROBABLE`, or `NEAREST_EXPECTED` for the class whose value is nearest
            to the expected score (halves go up).

    Returns:
        The class, 0 to K - 1; the lower one where two are equally probable.
    """
    if decision == NEAREST_EXPECTED:
        expected = expected_score(probabilities, values)
        # Rounding to nine decimals first: 1.4999999999999998 and 1.5 are the same score,
        # whichever backend added them up.
        nearest = floor(round(expected, 9) + 0.5)
        return min(range(len(values)), key=lambda at: abs(values[at] - nearest))
    return max(range(len(values)), key=lambda at: probabilities[at])


def expected_score(probabilities: Sequence[float], values: Sequence[int]) -> float:
    """The mean of the classes' values under the probabilities."""
    return sum(p * value for p, value in zip(probabilities, values))


class Scorer:
    """Scores responses with one bundle.

    Use `Scorer.open`; a scorer is also a context manager. Items of the bundle are loaded
    when first scored.

    Args:
        bundle: an open bundle, closed with the scorer.
        backend: "auto" or one of `backends.NAMES`.
        threads: for one batch, where the backend has threads.
        cache: the file in which outcomes of probes are kept, see `backends.choose`.
    """

    def __init__(
        self,
        bundle: Bundle,
        backend: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
    ) -> None:
        self.bundle = bundle
        self._backend = backend
        self._threads = threads
        self._cache = cache
        self._models: dict[str, tuple[str, backends.Model]] = {}

    @classmethod
    def open(
        cls,
        path: str | Path,
        backend: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
    ) -> Scorer:
        """Opens a bundle for scoring.

        Args:
            path: the `.kdz` file.
            backend: "auto", or one of "plain", "numpy", "tflite" and "onnx" to insist.
            threads: for one batch, where the backend has threads (tflite and onnx).
            cache: the file in which outcomes of probes are kept, see `backends.choose`.

        Raises:
            InputError: there is no such file.
            BundleError: it is no bundle, is damaged, or is of an unknown protocol.
            BackendError: there is no backend of this name.
        """
        backends.check_name(backend)
        return cls(Bundle(path), backend, threads, cache)

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bundle.close()

    def backend(self, item_id: str | None = None) -> str:
        """The name of the backend that scores an item."""
        return self._load(self.bundle.manifest.item(item_id))[0]

    def score(self, text: str, item_id: str | None = None) -> Score:
        """Scores one response; see `score_many`."""
        return self.score_many([text], item_id)[0]

    def score_many(self, texts: Sequence[str], item_id: str | None = None) -> list[Score]:
        """Scores N responses.

        Args:
            texts: the responses.
            item_id: the item they answer; needed only if the bundle holds several.

        Raises:
            TypeError: `texts` is one string, or holds something else than strings (a blank
                cell is NaN to pandas: fill it with "").
            InputError: there is no such item, or several and none was named.
            BundleError: the bundle is damaged.
            BackendError: the backend asked for is missing or cannot run this student.
        """
        if isinstance(texts, str):
            raise TypeError("score_many takes a list of responses; score takes a single one")
        for at, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"response {at} is no string but {type(text).__name__}")
        entry = self.bundle.manifest.item(item_id)
        _, model = self._load(entry)
        found = model.probabilities(texts)
        return [_score(entry, text, one) for text, one in zip(texts, found)]

    def _load(self, entry: ItemEntry) -> tuple[str, backends.Model]:
        loaded = self._models.get(entry.item_id)
        if loaded is None:
            item = LoadedItem(self.bundle, entry)
            loaded = backends.load(item, self._backend, "", self._threads, self._cache)
            self._models[entry.item_id] = loaded
        return loaded


def _score(entry: ItemEntry, text: str, probabilities: tuple[float, ...]) -> Score:
    at = decide(probabilities, entry.values, entry.decision)
    return Score(
        predicted=entry.classes[at],
        expected=expected_score(probabilities, entry.values),
        confidence=probabilities[at],
        flag="" if has_words(text) else EMPTY,
        probabilities=probabilities,
    )
