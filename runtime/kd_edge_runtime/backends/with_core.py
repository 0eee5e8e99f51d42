"""The core backend: the distribution kd-edge-core, plain Python's arithmetic in C.

Its probabilities are those of the plain backend to the last bit, and it decides and flags too.
"""

from __future__ import annotations

import json
from contextlib import suppress

from kd_edge_core import Core

from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.bundle.manifest import NEAREST_EXPECTED
from kd_edge_runtime.errors import BackendError, BundleError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Callable

    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.scorer import Score
    from kd_edge_runtime.students.item import LoadedItem

_STUDENTS = ("bag", "pairs")

# The core keeps sizes in 32 bits and worths in floats.
_MOST = (1 << 31) - 1
_EXACT = 1 << 53

# Runs of more letters than this are in no word.
_LONGEST_RUN = 43

# Responses that a thread scores at least.
_FEW = 64

# Digits to which golden rows are written.
_DIGITS = 7

# The last network of `pairs` and its core: questions share it, and the index of its vocabulary.
_last: list[tuple[bytes, Core]] = []


def load(item: LoadedItem, form: str, threads: int = 1) -> CoreModel:
    """Loads a student from its plain form.

    Raises:
        BundleError: the bundle is damaged, or uses rules that this version does not know.
        BackendError: the core cannot hold the item's numbers.
    """
    return CoreModel(_opened(item, form), item.entry, threads)


def _opened(item: LoadedItem, form: str) -> Core:
    entry, flags = item.entry, item.entry.flags
    sizes, dimensions = item.sizes(), item.number("dimensions")
    pairs = entry.student == "pairs"
    if pairs:
        from kd_edge_runtime.students.pairs import check_relation

        check_relation(item)
    numbers = (*sizes, dimensions, abs(flags.longest))
    worths = entry.worth
    if len(sizes) != 3 or min(sizes) < 0:
        raise BundleError("the size of the vectorizer does not match the manifest")
    if max(numbers) > _MOST or any(abs(worth) > _EXACT for worth in worths):
        raise BackendError(f"item '{entry.item_id}': a number is too large for the backend 'core'")
    weights = item.form(form)
    shared = None
    if pairs and _last and _last[0][0] == weights:
        weights, shared = _last[0]
    try:
        core = Core(
            student=_STUDENTS.index(entry.student),
            rules=item.rules(),
            gram=min(item.number("gram"), _LONGEST_RUN),
            sizes=sizes,
            dimensions=dimensions,
            classes=entry.classes,
            worth=(*map(float, worths),),
            nearest=entry.decision == NEAREST_EXPECTED,
            review=flags.review,
            longest=flags.longest,
            distinct=flags.distinct,
            known=flags.known,
            prompt=(*sorted({code for code in flags.prompt if 0 <= code < 1 << 16}),),
            vectorizer=item.vectorizer(),
            weights=weights,
            shared=shared,
        )
    except ValueError as error:
        raise BundleError(f"item '{entry.item_id}': {error}") from None
    if pairs and not shared:
        _last[:] = [(weights, core)]
    return core


def reproduces(item: LoadedItem, model: CoreModel, form: str) -> bool:
    """Whether the golden rows come out as they are written, to the last digit."""
    with suppress(BundleError, ValueError, LookupError, TypeError, RecursionError):
        golden = json.loads(item.bundle.read(item.entry.golden).decode("utf-8"))
        outputs = model.probabilities([*map(str, golden["inputs"])])
        rounded = [[round(value, _DIGITS) for value in row] for row in outputs]
        return bool(rounded == golden["outputs"][form])
    return False


class CoreModel:
    """A student in the core.

    Args:
        core: the student.
        entry: its item.
        threads: threads per batch.
    """

    def __init__(self, core: Core, entry: ItemEntry, threads: int = 1) -> None:
        self._core = core
        self._review = entry.flags.review
        self._threads = threads

    def probabilities(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `backends.Model`."""
        rows: list[tuple[float, ...]] = self._core.probabilities([*texts])
        return rows

    def scorer(self, score_type: type[Score], below: float | None = None) -> Complete:
        """Scores texts completely, with their decisions and flags.

        Args:
            score_type: the named tuple that scores are.
            below: the confidence below which scores are flagged; None for the item's own limit.
        """
        self._core.set_up(score_type, self._review if below is None else below)
        return Complete(self._core, self._threads)


class Complete:
    """Scores texts completely.

    Args:
        core: a student that has been told of which type scores are.
        threads: usual threads per batch.

    Attributes:
        one: a function from a text to its score.
    """

    def __init__(self, core: Core, threads: int) -> None:
        self.one: Callable[[str], Score] = core.score
        self._many: Callable[[Sequence[str]], list[Score]] = core.score_many
        self._threads = threads

    def __call__(self, texts: Sequence[str], threads: int | None = None) -> list[Score]:
        """The scores of texts, in their order.

        Args:
            texts: N responses.
            threads: which share the texts, if there are enough of these; None for the usual number.
        """
        if not isinstance(texts, (list, tuple)):
            texts = [*texts]
        threads = min(threads or self._threads, len(texts) // _FEW)
        if threads <= 1:
            return self._many(texts)
        from concurrent.futures import ThreadPoolExecutor

        size = -(-len(texts) // threads)
        parts = [texts[start : start + size] for start in range(0, len(texts), size)]
        with ThreadPoolExecutor(threads) as pool:
            return [score for part in pool.map(self._many, parts) for score in part]
