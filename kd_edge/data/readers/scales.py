"""The scale of each item: as the user gives it, or from the scores that are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kd_edge.data.responses import Scale
from kd_edge_runtime.errors import InputError

MOST_CLASSES = 101  # 0-100; beyond, a typing error is likelier than a scale
_MOST_WORDS = 12
_SHOWN = 20

# Label sets whose order is known, smaller before larger. The first three are SemEval-2013
# Task 7's; a sample that lacks one of the labels still gets the whole scale.
_SEMEVAL_ORDERS = (
    ("incorrect", "correct"),
    ("contradictory", "incorrect", "correct"),
    ("non_domain", "irrelevant", "contradictory", "partially_correct_incomplete", "correct"),
)
_KNOWN_ORDERS = (*_SEMEVAL_ORDERS, ("wrong", "right"), ("low", "medium", "high"))
_SEMEVAL_WORDS = frozenset(word for order in _SEMEVAL_ORDERS for word in order)

_WHOLE = re.compile(r"([+-]?[0-9]{1,9})(?:\.0{1,9})?")
_NUMERIC = re.compile(r"[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?")


def quoted(cell: str) -> str:
    """Show a bad score's cell, unless it is so long that it may be a response."""
    return repr(cell) if len(cell) <= _SHOWN else f"a value of {len(cell)} characters"


@dataclass(frozen=True)
class ScoreReader:
    """Reads the score cells of one item.

    Attributes:
        scale: the item's scale.
        guessed: whether the scale was taken from the data.
    """

    scale: Scale
    guessed: bool

    def read(self, cell: str) -> int:
        """Find a score's index in `scale.classes`.

        Args:
            cell: a score as the file has it, not blank.

        Raises:
            ValueError: it is none of them; its text is meant for the user.
        """
        names = [_key(name) for name in self.scale.classes]
        if not self.scale.numeric:
            if _key(cell) in names:
                return names.index(_key(cell))
            other = " (--classes names others)" if self.guessed else ""
            raise ValueError(f"{quoted(cell)} is not one of the classes: {self.scale}{other}")
        if not _NUMERIC.fullmatch(cell):
            raise ValueError(f"{quoted(cell)} is not a number")
        value = _whole(cell)
        if value is None:
            raise ValueError(
                f"{quoted(cell)} is not a whole number (half points: name each with --classes)"
            )
        if value in self.scale.values:
            return self.scale.values.index(value)
        if not self.guessed:
            raise ValueError(f"{quoted(cell)} is outside the score range {self.scale}")
        raise ValueError(
            f"{quoted(cell)} is outside {self.scale}, the range of the item's scores "
            "(--score-range LOW-HIGH says otherwise)"
        )


def _whole(cell: str) -> int | None:
    found = _WHOLE.fullmatch(cell)
    return int(found[1]) if found else None


def _key(cell: str) -> str:
    """What makes two cells the same class: "2" is "2.0", "Correct" is "correct"."""
    return repr(float(cell.replace(",", "."))) if _NUMERIC.fullmatch(cell) else cell.casefold()


def given_scale(
    score_range: tuple[int, int] | None, classes: tuple[str, ...] | None
) -> Scale | None:
    """Check the scale that the user gave, if any.

    Raises:
        InputError: both were given, or a scale that cannot be.
    """
    if score_range is not None and classes is not None:
        raise InputError("give either a score range (--score-range) or classes (--classes)")
    if score_range is not None:
        low, high = score_range
        if not 1 <= high - low < MOST_CLASSES:
            raise InputError(
                f"a score range of {low}-{high} is not possible: it needs 2 to "
                f"{MOST_CLASSES} whole numbers, the lowest first"
            )
        return Scale.from_range(low, high)
    if classes is None:
        return None
    names = tuple(name.strip() for name in classes)
    if len(names) < 2 or not all(names) or len({_key(name) for name in names}) != len(names):
        raise InputError("--classes needs two or more different names, the lowest first")
    return Scale.from_classes(names)


