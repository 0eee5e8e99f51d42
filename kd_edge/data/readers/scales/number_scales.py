"""The scale of an item whose scores are numbers, and what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from kd_edge.data.readers.lists import listed, listed_rows
from kd_edge.data.readers.scales.dates import is_serial
from kd_edge.data.scale import Scale, plain_number

MOST_CLASSES = 101  # 0-100; beyond, a typing error is likelier than a scale

# What rater sheets write for an answer that is missing or off the task.
_CODES = {
    *(7, 8, 9, 77, 88, 99, 96, 97, 98, 777, 888, 999, 996, 997, 998, 7777, 8888, 9999),
    *(-1, -7, -8, -9, -77, -88, -99, -777, -888, -999, -9999),
}
_LARGE_CODE = 70  # 77 and beyond beside a single score
_UNIT = 1_000_000  # scores have six decimals at most: whole numbers of this part of a point
_LONGEST_TAIL = 4  # different odd scores at one end
_RARE = 0.02  # share of the responses that a typing error may have
_FEW_POINTS = 3  # two scores so far apart still have the whole numbers between them
_SHORT_RANGE = 20  # points of a maximum, all of which are classes
_COMMON_STEP = _UNIT // 4
_MANY_STEPS = 41  # 0-10 in quarters


@dataclass(frozen=True)
class NumberScores:
    """The scores of an item that are numbers.

    Attributes:
        cells: the row that each score is in, and the score as the file has it.
        values: the points of each different score as the file has it; others are passed over.
        out_of: the maximum that every score is written with ("2/4", "75 %"), or None.
    """

    cells: Sequence[tuple[int, str]]
    values: Mapping[str, float]
    out_of: float | None = None

    @property
    def counts(self) -> Counter[float]:
        """How many scores there are of each number of points."""
        found: Counter[float] = Counter()
        for cell, count in Counter(cell for _, cell in self.cells).items():
            if cell in self.values:
                found[self.values[cell]] += count
        return found

    def rows_of(self, *points: float) -> list[int]:
        """The rows with such scores."""
        return [row for row, cell in self.cells if self.values.get(cell) in points]


def scale_of(points: NumberScores) -> Scale | str:
    """The classes of an item, or what is wrong with its scores.

    Whole numbers make the range from the lowest to the highest, unless all have a larger step.
    Others make the steps that they have in common, unless most of these are nobody's.

    Args:
        points: one score or more.
    """
    counts = points.counts
    if odd := _odd_ones(points, counts):
        return odd
    values = {round(value * _UNIT) for value in counts}
    if points.out_of is not None:
        values |= {0, round(points.out_of * _UNIT)}
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    step = gcd(*(value - low for value in ordered)) or _UNIT
    step = _likely_step(ordered, step, points.out_of is not None)
    if step:
        return _range(low, high, step)
    if len(ordered) <= MOST_CLASSES and (
        low % _UNIT or any(v % _UNIT for v in ordered) or min(counts.values()) > 1
    ):
        return Scale.from_values([_points(value) for value in ordered])
    return (
        f"the scores run from {plain_number(_points(low))} to {plain_number(_points(high))}, more "
        f"than {MOST_CLASSES} classes: is one of them wrong? (--score-range LOW-HIGH finds it)"
    )


def _likely_step(values: Sequence[int], step: int, of_maximum: bool) -> int:
    """The step from class to class, in parts of a point; 0 where only what is there is one."""
    span, found = values[-1] - values[0], len(values)
    if step % _UNIT == 0:
        few = found < 3 and span <= _FEW_POINTS * _UNIT
        if few or (of_maximum and span <= _SHORT_RANGE * _UNIT):
            step = _UNIT
        return step if span // step < MOST_CLASSES else 0
    steps = span // step + 1
    common = step % _COMMON_STEP == 0 and steps <= _MANY_STEPS
    return step if common or steps <= min(2 * found + 3, MOST_CLASSES) else 0


def _range(low: int, high: int, step: int) -> Scale:
    return Scale.from_values([_points(value) for value in range(low, high + 1, step)])


def _points(value: int) -> float:
    return value // _UNIT if value % _UNIT == 0 else value / _UNIT


def _odd_ones(points: NumberScores, counts: Counter[float]) -> str:
    """What to say of scores that cannot be of the same scale as the others; "" for none."""
    ordered = sorted(counts)
    dates = [value for value in ordered if is_serial(value)]
    others = [value for value in ordered if not is_serial(value)]
    if dates and (not others or others[-1] < dates[0]):
        return _dates(points, dates)
    for size in range(min(_LONGEST_TAIL, len(ordered) - 1), 0, -1):
        for tail, core in (
            (ordered[-size:], ordered[:-size]),
            (ordered[:size], ordered[size:]),
        ):
            if _is_odd(tail, core, counts):
                both = [*_codes_below(core), *tail]
                return _refusal(points, both, [one for one in core if one not in both])
    return ""


def _codes_below(core: Sequence[float]) -> list[float]:
    """Codes at the other end: where 99 is one, so is -9."""
    return [value for value in core if value < 0 and value in _CODES]


def _is_odd(tail: Sequence[float], core: Sequence[float], counts: Counter[float]) -> bool:
    """Whether the scores at one end are codes or slips, judged by the others."""
    scores = [value for value in core if value >= 0 or value not in _CODES] or core
    span = core[-1] - scores[0]
    rows = sum(counts[value] for value in tail)
    rare = rows <= max(1, _RARE * sum(counts.values()))
    codes = all(value in _CODES for value in tail)
    if tail[0] > core[-1]:
        gap = tail[0] - core[-1]
        if len(scores) == 1:
            return codes and gap >= _LARGE_CODE
        return (codes and gap >= 3 and gap > span) or (rare and gap >= 4 and gap > 2 * span)
    # Zero and more is a score, however far below; below zero there are few scales.
    return tail[-1] < 0 <= core[0] and core[-1] >= 2 and len(core) > 1 and (codes or rare)


def _refusal(points: NumberScores, odd: Sequence[float], core: Sequence[float]) -> str:
    parts = []
    for value in odd:
        rows = points.rows_of(value)
        times = f"{len(rows)} times, " if len(rows) > 1 else ""
        parts.append(f"{plain_number(value)} ({times}{listed_rows(rows)})")
    low, high = min(core[0], *odd), max(core[-1], *odd)
    step = "" if all(value % 1 == 0 for value in (*core, *odd)) else "/STEP"
    range_ = f"{plain_number(low)}-{plain_number(high)}{step}"
    possible = high - low < MOST_CLASSES
    scores = f"; --score-range {range_} says that they are scores" if possible else ""
    missing = " ".join(f"--missing {plain_number(value)}" for value in odd)
    are = "is" if len(parts) == 1 else "are"
    return (
        f"most scores are {plain_number(core[0])} to {plain_number(core[-1])}, and "
        f"{' and '.join(parts)} {are} far from these: a typing error, or a code for a missing "
        f"answer? Correct the rows, or leave them out with {missing}{scores}"
    )


def _dates(points: NumberScores, dates: Sequence[float]) -> str:
    rows = points.rows_of(*dates)
    hold = "hold numbers" if len(rows) > 1 else "holds a number"
    return (
        f"{listed_rows(rows)} {hold} like {plain_number(dates[0])}, by which a spreadsheet keeps "
        "a date: it made it of a score like 1-2 or 1/2. Write the scores again, in a column "
        "formatted as text"
    )


def doubts(scale: Scale, scores: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """What is odd about how often the classes of a scale are there, for the user.

    Args:
        scale: the classes.
        scores: each score as a class, with the row that it is in.
    """
    counts = Counter(at for at, _ in scores)
    rows = {at: row for at, row in scores if counts[at] == 1}
    found = []
    names = scale.classes
    if empty := [at for at in range(len(names)) if at not in counts]:
        found.append(f"no response has {_runs(empty, names)}: the small model cannot learn it")
    if once := [(names[at], row) for at, row in sorted(rows.items())]:
        shown = listed([f"{name} (row {row})" for name, row in once])
        each = " each" if len(once) > 1 else ""
        found.append(f"only one response{each} has {shown}")
    if 3 * len(counts) > len(scores) and len(counts) > 2:
        found.append(
            f"{len(counts)} different scores in {len(scores)} responses, which are few to learn "
            "so many from: coarser scores (--score-range LOW-HIGH/STEP says which are meant) do "
            "better"
        )
    return tuple(found)


def _runs(places: Sequence[int], names: Sequence[str]) -> str:
    """The names at places, neighbours as a run: "3-98"."""
    runs: list[list[int]] = []
    for at in places:
        if runs and at == runs[-1][-1] + 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    shown: list[str] = []
    for run in runs:
        ends = [names[run[0]], names[run[-1]]]
        shown += [" to ".join(ends)] if len(run) > 2 else [names[at] for at in run]
    return listed(shown)
