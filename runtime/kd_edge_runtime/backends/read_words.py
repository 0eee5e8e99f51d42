"""The words and n-gram counts of responses, for backends that return probabilities only."""

from __future__ import annotations

from kd_edge_runtime._light_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Callable

    from kd_edge_runtime.backends import Model
    from kd_edge_runtime.students.item import LoadedItem

    # A response's words, the number of its known n-grams (None if not counted), its probabilities.
    Reading = tuple[list[str], "int | None", tuple[float, ...]]
    Read = Callable[[Sequence[str]], Iterable[Reading]]


def reader(item: LoadedItem, model: Model) -> Read:
    """A function that reads responses and takes their probabilities from a model."""
    count: Callable[[Sequence[str]], int | None] = lambda _: None  # noqa: E731
    if item.entry.flags.known:
        from kd_edge_runtime.students.word_cache import WordCaches
        from kd_edge_runtime.text.known_ngrams import Known

        known, caches = Known(item.vocabulary()), item.word_caches or WordCaches()

        def count(response_words: Sequence[str]) -> int | None:
            caches.room(known, 1)
            return known.count(response_words)

    words = item.reader()

    def read(texts: Sequence[str]) -> Iterator[Reading]:
        for text, probabilities in zip(texts, model.probabilities(texts)):
            response_words = words(text)
            yield response_words, count(response_words), probabilities

    return read
