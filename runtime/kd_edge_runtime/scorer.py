"""Scores responses with a bundle: the Python API.

>>> scorer = Scorer.open("wool-ice.kdz")              # doctest: +SKIP
>>> scorer.score("The scarf keeps the heat out.")     # doctest: +SKIP
Score(predicted='2', expected=1.87, confidence=0.71, flag='', probabilities=(...))
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import floor
from operator import mul
from pathlib import Path
from types import TracebackType

from kd_edge_runtime import backends
from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.backends import choose
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED, ItemEntry
from kd_edge_runtime.errors import InputError
from kd_edge_runtime.flags import flagger
from kd_edge_runtime.students.bag import FORM
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.text.rules import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

    from kd_edge_runtime.students.explain import Explainer, Explanation

    # A response's words, its known n-grams where they are counted, and its probabilities.
    Reading = tuple[list[str], "int | None", tuple[float, ...]]
    Read = Callable[[Sequence[str]], Iterable[Reading]]
    Decide = Callable[[tuple[float, ...]], tuple[int, float]]

_STRINGS = frozenset([str])

# Expected scores whose class is looked up.
_READY = 1000


class Score(NamedTuple):
    """What the student makes of one response.

    Attributes:
        predicted: the class: a score as the responses write it, or a class word.
        expected: the expected score, the probabilities' mean over the classes' values.
        confidence: the probability of `predicted`, 0 to 1.
        flag: "" or why a person should look, one of `flags.NAMES`: "empty" for a response
            without a word, "review" for a score of little confidence, and so on.
        probabilities: one for each class, in the manifest's order; they add up to 1.
    """

    predicted: str
    expected: float
    confidence: float
    flag: str
    probabilities: tuple[float, ...]


# What `Score` does with five values, in C.
_made: Callable[[tuple[object, ...]], Score] = partial(tuple.__new__, Score)


def decide(probabilities: Sequence[float], values: Sequence[float], decision: str) -> int:
    """Which class probabilities stand for.

    Args:
        probabilities: one for each of K classes.
        values: the classes' numbers, rising or falling.
        decision: `MOST_PROBABLE`, or `NEAREST_EXPECTED` for the class whose value is nearest
            to the expected score (halves go up).

    Returns:
        The class, 0 to K - 1; the lower one where two are equally probable.
    """
    return decider(values, decision)(tuple(probabilities))[0]


def decider(values: Sequence[float], decision: str) -> Decide:
    """What `decide` does for one item, with the expected score beside the class."""
    if decision != NEAREST_EXPECTED:
        return lambda shares: (shares.index(max(shares)), expected_score(shares, values))
    if all(value == floor(value) for value in values):
        return _nearest_whole([floor(value) for value in values])
    from kd_edge_runtime.points import nearest_point

    return nearest_point(values)


def _nearest_whole(values: Sequence[int]) -> Decide:
    """Decides for the value nearest to the whole number that the expected score rounds to."""

    def nearest(whole: int) -> int:
        return min(range(len(values)), key=lambda at: abs(values[at] - whole))

    ready = {value: nearest(value) for value in range(min(values), max(values) + 1)[:_READY]}

    def decided(shares: tuple[float, ...]) -> tuple[int, float]:
        expected = expected_score(shares, values)
        whole = floor(expected + 0.5)
        # Next to a half, rounding to nine decimals comes first: 1.4999999999999998 and 1.5 are
        # the same score, whichever backend added them up.
        if not 1e-6 < expected + 0.5 - whole < 1 - 1e-6:
            whole = floor(round(expected, 9) + 0.5)
        at = ready.get(whole)
        return (nearest(whole) if at is None else at), expected

    return decided


def expected_score(probabilities: Sequence[float], values: Sequence[float]) -> float:
    """The mean of the classes' values under the probabilities."""
    expected: float = sum(map(mul, probabilities, values))
    return expected


