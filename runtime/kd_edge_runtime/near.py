"""Which name somebody meant who gave one that is not there; imported only once that happened."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(wanted: str, names: Iterable[str]) -> str | None:
    """The name most like the one that was given.

    Case, spaces, hyphens and the like do not count; a name's beginning stands for the name where
    only one begins so.

    Args:
        wanted: what was given.
        names: the names there are.

    Returns:
        One of the names, or None where none is like it.
    """
    by_plain = {_plain(name): name for name in names}
    plain = _plain(wanted)
    whole = [name for name in by_plain if plain and name.startswith(plain)]
    close = whole if len(whole) == 1 else difflib.get_close_matches(plain, by_plain, n=1)
    return by_plain[close[0]] if close else None


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """What to put at the end of a message: ": did you mean '…'?", or nothing."""
    near = closest(wanted, names)
    return "" if near is None else f": did you mean '{near}'?"


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold())) or name
