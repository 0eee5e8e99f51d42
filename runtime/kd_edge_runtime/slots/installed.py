"""Opens the installed bundle for scoring; where it is damaged, the one before it."""

from __future__ import annotations

from kd_edge_runtime import backends
from kd_edge_runtime._light_stdlib import TYPE_CHECKING
from kd_edge_runtime.backends import choose
from kd_edge_runtime.scorer import Scorer
from kd_edge_runtime.slots.root import default_root
from kd_edge_runtime.slots.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Callable

    from kd_edge_runtime.bundle.archive import Bundle
    from kd_edge_runtime.bundle.manifest import ItemEntry, Manifest


def open_installed(
    root: str | Path | None = None,
    backend: str = backends.AUTO,
    threads: int = 1,
    review_below: float | None = None,
    item_id: str | None = None,
    warn: Callable[[str], object] | None = None,
    first_only: bool = False,
    named: Callable[[Manifest], Sequence[str] | None] | None = None,
) -> Scorer:
    """Opens the installed bundle for scoring; where it is damaged, the one before it.

    Args:
        root: the folder of the installed bundles; None for the usual one.
        backend: see `Scorer.open`.
        threads: see `Scorer.open`.
        review_below: see `Scorer.open`.
        item_id: the only item that will be scored, if there is only one.
        warn: called with a message if the current bundle is damaged; None for `warnings.warn`.
        first_only: see `Scorer`.
        named: tells, of a bundle with several items, which may be scored, if that is known: others
            are not checked. None, or if it gives None, for all.

    Raises:
        InputError: nothing is installed, or there is no such item.
        BundleError: every installed bundle is damaged.
        BackendError: the backend does not exist, or does not work here.
    """
    if warn is None:
        import warnings

        warn = warnings.warn
    if backend != backends.AUTO:
        backends.check_name(backend)
    slots = Slots(root or default_root())

    def ready(bundle: Bundle) -> Scorer:
        scorer = Scorer(bundle, backend, threads, slots.cache, review_below, first_only)
        items: Sequence[ItemEntry] = bundle.manifest.items
        if item_id is not None or len(items) == 1:
            scorer.backend(item_id)  # which loads it
        else:  # several are loaded when they are scored, and known to be intact before
            some = named(bundle.manifest) if named else None
            if some is not None:
                items = [bundle.manifest.item(name) for name in some]
            choose.check(bundle, items, backend)
        return scorer

    return slots.first(ready, warn)
