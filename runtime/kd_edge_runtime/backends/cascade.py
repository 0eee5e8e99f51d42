"""Two students of an item together: the second is asked where the first is not sure.

FORMAT.md, section 15. Imported only for items that have a second student. Where that cannot be
run, the first scores alone, as if there were no other.
"""

from __future__ import annotations

from kd_edge_runtime import backends, flags
from kd_edge_runtime._light_stdlib import TYPE_CHECKING, NamedTuple
from kd_edge_runtime.bundle.second import of_second
from kd_edge_runtime.errors import KdEdgeError
from kd_edge_runtime.students.item import LoadedItem
from kd_edge_runtime.system.ordered_sums import ordered_sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Callable, Protocol

    from kd_edge_runtime.backends import Model
    from kd_edge_runtime.bundle.manifest import ItemEntry
    from kd_edge_runtime.bundle.second import Second
    from kd_edge_runtime.scorer import Score

    Decide = Callable[[tuple[float, ...]], tuple[int, float]]

    class First(Protocol):
        """What scores with the first student alone, and flags no score "review"."""

        backend: str

        def scores(self, texts: Sequence[str], threads: int | None) -> list[Score]:
            """The scores of N responses."""
            ...


_OFF = "it is switched off"

# Items named in a message.
_SHOWN = 5


class SecondState(NamedTuple):
    """Whether the second student of an item is in use on this device.

    Attributes:
        backend: the backend that runs it; "" if it is not in use.
        why: why it is not in use, and what to do about it; "" if it is.
    """

    backend: str
    why: str = ""


def together(
    first: Sequence[float], second: Sequence[float], weight: float, temperature: float
) -> tuple[float, ...]:
    """The probabilities that two students give together.

    Args:
        first: those of the first; [K].
        second: those of the second; [K].
        weight: how much the second counts, 0 to 1.
        temperature: > 0; above 1 it lowers the confidence.

    Returns:
        [K], with sum 1.
    """
    mixed = [(1 - weight) * one + weight * other for one, other in zip(first, second)]
    most = max(mixed)  # a power of a small share may be too small for a float
    powers = [(share / most) ** (1 / temperature) for share in mixed]
    total = ordered_sum(powers)
    return tuple([power / total for power in powers])


def absent(second: LoadedItem) -> str:
    """Why a second student cannot run here, as far as is known without trying; "" if it may."""
    entry = second.entry
    able = [name for name in backends.NAMES if backends.forms(entry, name)]
    if not able:
        forms = ", ".join(entry.forms)
        return (
            f"this version of kd-edge-runtime runs none of its forms ({forms}) of the kind "
            f"'{entry.student}': update it"
        )
    if any(not backends.missing(name) for name in able):
        return ""
    try:
        backends.require(able[0], second)
    except KdEdgeError as error:
        return _why(error, second)
    return ""


def _loaded(second: LoadedItem, cache: Path | None) -> tuple[SecondState, Model | None]:
    """A second student, if it can be loaded and scores here as it did."""
    from kd_edge_runtime.backends import choose

    try:
        name, model = choose.load(second, cache=cache)
    except KdEdgeError as error:  # the first can always score
        return SecondState("", _why(error, second)), None
    return SecondState(name), model


def _why(error: KdEdgeError, second: LoadedItem) -> str:
    """What is wrong, without the item's name: so items of which it is the same are told at once."""
    return str(error).removeprefix(f"item '{second.entry.item_id}': ")


def try_seconds(seconds: Sequence[LoadedItem], cache: Path | None) -> list[SecondState]:
    """Whether each of a bundle's second students scores here as it did.

    A damaged member comes before a missing package, which would not help.

    Args:
        seconds: the second students of an open bundle, each as an item's only one.
        cache: the file in which the outcomes of probes are kept.
    """
    from kd_edge_runtime.backends.verify import score_here

    damaged: dict[str, str] = {}  # items share members
    states: dict[str, SecondState] = {}
    for second in seconds:
        entry = second.entry
        for member in _members(entry):
            if member not in damaged:
                damaged[member] = _damage(second, member)
        why = next(filter(None, map(damaged.__getitem__, _members(entry))), "") or absent(second)
        if why:
            states[entry.item_id] = SecondState("", why)
    left = [second for second in seconds if second.entry.item_id not in states]
    for second, found in zip(left, score_here(left, cache)):
        # Where it does not, the first can always score.
        states[second.entry.item_id] = (
            SecondState(found) if isinstance(found, str) else SecondState("", _why(found, second))
        )
    return [states[second.entry.item_id] for second in seconds]


def _members(entry: ItemEntry) -> tuple[str, ...]:
    return entry.vectorizer, entry.golden, *entry.forms.values()


