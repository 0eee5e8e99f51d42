"""The classes of an item and what each is worth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

# How a number is written as the name of a class: no plus, no zero that says nothing.
_PLAIN = re.compile(r"(?:0|-?[1-9][0-9]*|-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9])")

_LISTED = 6  # classes that are written one by one


@dataclass(frozen=True)
class Scale:
    """The classes of an item, lowest first.

    Attributes:
        classes: the class names in order. For a numeric scale plain numbers that rise ("0", "0.5",
            "1"), or fall where the least is the best (school grades "6" … "1"); empty where
            nothing is known of the scores (new responses to be scored).
        numeric: whether the names are numbers, and so the distance between them means points.

    Raises:
        ValueError: a name twice, or a numeric scale that is not of such numbers.
    """

    classes: tuple[str, ...]
    numeric: bool

    def __post_init__(self) -> None:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a scale names a class twice")
        if self.numeric and not _numeric(self.classes):
            raise ValueError("a numeric scale needs plain numbers that rise, or fall")

    @classmethod
    def from_range(cls, low: int, high: int) -> Scale:
        """Make the numeric scale with the scores `low` to `high`, both included."""
        return cls(tuple(str(value) for value in range(low, high + 1)), numeric=True)

    @classmethod
    def from_values(cls, values: Sequence[float]) -> Scale:
        """Make the numeric scale of these points, rising or falling."""
        return cls(tuple(map(plain_number, values)), numeric=True)

    @classmethod
    def from_classes(cls, classes: Sequence[str]) -> Scale:
        """Make a scale of these class names, numeric if they are plain numbers in order."""
        return cls(tuple(classes), numeric=bool(classes) and _numeric(classes))

    @classmethod
    def from_worth(cls, classes: Sequence[str], worth: Sequence[float]) -> Scale:
        """Make the scale of class names that count as given, by whoever wrote a bundle.

        Version 0.2.0 let "0", "0.5", "1" count as 0, 1, 2: these are words then.
        """
        scale = cls.from_classes(classes)
        return scale if scale.values == (*worth,) else cls(scale.classes, numeric=False)

    def turned(self) -> Scale:
        """The scale from its other end, as where 1 is the best mark and 6 the worst."""
        return Scale(self.classes[::-1], self.numeric)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """What each class is worth, in points: its number, or 0 … K-1 for words."""
        if self.numeric:
            return tuple(map(_value, self.classes))
        return tuple(range(len(self.classes)))

    @cached_property
    def step(self) -> float:
        """The mean distance from a class to the next, in points; 1 where there is no next."""
        values = self.values
        if len(values) < 2:
            return 1.0
        return abs(values[-1] - values[0]) / (len(values) - 1)

    @property
    def even(self) -> bool:
        """Whether every class is as far from the next."""
        return evenly_spaced(self.values)

    def __str__(self) -> str:
        classes = self.classes
        if not self.numeric or len(classes) < 2:
            return ", ".join(classes)
        if self.even and (self.step == 1 or len(classes) > _LISTED):
            steps = "" if self.step == 1 else f" in steps of {plain_number(self.step)}"
            return f"{classes[0]}-{classes[-1]}{steps}"
        return ", ".join(classes)


def evenly_spaced(values: Sequence[float]) -> bool:
    """Whether numbers rise, or fall, by the same step from each to the next."""
    steps = [after - before for before, after in zip(values, values[1:], strict=False)]
    return not steps or max(steps) - min(steps) <= 1e-6 * abs(steps[0])


def plain_number(value: float) -> str:
    """A number of points as the name of a class: "3", "0.5"; six decimals at most."""
    written = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written


def _value(name: str) -> float:
    return float(name) if "." in name else int(name)


def _numeric(names: Sequence[str]) -> bool:
    if not all(map(_PLAIN.fullmatch, names)):
        return False
    values = [*map(_value, names)]
    return values == sorted(values) or values == sorted(values, reverse=True)
