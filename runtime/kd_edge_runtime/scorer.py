"""The Python API: scores responses with a bundle.

>>> scorer = Scorer.open("wool-ice.kdz")              # doctest: +SKIP
>>> scorer.score("The scarf keeps the heat out.")     # doctest: +SKIP
Score(predicted='2', expected=1.87, confidence=0.71, flag='', probabilities=(...))
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from kd_edge_runtime import backends
from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.bundle.archive import Bundle
from kd_edge_runtime.flags import flagger
from kd_edge_runtime.students.decision import decide, decider, expectation
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.students.word_cache import WordCaches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from kd_edge_runtime.backends.cascade import Cascade, SecondState
    from kd_edge_runtime.backends.read_words import Read
    from kd_edge_runtime.backends.with_core import Complete
    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.students.explanation import Explanation

__all__ = ["Score", "Scorer", "decide", "decider", "expectation"]

_STRINGS = frozenset([str])


class Score(NamedTuple):
    """The student's score of one response.

    Attributes:
        predicted: the class: a score as written in the responses, or a class word.
        expected: the expected score: the mean of the classes' values under the probabilities.
        confidence: the probability of `predicted`, 0 to 1.
        flag: why a person should look, one of `flags.NAMES`: "empty" for a response without a
            word, "review" for a score with low confidence, and so on; "" for none.
        probabilities: one per class, in the manifest's order; they add up to 1.
    """

    predicted: str
    expected: float
    confidence: float
    flag: str
    probabilities: tuple[float, ...]


# `Score` from its five values, faster than calling the class.
_new_score: Callable[[tuple[object, ...]], Score] = partial(tuple.__new__, Score)


class Scorer:
    """Scores responses with one bundle.

    Use `Scorer.open`; a scorer is also a context manager. An item of the bundle is loaded when
    it is first scored.

    Args:
        bundle: an open bundle; closed together with the scorer.
        backend: "auto", or one of `backends.NAMES` to require that backend.
        threads: threads per batch, for backends that use threads (core, tflite and onnx).
        cache: the file in which the outcomes of probes are kept, see `backends.choose.choose`.
        review_below: the confidence below which a score is flagged "review", 0 for none; None
            for the limit of each item in the bundle.
        first_only: whether to do without second students.

    Attributes:
        bundle: see above.
        cascades: the items loaded so far with two students, by name.
    """

    def __init__(
        self,
        bundle: Bundle,
        backend: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
        review_below: float | None = None,
        first_only: bool = False,
    ) -> None:
        self.bundle = bundle
        self._backend, self._threads, self._cache = backend, threads, cache
        self._review_below, self._first_only = review_below, first_only
        self._items: dict[str | None, _Item | Cascade] = {}
        self.cascades: dict[str, Cascade] = {}
        self._explainers: dict[str, Callable[[str], Explanation]] = {}
        self._word_caches = WordCaches(len(bundle.manifest.items))

    @classmethod
    def open(
        cls,
        path: str | Path,
        backend: str = "auto",
        threads: int = 1,
        cache: Path | None = None,
        review_below: float | None = None,
        first_only: bool = False,
    ) -> Scorer:
        """Opens the `.kdz` file `path` for scoring; the rest is as for the class.

        Raises:
            InputError: the file does not exist or cannot be read.
            BundleError: the file is not a bundle, is damaged, or has an unknown protocol.
            BackendError: there is no backend of this name.
        """
        if backend != backends.AUTO:
            backends.check_name(backend)
        return cls(Bundle(path), backend, threads, cache, review_below, first_only)

    def __enter__(self) -> Scorer:
        return self

    def __exit__(self, *_: object) -> None:
        self.bundle.close()

    def backend(self, item_id: str | None = None) -> str:
        """The name of the backend that scores an item; with two students, that of the first."""
        return self._load(self.bundle.manifest.item(item_id)).backend

    def how(self) -> tuple[str, int, Path | None, float | None, bool]:
        """The arguments after `bundle` that another scorer like this one takes."""
        return self._backend, self._threads, self._cache, self._review_below, self._first_only

    def in_use(self) -> dict[str, str]:
        """The backend of each item that was loaded so far; with two students, of the first."""
        return {name: item.backend for name, item in self._items.items() if name is not None}

    def second(self, item_id: str | None = None) -> SecondState | None:
        """Whether an item's second student is in use here, after loading it; None without one."""
        entry = self.bundle.manifest.item(item_id)
        if entry.second is None:
            return None
        from kd_edge_runtime.backends.cascade import state

        return state(self._load(entry))

    def score(self, text: str, item_id: str | None = None) -> Score:
        """Scores one response; see `score_many`."""
        item = self._items.get(item_id)
        if item and item.score and type(text) is str:
            return item.score(text)
        return self.score_many((text,), item_id)[0]

    def score_many(
        self, texts: Sequence[str], item_id: str | None = None, threads: int | None = None
    ) -> list[Score]:
        """Scores N responses.

        Args:
            texts: the responses.
            item_id: the item they answer; needed only if the bundle holds several.
            threads: as for `Scorer.open`, for this batch alone; None for the scorer's own number.

        Raises:
            TypeError: `texts` is a single string, or contains anything but strings (pandas reads
                a blank cell as NaN: fill it with "").
            InputError: there is no such item, or there are several and none was named.
            BundleError: the bundle is damaged.
            BackendError: the backend asked for is missing or cannot run this student.
        """
        if isinstance(texts, str):
            raise TypeError("score_many takes a list of responses; use score for a single one")
        if not _STRINGS.issuperset(map(type, texts)):
            for index, text in enumerate(texts):
                if not isinstance(text, str):
                    raise TypeError(f"response {index} must be a string, not {type(text).__name__}")
        item = self._items.get(item_id)
        if item is None:
            item = self._items[item_id] = self._load(self.bundle.manifest.item(item_id))
        return item.scores(texts, threads)

    def explain(self, text: str, item_id: str | None = None) -> Explanation:
        """How far each word of a response pushed its score, exactly; see `students.explain`.

        Args:
            text: the response.
            item_id: the item it answers; needed only if the bundle holds several.

        Raises:
            InputError: no such item, or several and none was named; or its student is not a bag.
            BundleError: the bundle is damaged.
        """
        entry = self.bundle.manifest.item(item_id)
        explain = self._explainers.get(entry.item_id)
        if explain is None:
            from kd_edge_runtime.students.explain import explainer

            explain = self._explainers[entry.item_id] = explainer(LoadedItem(self.bundle, entry))
        return explain(text)

    def _load(self, entry: ItemEntry) -> _Item | Cascade:
        if entry.item_id not in self._items:
            loaded, name = LoadedItem(self.bundle, entry, self._word_caches), self._backend
            if name == backends.AUTO:
                from kd_edge_runtime.backends import choose  # not needed where one is named

                name, model = choose.load(loaded, name, self._threads, self._cache)
            else:
                model = backends.load(loaded, name, threads=self._threads)
            if entry.second is None or self._first_only:
                item: _Item | Cascade = _Item(loaded, name, model, self._review_below)
            else:
                from kd_edge_runtime.backends.cascade import Cascade

                first, rule = _Item(loaded, name, model, 0.0), decider(entry.worth, entry.decision)
                how = self._threads, self._cache, self._review_below
                item = self.cascades[entry.item_id] = Cascade(loaded, first, rule, *how)
            self._items[entry.item_id] = item
        return self._items[entry.item_id]


