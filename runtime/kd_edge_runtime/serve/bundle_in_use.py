"""The bundle that a service scores with, and another that takes its place meanwhile."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from threading import Thread
from typing import TYPE_CHECKING, Callable

from kd_edge_runtime._version import __version__
from kd_edge_runtime.bundle.manifest import ItemEntry
from kd_edge_runtime.errors import printable
from kd_edge_runtime.scorer import Scorer

if TYPE_CHECKING:
    from kd_edge_runtime.backends.cascade import SecondState


class BundleInUse:
    """Loads a bundle, and again when there is another.

    Args:
        load: opens the bundle.
        version: a value that changes when there is another bundle to load.
        say: called with messages for the administrator.

    Attributes:
        scorer: the scorer of the bundle in use.

    Raises:
        KdEdgeError: the bundle cannot be loaded.
    """

    def __init__(
        self,
        load: Callable[[], Scorer],
        version: Callable[[], Hashable],
        say: Callable[[str], object],
    ) -> None:
        self._load = load
        self._version = version
        self._say = say
        self._loading: Thread | None = None
        self._loaded = version()
        self.scorer = self._whole()

    def reload_if_changed(self) -> None:
        """Begins to load a new bundle if there is one; the old one is used until it is there."""
        if self._loading and self._loading.is_alive():
            return
        try:
            version = self._version()
        except Exception:  # looked at again soon
            return
        if version != self._loaded:
            self._loaded = version
            self._loading = Thread(target=self._reload, daemon=True)
            self._loading.start()

    def summary(self) -> str:
        """A description of the bundle and its backends."""
        items = self.scorer.bundle.manifest.items
        names = {self.scorer.backend(item.item_id) for item in items}
        firsts = f"{self.scorer.bundle.path.name}, items: {len(items)}, with {', '.join(names)}"
        found = {item.item_id: self.scorer.second(item.item_id) for item in items}
        seconds = {name: state for name, state in found.items() if state}
        used = sorted({state.backend for state in seconds.values() if state.backend})
        return "; ".join(
            [
                firsts,
                *([f"second models with {', '.join(used)}"] if used else []),
                *(_not_in_use(seconds) if seconds else ()),
            ]
        )

    def status(self) -> dict[str, object]:
        """What a request for the status is told about it."""
        scorer = self.scorer

        def state(item: ItemEntry) -> dict[str, object]:
            second = scorer.second(item.item_id)
            more = {} if second is None else {"second": second.backend or None}
            return {"classes": item.classes, "backend": scorer.backend(item.item_id), **more}

        return {
            "runtime": __version__,
            "bundle": printable(scorer.bundle.path.name),
            "created": scorer.bundle.manifest.created,
            "items": {item.item_id: state(item) for item in scorer.bundle.manifest.items},
        }

    def _reload(self) -> None:
        try:
            self.scorer = self._whole()
            self._say(f"now {self.summary()}")
        except BaseException as error:  # a backend's package may raise anything
            self._say(f"keeping the bundle in use: {error}")

    def _whole(self) -> Scorer:
        """A scorer with the whole bundle in memory; its file is closed and can be replaced."""
        with self._load() as scorer:
            for entry in scorer.bundle.manifest.items:
                scorer.score("", entry.item_id)
                scorer.second(entry.item_id)
        return scorer


def _not_in_use(states: Mapping[str, SecondState]) -> list[str]:
    """Which second students are not in use, and why; without names if that is so of all."""
    from kd_edge_runtime.backends.cascade import unused

    found = [*unused(states)]
    if len({state.why for state in states.values()}) == 1:
        return [f"second models not in use: {why}" for _, why in found]
    return [f"second models of {names} not in use: {why}" for names, why in found]