class Scorer:
    """Scores responses with one bundle.

    Use `Scorer.open`; a scorer is also a context manager. Items of the bundle are loaded
    when first scored.

    Args:
        bundle: an open bundle, closed with the scorer.
        backend: "auto" or one of `backends.NAMES`.
        threads: for one batch, where the backend has threads.
        cache: the file in which outcomes of probes are kept, see `backends.choose.choose`.
        review_below: the confidence below which a score is flagged "review", 0 for none; None
            for what the bundle says of each item.
    """

    def __init__(
        self,
        bundle: Bundle,
        backend: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
        review_below: float | None = None,
    ) -> None:
        self.bundle = bundle
        self._backend = backend
        self._threads = threads
        self._cache = cache
        self._review_below = review_below
        self._items: dict[str | None, _Item] = {}
        self._explainers: dict[str, Explainer] = {}

    @classmethod
    def open(
        cls,
        path: str | Path,
        backend: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
        review_below: float | None = None,
    ) -> Scorer:
        """Opens a bundle for scoring.

        Args:
            path: the `.kdz` file.
            backend: "auto", or one of "plain", "numpy", "tflite" and "onnx" to insist.
            threads: for one batch, where the backend has threads (tflite and onnx).
            cache: the file in which outcomes of probes are kept, see `backends.choose.choose`.
            review_below: the confidence below which a score is flagged "review".

        Raises:
            InputError: there is no such file.
            BundleError: it is no bundle, is damaged, or is of an unknown protocol.
            BackendError: there is no backend of this name.
        """
        if backend != choose.AUTO:
            backends.check_name(backend)
        return cls(Bundle(path), backend, threads, cache, review_below)

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
        return self._load(self.bundle.manifest.item(item_id)).backend

    def score(self, text: str, item_id: str | None = None) -> Score:
        """Scores one response; see `score_many`."""
        return self.score_many((text,), item_id)[0]

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
        if not _STRINGS.issuperset(map(type, texts)):
            for at, text in enumerate(texts):
                if not isinstance(text, str):
                    raise TypeError(f"response {at} is no string but {type(text).__name__}")
        item = self._items.get(item_id)
        if item is None:
            item = self._items[item_id] = self._load(self.bundle.manifest.item(item_id))
        return item.scores(texts)

    def explain(self, text: str, item_id: str | None = None) -> Explanation:
        """Which words of a response pushed its score where, exactly; see `explain`.

        Args:
            text: the response.
            item_id: the item it answers; needed only if the bundle holds several.

        Raises:
            InputError: there is no such item, or several and none was named; or its student is
                no bag, whose scores cannot be taken apart.
            BundleError: the bundle is damaged.
        """
        entry = self.bundle.manifest.item(item_id)
        explainer = self._explainers.get(entry.item_id)
        if explainer is None:
            from kd_edge_runtime.students.explain import Explainer

            if entry.student != "bag" or FORM not in entry.forms:
                raise InputError(
                    f"item '{entry.item_id}': only the scores of a bag with the form '{FORM}' can "
                    f"be explained word by word; this is a student of kind '{entry.student}'"
                )
            bag = LoadedItem(self.bundle, entry).bag()
            explainer = self._explainers[entry.item_id] = Explainer(bag)
        return explainer.explain(text)

    def _load(self, entry: ItemEntry) -> _Item:
        item = self._items.get(entry.item_id)
        if item is None:
            loaded = LoadedItem(self.bundle, entry)
            made = choose.load(loaded, self._backend, self._threads, self._cache)
            item = self._items[entry.item_id] = _Item(loaded, *made, self._review_below)
        return item


class _Item:
    """A student that is loaded, and what its responses are flagged by."""

    def __init__(
        self, item: LoadedItem, backend: str, model: backends.Model, below: float | None
    ) -> None:
        self.backend = backend
        self._classes = item.entry.classes
        self._decide = decider(item.entry.worth, item.entry.decision)
        self._flag = flagger(item.entry.flags, below)
        # A backend that has read the words and counted n-grams anyway hands them over.
        self._read: Read = getattr(model, "read", None) or _reader(item, model)

    def scores(self, texts: Sequence[str]) -> list[Score]:
        classes, decided, flag = self._classes, self._decide, self._flag
        scores = []
        for found, known, probabilities in self._read(texts):
            at, expected = decided(probabilities)
            sure = probabilities[at]
            scores.append(
                _made((classes[at], expected, sure, flag(found, known, sure), probabilities))
            )
        return scores


def _reader(item: LoadedItem, model: backends.Model) -> Read:
    """Reads words for a backend that keeps them to itself."""
    count: Callable[[Sequence[str]], int | None] = lambda _: None  # noqa: E731
    if item.entry.flags.known:
        from kd_edge_runtime.text.known_ngrams import Known

        count = Known(item.vocabulary()).count

    def read(texts: Sequence[str]) -> Iterator[Reading]:
        for text, probabilities in zip(texts, model.probabilities(texts)):
            found = words(text)
            yield found, count(found), probabilities

    return read