class _Item:
    """A loaded student with its decision rule and flags."""

    def __init__(
        self, item: LoadedItem, backend: str, model: backends.Model, below: float | None
    ) -> None:
        self.backend = backend
        self._classes = item.entry.classes
        self._plain = item.plain_text()
        scorer = getattr(model, "scorer", None)
        self._complete: Complete | None = scorer(Score, below) if scorer else None
        one = self._complete.one if self._complete and not self._plain else None
        self.score: Callable[[str], Score] | None = one
        if self._complete:
            return
        self._decide = decider(item.entry.worth, item.entry.decision)
        self._flag = flagger(item.entry.flags, below)
        # Some backends return the words and n-gram counts that they need anyway.
        self._read: Read | None = getattr(model, "read", None)
        if not self._read:
            from kd_edge_runtime.backends.read_words import reader

            self._read = reader(item, model)

    def scores(self, texts: Sequence[str], threads: int | None) -> list[Score]:
        texts = [*map(self._plain, texts)] if self._plain else texts
        if self._complete:
            return self._complete(texts, threads)
        assert self._read
        classes, decide_class, flag = self._classes, self._decide, self._flag
        scores = []
        for response_words, known, probabilities in self._read(texts):
            index, expected = decide_class(probabilities)
            confidence = probabilities[index]
            reason = flag(response_words, known, confidence)
            scores.append(_new_score((classes[index], expected, confidence, reason, probabilities)))
        return scores