def scales_of(cells: Mapping[str, Sequence[str]]) -> dict[str, ScoreReader | str]:
    """Take each item's scale from its scores.

    An item of whole numbers gets the range from its lowest to its highest. Where most
    are words, the few that come again and again are its classes; items that share words
    share a scale.

    Args:
        cells: item → its score cells, without the blank ones.

    Returns:
        Item → its reader, or what is wrong with its scores as a whole.
    """
    found: dict[str, ScoreReader | str] = {}
    words: dict[str, list[str]] = {}
    for item, scores in cells.items():
        own = [cell for cell in scores if not _NUMERIC.fullmatch(cell)]
        if 2 * len(own) < len(scores) or not scores:
            found[item] = _numeric(scores)
        else:
            words[item] = own
    for family in _families(words):
        pooled = [cell for item in family for cell in words[item]]
        scale = _of_words(pooled)
        for item in family:
            found[item] = (
                ScoreReader(scale, guessed=True)
                if scale is not None
                else f"{len(words[item])} of {len(cells[item])} scores are neither numbers nor "
                "a few recurring words (--classes names the words, lowest first)"
            )
    return found


def _numeric(scores: Sequence[str]) -> ScoreReader | str:
    values = [value for value in map(_whole, scores) if value is not None]
    if not values:
        return ScoreReader(Scale((), numeric=True), guessed=True)
    low, high = min(values), max(values)
    if high - low >= MOST_CLASSES:
        return (
            f"the scores run from {low} to {high}, more than {MOST_CLASSES} classes: is one "
            "of them wrong? (--score-range LOW-HIGH finds it)"
        )
    return ScoreReader(Scale.from_range(low, high), guessed=True)


def _families(words: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Put items that share a word together, and all that use SemEval's."""
    families: list[tuple[set[str], list[str]]] = []
    for item, cells in words.items():
        reach = {cell.casefold() for cell in cells}
        if reach <= _SEMEVAL_WORDS:
            reach |= _SEMEVAL_WORDS
        members = []
        apart = []
        for family in families:
            if family[0] & reach:
                reach |= family[0]
                members += family[1]
            else:
                apart.append(family)
        families = [*apart, (reach, [*members, item])]
    return [members for _, members in families]


def _of_words(cells: Sequence[str]) -> Scale | None:
    """Make a scale of the words that come again; one that is there once may be a slip."""
    counts = Counter(cell.casefold() for cell in cells)
    again = {word for word, count in counts.items() if count > 1}
    for words in (counts.keys(), again):
        for order in _KNOWN_ORDERS:
            if words and words <= set(order):
                return Scale(order, numeric=False)
    repeated = sum(counts[word] for word in again)
    if not 1 < len(again) <= _MOST_WORDS or 2 * repeated < len(cells):
        return None
    if max(map(len, again)) > _SHOWN:
        return None
    spelling: dict[str, str] = {}
    for cell in cells:
        spelling.setdefault(cell.casefold(), cell)
    return Scale(tuple(spelling[word] for word in sorted(again)), numeric=False)


def scale_notes(readers: Mapping[str, ScoreReader]) -> tuple[str, ...]:
    """Tell the user which scales were taken from the data, and for which items."""
    by_scale: dict[Scale, list[str]] = {}
    for item, reader in readers.items():
        if reader.guessed and reader.scale.classes:
            by_scale.setdefault(reader.scale, []).append(item)
    notes = []
    for scale, items in by_scale.items():
        note = (
            f"score range {scale} taken from the data"
            if scale.numeric
            else f"classes in the order {scale} (--classes sets another)"
        )
        if len(by_scale) > 1:
            more = f" and {len(items) - 6} more" if len(items) > 6 else ""
            note += f": item{'s' if len(items) > 1 else ''} {', '.join(items[:6])}{more}"
        notes.append(note)
    return tuple(notes)
