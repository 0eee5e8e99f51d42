"""Suggestions for misspelt names; imported only when a name was not found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(wanted: str, names: Iterable[str]) -> str | None:
    """The name most similar to the one that was given.

    Case, spaces and punctuation are ignored. The beginning of a name is enough if only one name
    begins with it.

    Args:
        wanted: the name that was given.
        names: the valid names.

    Returns:
        One of the names, or None if none is similar.
    """
    by_plain = {_plain(name): name for name in names}
    plain = _plain(wanted)
    completions = [name for name in by_plain if plain and name.startswith(plain)]
    close = (
        completions if len(completions) == 1 else difflib.get_close_matches(plain, by_plain, n=1)
    )
    return by_plain[close[0]] if close else None


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """The end of an error message: ": did you mean '…'?", or "" without a similar name."""
    suggestion = closest(wanted, names)
    return "" if suggestion is None else f": did you mean '{suggestion}'?"


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold())) or name