def _damage(item: LoadedItem, member: str) -> str:
    """What is wrong with a member; "" if nothing is."""
    try:
        item.bundle.read(member)
    except KdEdgeError as error:
        return str(error)
    return ""


class Cascade:
    """Scores an item with both of its students.

    The second is loaded when a response first needs it, since its packages take long to import:
    most responses do without.

    Args:
        item: the item; its entry has a second student.
        first: scores with the first student, and flags nothing "review".
        decide: the item's rule from probabilities to the class and the expected score.
        threads: threads that share the responses of which the first is not sure.
        cache: the file in which the outcomes of probes are kept.
        review_below: the confidence below which a score is flagged "review"; None for the limits
            of the bundle.

    Attributes:
        backend: that of the first.
        state: whether the second is in use; None if it has not been tried.
    """

    def __init__(
        self,
        item: LoadedItem,
        first: First,
        decide: Decide,
        threads: int,
        cache: Path | None,
        review_below: float | None,
    ) -> None:
        entry = item.entry
        alone = of_second(entry)
        assert alone and entry.second
        self.backend = first.backend
        self._first = first
        self._second: Second = entry.second
        self._item = LoadedItem(item.bundle, alone)
        self._classes = entry.classes
        self._plain = item.plain_text()
        self._decide = decide
        self._threads = threads
        self._cache = cache
        limits = entry.second.review, entry.flags.review
        self._limits = limits if review_below is None else (review_below, review_below)
        self._model: Model | None = None
        self.state: SecondState | None = None
        why = absent(self._item)
        if why:
            self.state = SecondState("", why)

    def second(self) -> SecondState:
        """Loads the second student if it has not been tried, and says whether it is in use."""
        if self.state is None:
            self.state, self._model = _loaded(self._item, self._cache)
        return self.state

    def score(self, text: str) -> Score:
        """The score of one response."""
        return self.scores((text,))[0]

    def scores(self, texts: Sequence[str], threads: int | None = None) -> list[Score]:
        """The scores of N responses, each independent of the others.

        Args:
            texts: the responses.
            threads: threads that share them; None for the usual number.
        """
        scores = self._first.scores(texts, threads)
        below = self._second.below
        unsure = [at for at, score in enumerate(scores) if score.confidence < below]
        if unsure and self.second().backend:
            asked = [texts[at] for at in unsure]
            for at, shares in zip(unsure, self._asked(asked, threads or self._threads)):
                scores[at] = self._both(scores[at], shares)
        in_use = self.state is None or bool(self.state.backend)
        limit = self._limits[0 if in_use else 1]
        return [
            score._replace(flag=flags.REVIEW)
            if score.confidence < limit and not score.flag
            else score
            for score in scores
        ]

    def _asked(self, texts: Sequence[str], threads: int) -> list[tuple[float, ...]]:
        """The second student's probabilities of N responses."""
        model = self._model
        assert model
        if self._plain:
            texts = [*map(self._plain, texts)]

        def one(text: str) -> tuple[float, ...]:
            # One at a time: in a batch, the padding of a shorter response may change last digits.
            return model.probabilities((text,))[0]

        if min(threads, len(texts)) == 1:
            return [*map(one, texts)]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            return [*pool.map(one, texts)]

    def _both(self, score: Score, shares: Sequence[float]) -> Score:
        second = self._second
        mixed = together(score.probabilities, shares, second.weight, second.temperature)
        at, expected = self._decide(mixed)
        return type(score)(self._classes[at], expected, mixed[at], score.flag, mixed)


def state(item: Cascade | First) -> SecondState:
    """The state of the second student of an item that has one, as a scorer has loaded the item."""
    return item.second() if isinstance(item, Cascade) else SecondState("", _OFF)


def unused(states: Mapping[str, SecondState | None]) -> Iterator[tuple[str, str]]:
    """Whose second students are not in use, each reason once.

    Args:
        states: those of items by name; None for an item that has not been tried, or has no second.

    Yields:
        The items, in words, and the reason.
    """
    items: dict[str, list[str]] = {}
    for name, found in states.items():
        if found and found.why:
            items.setdefault(found.why, []).append(f"'{name}'")
    for why, names in items.items():
        yield ", ".join(names[:_SHOWN]) + (", ..." if names[_SHOWN:] else ""), why


def tell_unused(cascades: Mapping[str, Cascade], tell: Callable[[str], object]) -> None:
    """Tells of which items, by name, the second student is not in use, and why."""
    for names, why in unused({name: item.state for name, item in cascades.items()}):
        tell(f"The second small model of {names} is not in use, so the first scored alone: {why}")
